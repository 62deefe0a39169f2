package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestCorrect(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, wide)
	open(t, ctx, address+complete)
	was := eval[string](t, ctx, `document.getElementById("t4").textContent`)

	t.Run("EditAndUndo", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u4 .at"), key("e"), chromedp.WaitVisible("#u4 textarea"),
			chromedp.SetValue("#u4 textarea", "My mother was there, younger than me."), key(kb.Enter))
		until(t, ctx, `document.getElementById("t4").textContent === "My mother was there, younger than me." && document.querySelector("#u4 .history") !== null`)
		if focused := eval[string](t, ctx, `document.activeElement.closest(".u")?.id ?? ""`); focused != "u4" {
			t.Errorf("the keyboard is at %q", focused)
		}
		run(t, ctx, chromedp.Reload())
		arrive(t, ctx, "#t4")
		until(t, ctx, `document.getElementById("t4")?.textContent.startsWith("My mother was there, younger")`)
		run(t, ctx, chromedp.Focus("#u4 .at"), key("e"), chromedp.WaitVisible("#u4 textarea"),
			chromedp.SetValue("#u4 textarea", was), click("#u4 .editor .button"))
		until(t, ctx, `document.querySelectorAll("#u4 .history li").length === 3`)
		run(t, ctx, click("#undo"))
		until(t, ctx, `document.getElementById("t4").textContent.startsWith("My mother was there, younger")`)
	})
	t.Run("EscapeKeepsTheWords", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u1 .at"), key("e"), chromedp.WaitVisible("#u1 textarea"),
			chromedp.SetValue("#u1 textarea", "other"), key(kb.Escape))
		until(t, ctx, `document.querySelector("#u1 textarea") === null && document.getElementById("t1").textContent === "I can hear the rain. That is nice."`)
	})
	t.Run("Speaker", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u1 .at"), key("c"))
		until(t, ctx, `document.getElementById("u1").classList.contains("coach")`)
		run(t, ctx, chromedp.ActionFunc(ctrlZ))
		until(t, ctx, `document.getElementById("u1").classList.contains("client")`)
	})
	t.Run("SpeakerNotKnown", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u1 .at"), key("u"))
		until(t, ctx, `document.getElementById("u1").classList.contains("unknown")`)
		run(t, ctx, click("#u1 #tools [data-do=speaker]"), chromedp.WaitVisible("#speakers"), click("#speakers [data-speaker=client]"))
		until(t, ctx, `document.getElementById("u1").classList.contains("client")`)
	})
	t.Run("AcceptSuggestion", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u12 .at"), key("a"))
		until(t, ctx, `document.getElementById("u12").dataset.p === "alignment imagery" && !document.querySelector("#u12 .suggested")`)
		run(t, ctx, click("#undo"))
		until(t, ctx, `document.querySelector("#u12 .suggested") !== null`)
		run(t, ctx, chromedp.Focus("#u12 .at"), key("x"))
		until(t, ctx, `document.getElementById("u12").dataset.p === "imagery" && !document.querySelector("#u12 .suggested")`)
	})
	t.Run("DigitSetsAPrompt", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u1 .at"), key("2"))
		until(t, ctx, `document.getElementById("u1").dataset.p === "body" && document.querySelector("#legend [data-prompt=body] small").textContent === "4"`)
		run(t, ctx, key("2"))
		until(t, ctx, `!document.getElementById("u1").dataset.p`)
	})
	t.Run("MenuSetsAPrompt", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u1 .at"), key("t"), chromedp.WaitVisible("#menu"), click(`#menu [data-prompt="imagery"]`))
		until(t, ctx, `document.getElementById("u1").dataset.p === "imagery"`)
	})
	t.Run("Notes", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u1 .at"), key("n"), chromedp.WaitVisible("#note textarea"),
			chromedp.SendKeys("#note textarea", "ask about the rain"), click("#note input"), click("#note .button"))
		until(t, ctx, `document.querySelector("#u1 .note.private")?.textContent.includes("ask about the rain")`)
	})
	t.Run("NoteChangedAndTakenAway", func(t *testing.T) {
		eval[any](t, ctx, `document.querySelector("#u1 [data-do=note-edit]").click(); null`)
		run(t, ctx, chromedp.WaitVisible("#note textarea"), chromedp.SetValue("#note textarea", "ask about the roof"), click("#note .button"))
		until(t, ctx, `document.querySelector("#u1 .note.private")?.textContent.includes("ask about the roof")`)
		eval[any](t, ctx, `document.querySelector("#u1 [data-do=note-remove]").click(); null`)
		until(t, ctx, `document.querySelector("#u1 .note") === null`)
		run(t, ctx, click("#undo"))
		until(t, ctx, `document.querySelector("#u1 .note.private")?.textContent.includes("ask about the roof")`)
	})
	t.Run("PinRewordHide", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u1 .at"), key("p"))
		const pinned = `[...document.querySelectorAll("#aside .sentence")].find(s => s.dataset.u === "1")`
		until(t, ctx, pinned+` !== undefined`)
		eval[any](t, ctx, pinned+`.querySelector("[data-do=reword]").click(); null`)
		run(t, ctx, chromedp.SetValue("#aside textarea", "Rain was a comfort."), chromedp.Focus("#aside textarea"), key(kb.Enter))
		until(t, ctx, pinned+`?.querySelector(".said")?.textContent === "Rain was a comfort."`)
		eval[any](t, ctx, pinned+`.querySelector("[data-do=hide]").click(); null`)
		until(t, ctx, `document.querySelector("#aside .hidden-lines .sentence")?.dataset.u === "1"`)
		eval[any](t, ctx, `document.querySelector("#aside [data-do=unhide]").click(); null`)
		until(t, ctx, `!document.querySelector("#aside .hidden-lines") && `+pinned+`?.querySelector(".said")?.textContent === "Rain was a comfort."`)
	})
}

