package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// typed opens the words of an utterance, writes others, and leaves the field open.
func typed(t *testing.T, ctx context.Context, row, words string) {
	t.Helper()
	run(t, ctx, chromedp.Focus(row+" .at"), key("e"), chromedp.WaitVisible(row+" textarea"), chromedp.SetValue(row+" textarea", words))
}

// TestNothingTypedIsLost has a coach write while the page is drawn anew under the open field,
// while the server is away, and while leaving.
func TestNothingTypedIsLost(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, wide)
	open(t, ctx, address+complete)

	t.Run("WhileTheRowIsDrawnAnew", func(t *testing.T) {
		typed(t, ctx, "#u5", "Half a sentence")
		run(t, ctx, chromedp.Focus("#u4 .at"), key("c")) // the row after it no longer names its speaker
		until(t, ctx, `document.getElementById("u4").classList.contains("coach") && document.querySelector("#u5 textarea").value === "Half a sentence" && !document.getElementById("t5").checkVisibility()`)
		run(t, ctx, chromedp.Focus("#u5 textarea"), key(kb.Enter))
		until(t, ctx, `document.getElementById("t5").textContent === "Half a sentence" && document.getElementById("t5").checkVisibility() && !document.querySelector(".editor")`)
		run(t, ctx, chromedp.ActionFunc(ctrlZ), chromedp.ActionFunc(ctrlZ))
		until(t, ctx, `document.getElementById("u4").classList.contains("client") && document.getElementById("t5").textContent.startsWith("Take your time")`)
	})
	t.Run("WhileTheSummaryIsDrawnAnew", func(t *testing.T) {
		eval[any](t, ctx, `document.querySelector("#aside [data-do=reword]").click(); document.querySelector("#aside textarea").value = "Half a summary"; null`)
		run(t, ctx, chromedp.Focus("#u1 .at"), key("3"))
		until(t, ctx, `document.getElementById("u1").dataset.p && document.querySelector("#aside textarea").value === "Half a summary"`)
		run(t, ctx, chromedp.Focus("#aside textarea"), key(kb.Enter))
		until(t, ctx, `document.querySelector("#aside .said")?.textContent === "Half a summary" && document.activeElement.dataset.do === "reword"`)
		run(t, ctx, chromedp.ActionFunc(ctrlZ), chromedp.ActionFunc(ctrlZ))
		until(t, ctx, `!document.getElementById("u1").dataset.p && !document.querySelector("#aside .said")`)
	})
	t.Run("WhileTheServerIsAway", func(t *testing.T) {
		typed(t, ctx, "#u1", "I heard the rain.")
		run(t, ctx, key(kb.Enter))
		until(t, ctx, `document.getElementById("t1").textContent === "I heard the rain." && !document.querySelector(".editor")`)
		eval[any](t, ctx, `window.there = fetch; window.fetch = () => Promise.reject(new TypeError("gone")); null`)
		run(t, ctx, chromedp.ActionFunc(ctrlZ)) // cannot be taken back now, but later
		until(t, ctx, `document.getElementById("toast").checkVisibility() && document.getElementById("toast").textContent.includes("Not saved")`)
		run(t, ctx, key("n"), chromedp.WaitVisible("#note textarea"), chromedp.SendKeys("#note textarea", "ask her"), click("#note .button"))
		until(t, ctx, `document.getElementById("note").open && document.querySelector("#note textarea").value.includes("ask her") &&
			((b) => document.elementFromPoint(b.x + 20, b.y + b.height / 2)?.closest("#toast") !== null)(document.getElementById("toast").getBoundingClientRect())`)
		eval[any](t, ctx, `window.fetch = there; null`)
		run(t, ctx, click("#note .button"))
		until(t, ctx, `document.querySelector("#u1 .note:not(.private)")?.textContent.includes("ask her") && !document.getElementById("note").open && document.activeElement.closest(".u")?.id === "u1"`)
		run(t, ctx, chromedp.ActionFunc(ctrlZ), chromedp.ActionFunc(ctrlZ))
		until(t, ctx, `!document.querySelector("#u1 .note") && document.getElementById("t1").textContent.startsWith("I can hear the rain")`)
	})
	t.Run("WhileLeaving", func(t *testing.T) {
		asked := make(chan page.DialogType, 1)
		chromedp.ListenTarget(ctx, func(event any) {
			if e, ok := event.(*page.EventJavascriptDialogOpening); ok {
				asked <- e.Type
				go func() { _ = chromedp.Run(ctx, page.HandleJavaScriptDialog(false)) }() // stays; that the page is still there is seen below
			}
		})
		run(t, ctx, chromedp.Focus("#u2 .at"), key("e"), chromedp.WaitVisible("#u2 textarea"), key("What"))
		eval[any](t, ctx, `document.querySelector(".crumbs a").click(); null`)
		select {
		case kind := <-asked:
			if kind != page.DialogTypeBeforeunload {
				t.Errorf("asked with %s", kind)
			}
		case <-time.After(patience):
			t.Fatal("nobody asks before what was written is left")
		}
		until(t, ctx, `document.querySelector("#u2 textarea").value.includes("What")`)
		run(t, ctx, chromedp.Focus("#u2 textarea"), key(kb.Escape), click(".crumbs a"))
		arrive(t, ctx, "#clients")
	})
}

