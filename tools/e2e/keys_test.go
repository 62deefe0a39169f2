package e2e

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tabTo goes on by the tab key until it is at an element; every stop on the way must be seen.
func tabTo(t *testing.T, ctx context.Context, selector string) {
	t.Helper()
	eval[any](t, ctx, `window.stops ??= new Set(); null`)
	for range 150 {
		run(t, ctx, key(kb.Tab))
		stop := eval[string](t, ctx, `(() => {
			const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
			if (at === document.body) return "";
			if (at.type === "date") return ""; // the browser draws the focus in its parts
			const seen = (el) => { const s = getComputedStyle(el); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== "none"; };
			const shown = seen(at) || at.parentElement && at.matches(":focus-visible") && seen(at.parentElement) || seen(at.closest("label") ?? at);
			return at.matches('`+selector+`') ? "there" : shown && box.width > 0 ? "" : at.outerHTML.slice(0, 200);
		})()`)
		switch stop {
		case "":
		case "there":
			return
		default:
			t.Errorf("a focus that cannot be seen: %s", stop)
		}
	}
	t.Fatalf("%s is not reached by the tab key", selector)
}

// TestKeysAlone goes through a coach's day without a mouse: find a client, open a debrief, hear,
// correct, tag, note, tidy the summary, look at the course, search.
func TestKeysAlone(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, wide)
	keys := func(pressed ...string) {
		t.Helper()
		for _, one := range pressed {
			run(t, ctx, key(one))
		}
	}
	run(t, ctx, chromedp.Navigate(address))
	arrive(t, ctx, "#clients a")
	tabTo(t, ctx, "#find")
	keys("maya")
	tabTo(t, ctx, "#clients a")
	keys(kb.Enter)
	arrive(t, ctx, ".recording")
	tabTo(t, ctx, `[href="/`+complete+`"]`)
	keys(kb.Enter)
	until(t, ctx, `document.getElementById("sound")?.readyState >= 1 && document.readyState === "complete"`)
	crawl(t, ctx)

	tabTo(t, ctx, "#wave")
	tabTo(t, ctx, "#play")
	keys(kb.Enter)
	until(t, ctx, playing)
	keys(" ")
	until(t, ctx, `document.getElementById("sound").paused`)
	tabTo(t, ctx, "#skip")
	tabTo(t, ctx, "#legend [data-prompt=body]")
	keys(" ")
	until(t, ctx, `[...document.querySelectorAll("#rows .u")].filter((u) => u.checkVisibility()).length === 3`)
	tabTo(t, ctx, "#all")
	keys(kb.Enter)
	until(t, ctx, `[...document.querySelectorAll("#rows .u")].filter((u) => u.checkVisibility()).length === 20`)
	tabTo(t, ctx, ".u .at")
	keys(kb.ArrowDown)
	until(t, ctx, `document.activeElement.closest(".u")?.id === "u1"`)
	keys("t")
	until(t, ctx, `document.querySelector("#menu:popover-open") !== null`)
	keys(kb.ArrowDown, kb.Enter)
	until(t, ctx, `document.getElementById("u1").dataset.p === "body" && document.activeElement.closest(".u")?.id === "u1"`)
	tabTo(t, ctx, "#tools [data-do=note]")
	keys(kb.Enter)
	until(t, ctx, `document.activeElement.matches("#note textarea")`)
	keys("by hand")
	tabTo(t, ctx, "#note input")
	keys(" ")
	tabTo(t, ctx, "#note .button")
	keys(kb.Enter)
	until(t, ctx, `document.querySelector("#u1 .note.private p")?.innerText === "by hand" && document.activeElement.closest(".u")?.id === "u1"`)
	tabTo(t, ctx, "#tools [data-do=edit]")
	keys(kb.Enter)
	until(t, ctx, `document.activeElement.matches("#u1 textarea")`)
	keys(" Yes.", kb.Enter)
	until(t, ctx, `document.getElementById("t1").textContent === "I can hear the rain. That is nice. Yes." && document.activeElement.closest(".u")?.id === "u1"`)
	tabTo(t, ctx, "#aside [data-do=hide]")
	keys(kb.Enter)
	until(t, ctx, `document.querySelector("#aside .hidden-lines") !== null && document.getElementById("aside").contains(document.activeElement)`)
	tabTo(t, ctx, ".hidden-lines summary")
	keys(kb.Enter)
	tabTo(t, ctx, "#aside [data-do=unhide]")
	keys(kb.Enter)
	until(t, ctx, `document.querySelector("#aside .hidden-lines") === null`)
	tabTo(t, ctx, "#aside .marker")
	keys(kb.Enter)
	until(t, ctx, playing)
	keys(" ", "?")
	until(t, ctx, `document.getElementById("help").open`)
	keys(kb.Escape)
	until(t, ctx, `!document.getElementById("help").open`)
	run(t, ctx, chromedp.ActionFunc(ctrlZ))
	until(t, ctx, `document.querySelector("#aside .hidden-lines") !== null`)

	tabTo(t, ctx, ".brand") // round, to the top again
	tabTo(t, ctx, `.crumbs li:last-child a`)
	keys(kb.Enter)
	arrive(t, ctx, ".tabs")
	tabTo(t, ctx, `.tabs a[href$="/course"]`)
	keys(kb.Enter)
	arrive(t, ctx, ".prep")
	crawl(t, ctx)
	tabTo(t, ctx, ".hear")
	keys(kb.Enter)
	until(t, ctx, playing)
	run(t, ctx, key(kb.Tab, input.ModifierShift))
	tabTo(t, ctx, ".hear")
	run(t, ctx, chromedp.Navigate(address+"search"))
	tabTo(t, ctx, "[name=q]")
	keys("crumbs", kb.Enter)
	arrive(t, ctx, ".hits")
	tabTo(t, ctx, ".hits a")
	keys(kb.Enter)
	until(t, ctx, `location.hash.startsWith("#u") && document.activeElement.closest(".u")?.id === location.hash.slice(1) && document.activeElement.closest(".u").innerText.includes("crumbs")`)
}
