package e2e

import (
	"context"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

var shots = flag.String("screenshots", "", "folder to write a picture of every page state to")

// TestPages brings every page into every state it can be in, wide and on a phone, light and dark:
// each can be drawn, and none has a barrier. With the flag the pictures are kept.
func TestPages(t *testing.T) {
	script := axe(t)
	store := newStore(t)
	bare, demo := store.start(t), serve(t, "--demo")
	for _, s := range []screen{wide, phone} {
		t.Run(s.name(), func(t *testing.T) {
			ctx := browse(t, s)
			for _, state := range pages {
				address := demo
				if state.bare {
					address = bare
				}
				t.Run(state.name, func(t *testing.T) {
					s.dark = false
					run(t, ctx, s.scheme())
					state.visit(t, ctx, address)
					for _, s.dark = range []bool{false, true} {
						run(t, ctx, s.scheme())
						drawn(t, ctx)
						photograph(t, ctx, state.name+"-"+s.name(), state.whole)
						if !state.long {
							rules := allRules
							if s.dark { // the same page in other colours
								rules = colourRules
							}
							accessible(t, ctx, script, rules)
						}
					}
				})
			}
		})
	}
}

// photograph draws the page as it is now, or the whole of it.
func photograph(t *testing.T, ctx context.Context, name string, whole bool) {
	t.Helper()
	if *shots == "" {
		return
	}
	var picture []byte
	run(t, ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		shot := page.CaptureScreenshot()
		if whole {
			_, _, _, _, _, content, err := page.GetLayoutMetrics().Do(ctx)
			if err != nil {
				return err
			}
			shot = shot.WithCaptureBeyondViewport(true).WithClip(&page.Viewport{Width: content.Width, Height: math.Ceil(content.Height), Scale: 1})
		}
		picture, err = shot.Do(ctx)
		return err
	}))
	if err := os.MkdirAll(*shots, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}