// TestMenuKeys presses, in an open menu, the keys that stand beside its entries while another utterance sounds.
func TestMenuKeys(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, wide)
	open(t, ctx, address+complete)
	crawl(t, ctx)
	run(t, ctx, click("#u13 .at"))
	until(t, ctx, `document.getElementById("u13").getAttribute("aria-current") === "true"`)
	run(t, ctx, chromedp.Focus("#u1 .at"), key("t"), chromedp.WaitVisible("#menu"), key("2"))
	until(t, ctx, `document.getElementById("u1").dataset.p === "body" && !document.querySelector("#menu:popover-open")`)
	run(t, ctx, chromedp.Focus("#u1 .at"), key("t"), chromedp.WaitVisible("#menu"), key(kb.ArrowDown), key(kb.ArrowDown), key(kb.Enter))
	until(t, ctx, `document.getElementById("u1").dataset.p === "body imagery" && document.activeElement.closest(".u")?.id === "u1"`)
	run(t, ctx, click("#u1 #tools [data-do=speaker]"), chromedp.WaitVisible("#speakers"), key("u"))
	until(t, ctx, `document.getElementById("u1").classList.contains("unknown") && document.querySelector("#u1 .history").textContent.includes("Speaker: Speaker not known")`)
	if other := eval[string](t, ctx, `document.getElementById("u13").className + document.getElementById("u13").dataset.p`); strings.Contains(other, "unknown") || strings.Contains(other, "body") {
		t.Errorf("the utterance that sounds became %q", other)
	}
}

// TestTwoPeopleAtEverything has two coaches change the same thing, whatever it is: the second sees
// both, and theirs stays when it is chosen.
func TestTwoPeopleAtEverything(t *testing.T) {
	address := serve(t, "--demo")
	one, two := browse(t, wide), browse(t, wide)
	open(t, one, address+reviewed)
	open(t, two, address+reviewed)
	deafen(t, two)
	const sentence = `#aside .sentence[data-u="2"]`
	for _, c := range []struct {
		name        string
		one, two    func(ctx context.Context)
		oneDone     string
		theirs      string
		mine        string
		twoHas      string // after theirs was chosen
		keptHistory bool
	}{
		{"Words", func(ctx context.Context) {
			typed(t, ctx, "#u3", "One heard this.")
			run(t, ctx, key(kb.Enter))
		},
			func(ctx context.Context) {
				typed(t, ctx, "#u3", "Two heard that.")
				run(t, ctx, key(kb.Enter))
			},
			`document.getElementById("t3").textContent === "One heard this."`, "One heard this.", "Two heard that.",
			`document.getElementById("t3").textContent === "One heard this." && document.querySelector("#u3 .history").textContent.includes("Two heard that.") && !document.querySelector(".editor")`, true},
		{"Prompt", func(ctx context.Context) { run(t, ctx, chromedp.Focus("#u0 .at"), key("2")) },
			func(ctx context.Context) { run(t, ctx, chromedp.Focus("#u0 .at"), key("2")) },
			`document.getElementById("u0").dataset.p === "body"`, "set", "set", `document.getElementById("u0").dataset.p === "body"`, false},
		{"Note", func(ctx context.Context) { note(t, ctx, "#u1 .note:not(.private)", "Asked already.") },
			func(ctx context.Context) { note(t, ctx, "#u1 .note:not(.private)", "Ask next week.") },
			`document.querySelector("#u1 .note:not(.private) p").textContent === "Asked already."`, "Asked already.", "Ask next week.",
			`document.querySelector("#u1 .note:not(.private) p").textContent === "Asked already." && !document.getElementById("note").open`, false},
		{"Summary", func(ctx context.Context) { reword(t, ctx, sentence, "One says so.") },
			func(ctx context.Context) { reword(t, ctx, sentence, "Two says so.") },
			`document.querySelector('` + sentence + ` .said')?.textContent === "One says so."`, "One says so.", "Two says so.",
			`document.querySelector('` + sentence + ` .said')?.textContent === "One says so." && !document.querySelector(".editor")`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.one(one)
			until(t, one, c.oneDone)
			c.two(two)
			run(t, two, chromedp.WaitVisible("#conflict"))
			shown := eval[string](t, two, `document.querySelector("#conflict .theirs").innerText + "/" + document.querySelector("#conflict .mine").innerText`)
			if shown != c.theirs+"/"+c.mine {
				t.Errorf("the clash shows %q", shown)
			}
			if promised := eval[bool](t, two, `document.getElementById("conflict").innerText.includes("stays in the history")`); promised != c.keptHistory {
				t.Errorf("a history is promised: %v", promised)
			}
			run(t, two, click(`#conflict [value="theirs"]`))
			until(t, two, c.twoHas)
		})
	}
}

