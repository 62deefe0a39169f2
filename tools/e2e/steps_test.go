package e2e

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// What follows takes the place of looking at a clock: a step waits until the page is ready for it,
// and what passes by itself is made to pass slowly.

// drawnAnew is how the browser says that an element went away between being found and being used.
var drawnAnew = regexp.MustCompile(`node (?:with|found for) given id|does not belong to the document|Node is detached|not focusable|layout object|Could not compute|context with specified id`)

// restingPlace returns the middle of an element once its page is loaded, it is at rest and nothing lies over it.
const restingPlace = `(async () => {
	const el = document.querySelector(%q), frame = () => new Promise((done) => requestAnimationFrame(done));
	if (!el?.checkVisibility({visibilityProperty: true}) || document.readyState !== "complete") return null;
	await document.fonts.ready;
	const middle = () => { const b = el.getClientRects()[0]; return b && b.width * b.height > 0 ? [b.x + b.width / 2, b.y + b.height / 2] : [-1, -1]; };
	const before = middle();
	await frame();
	await frame();
	const [x, y] = middle();
	if (x !== before[0] || y !== before[1]) return null;
	if (el.contains(document.elementFromPoint(x, y))) return [x, y];
	el.scrollIntoView({block: "center", behavior: "instant"});
	return null;
})()`

// click presses the mouse on an element as a person does, who sees where it is.
func click(selector string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		var at []float64
		look := func() error {
			return chromedp.Poll(fmt.Sprintf(restingPlace, selector), &at, chromedp.WithPollingTimeout(patience)).Do(ctx)
		}
		err := look()
		for err != nil && leaving.MatchString(err.Error()) {
			err = look()
		}
		if err != nil {
			return fmt.Errorf("click on %s: %w", selector, err)
		}
		return chromedp.MouseClickXY(at[0], at[1]).Do(ctx)
	})
}

// key presses keys as a keyboard does: a key and its letter come in one, so that nothing on the
// page can take the place of what has the focus between the two.
func key(keys string, held ...input.Modifier) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for _, r := range keys {
			events := kb.Encode(r)
			down, up := events[0], events[len(events)-1]
			if len(events) == 3 && !slices.Contains(held, input.ModifierCtrl) {
				down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
			}
			for _, m := range held {
				down.Modifiers |= m
				up.Modifiers |= m
			}
			if err := errors.Join(down.Do(ctx), up.Do(ctx)); err != nil {
				return err
			}
		}
		return nil
	})
}

// press acts on a control in a list that moves by itself, in the moment it is seen; it must be
// where a person could press it, and must not lead to another page.
func press(t testing.TB, ctx context.Context, element string) {
	t.Helper()
	until(t, ctx, `((el) => {
		if (!el?.checkVisibility() || document.readyState !== "complete") return false;
		el.scrollIntoView({block: "center", behavior: "instant"});
		const b = el.getBoundingClientRect();
		if (!el.contains(document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2))) return false;
		el.click();
		return true;
	})(`+element+`)`)
}

// arrive waits for another page after a link or a form was used: for something only that page
// shows, for all of it, and for its scripts.
func arrive(t testing.TB, ctx context.Context, selector string) {
	t.Helper()
	until(t, ctx, fmt.Sprintf(`document.readyState === "complete" && document.querySelector(%q) !== null`, selector))
}

// crawl has the sound play at a tenth of its speed, so that what sounds is not over before it is looked at.
func crawl(t testing.TB, ctx context.Context) {
	t.Helper()
	pace(t, ctx, 0.1)
}

// pace sets how fast the sound plays, not what the page believes of it.
func pace(t testing.TB, ctx context.Context, rate float64) {
	t.Helper()
	eval[any](t, ctx, fmt.Sprintf(`((s) => { s.defaultPlaybackRate = s.playbackRate = %v; })(document.getElementById("sound")); null`, rate))
}

// pause stops the sound: the transcript no longer scrolls.
func pause(t testing.TB, ctx context.Context) {
	t.Helper()
	eval[any](t, ctx, `document.getElementById("sound").pause(); null`)
}