// TestOneAfterTheOther takes two changes of one row back at once: the second waits for the answer to the first, which
// would be drawn over it otherwise.
func TestOneAfterTheOther(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, wide)
	open(t, ctx, address+complete)
	for i, digit := range []string{"2", "3"} {
		run(t, ctx, chromedp.Focus("#u1 .at"), key(digit))
		until(t, ctx, fmt.Sprintf(`document.getElementById("u1").dataset.p === %q`, []string{"body", "body imagery"}[i]))
	}
	eval[any](t, ctx, `window.underWay = window.most = 0; window.answers = []; window.there = fetch;
		window.fetch = async (...what) => {
			most = Math.max(most, ++underWay);
			const answer = await there(...what);
			await new Promise((done) => answers.push(done));
			underWay--;
			return answer;
		}; null`)
	run(t, ctx, chromedp.ActionFunc(ctrlZ), chromedp.ActionFunc(ctrlZ))
	for range 2 {
		until(t, ctx, `answers.length === 1`)
		eval[any](t, ctx, `answers.pop()(); null`)
	}
	until(t, ctx, `!document.getElementById("u1").dataset.p`)
	if most := eval[float64](t, ctx, `most`); most != 1 {
		t.Errorf("%v changes were under way at once", most)
	}
}

// TestTwoPeople has two coaches change the same words: the second sees both and chooses.
func TestTwoPeople(t *testing.T) {
	address := serve(t, "--demo")
	one, two := browse(t, wide), browse(t, phone)
	open(t, one, address+complete)
	open(t, two, address+complete)
	deafen(t, two)
	run(t, one, chromedp.Focus("#u4 .at"), key("e"), chromedp.WaitVisible("#u4 textarea"), chromedp.SetValue("#u4 textarea", "What one heard."), key(kb.Enter))
	until(t, one, `document.getElementById("t4").textContent === "What one heard."`)
	run(t, two, chromedp.Focus("#u4 .at"), key("e"), chromedp.WaitVisible("#u4 textarea"), chromedp.SetValue("#u4 textarea", "What two heard."), key(kb.Enter),
		chromedp.WaitVisible("#conflict"))
	shown := eval[string](t, two, `document.getElementById("conflict").textContent`)
	if !strings.Contains(shown, "What one heard.") || !strings.Contains(shown, "What two heard.") {
		t.Errorf("the clash shows %q", shown)
	}
	run(t, two, click(`#conflict [value="mine"]`))
	until(t, two, `document.getElementById("t4").textContent === "What two heard." && document.querySelector("#u4 .history").textContent.includes("What one heard.")`)
}

// TestTwoSpeakers has two coaches disagree about who speaks: keeping mine ends the matter.
func TestTwoSpeakers(t *testing.T) {
	address := serve(t, "--demo")
	one, two := browse(t, wide), browse(t, wide)
	open(t, one, address+complete)
	open(t, two, address+complete)
	deafen(t, two)
	run(t, one, chromedp.Focus("#u4 .at"), key("u"))
	until(t, one, `document.getElementById("u4").classList.contains("unknown")`)
	run(t, two, chromedp.Focus("#u4 .at"), key("c"), chromedp.WaitVisible("#conflict"))
	shown := eval[string](t, two, `document.querySelector("#conflict .theirs").textContent + "/" + document.querySelector("#conflict .mine").textContent`)
	if shown != "Speaker not known/Coach" {
		t.Errorf("the clash shows %q", shown)
	}
	run(t, two, click(`#conflict [value="mine"]`))
	until(t, two, `document.getElementById("u4").classList.contains("coach") && !document.querySelector("#conflict[open]")`)
}

// TestServerGone keeps the words of a coach whose server cannot be reached.
func TestServerGone(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, wide)
	open(t, ctx, address+complete)
	until(t, ctx, `performance.getEntriesByName(location.href.split("#")[0] + "/words").length === 1`)
	eval[any](t, ctx, `window.fetch = () => Promise.reject(new TypeError("gone")); null`)
	run(t, ctx, chromedp.Focus("#u4 .at"), key("e"), chromedp.WaitVisible("#u4 textarea"), chromedp.SetValue("#u4 textarea", "Not lost."), key(kb.Enter))
	until(t, ctx, `document.getElementById("toast").textContent.includes("Not saved")`)
	if kept := eval[string](t, ctx, `document.querySelector("#u4 textarea").value`); strings.TrimSpace(kept) != "Not lost." {
		t.Errorf("the field holds %q", kept)
	}
}