// TestOneKeyOneAnswer has a clash come up while the key that sent the words is still down: it is not
// answered by that key, and a key pressed twice does not clash with itself.
func TestOneKeyOneAnswer(t *testing.T) {
	address := serve(t, "--demo")
	one, two := browse(t, wide), browse(t, wide)
	open(t, one, address+complete)
	open(t, two, address+complete)
	deafen(t, two)
	typed(t, one, "#u4", "Sent once.")
	eval[any](t, one, `for (let i = 0; i < 3; i++) document.querySelector("#u4 textarea").dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true})); null`)
	until(t, one, `document.getElementById("t4").textContent === "Sent once." && document.querySelectorAll("#u4 .history li").length === 2 && !document.querySelector(".editor, #conflict[open]")`)

	typed(t, two, "#u4", "Meanwhile.")
	down := input.DispatchKeyEvent(input.KeyDown).WithKey("Enter").WithCode("Enter").WithText("\r").WithWindowsVirtualKeyCode(13)
	repeated := *down
	run(t, two, down, chromedp.WaitVisible("#conflict"), repeated.WithAutoRepeat(true), key(kb.Enter))
	if open := eval[bool](t, two, `document.getElementById("conflict").open`); !open {
		t.Error("the clash went away unseen")
	}
	run(t, two, chromedp.Focus(`#conflict [value="mine"]`), key(kb.Enter))
	until(t, two, `document.getElementById("t4").textContent === "Meanwhile." && !document.getElementById("conflict").open`)
}

// deafen cuts a page's stream of events, as the browser does for a tab in the back, and for good: the
// page keeps showing what it was opened with, however soon somebody else changes it.
func deafen(t *testing.T, ctx context.Context) {
	t.Helper()
	eval[any](t, ctx, `window.EventSource = class extends EventTarget { close() {} }; dispatchEvent(new Event("pagehide")); null`)
}

// note changes a note that is there.
func note(t *testing.T, ctx context.Context, at, words string) {
	t.Helper()
	eval[any](t, ctx, `document.querySelector('`+at+` [data-do=note-edit]').click(); null`)
	run(t, ctx, chromedp.WaitVisible("#note textarea"), chromedp.SetValue("#note textarea", words), click("#note .button"))
}

// reword changes what the summary says with a quote.
func reword(t *testing.T, ctx context.Context, at, words string) {
	t.Helper()
	eval[any](t, ctx, `document.querySelector('`+at+` [data-do=reword]').click(); null`)
	run(t, ctx, chromedp.WaitVisible("#aside textarea"), chromedp.SetValue("#aside textarea", words), chromedp.Focus("#aside textarea"), key(kb.Enter))
}
