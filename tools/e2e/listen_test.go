package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	playing = `!document.getElementById("sound").paused`
	now     = `document.getElementById("sound").currentTime`
)

// open goes to a page and waits until its sound can be played.
func open(t testing.TB, ctx context.Context, address string) {
	t.Helper()
	run(t, ctx, chromedp.Navigate(address))
	until(t, ctx, `document.getElementById("sound").readyState >= 1`)
}

func TestListen(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, wide)
	open(t, ctx, address+complete)

	t.Run("ClickPlaysFromTheWord", func(t *testing.T) {
		// The demo's words are evenly spaced: a click in the middle of a line is a later word.
		run(t, ctx, chromedp.Click("#t4"))
		until(t, ctx, playing)
		from := eval[float64](t, ctx, `Number(document.getElementById("u4").dataset.s)`)
		to := eval[float64](t, ctx, `Number(document.getElementById("u4").dataset.e)`)
		if at := eval[float64](t, ctx, now); at <= from+0.3 || at >= to {
			t.Errorf("plays at %.2f, the utterance lies at %.2f-%.2f", at, from, to)
		}
		until(t, ctx, `document.getElementById("u4").getAttribute("aria-current") === "true"`)
	})
	t.Run("SpaceStops", func(t *testing.T) {
		run(t, ctx, chromedp.KeyEvent(" "))
		until(t, ctx, `document.getElementById("sound").paused`)
	})
	t.Run("EnterPlaysTheRow", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u4 .at"), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter))
		until(t, ctx, playing+` && document.getElementById("u5").getAttribute("aria-current") === "true"`)
	})
	t.Run("EnterPlaysTheWord", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u3 .at"), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.Enter))
		until(t, ctx, `Math.abs(`+now+` - Number(document.getElementById("u3").dataset.s) - 0.68) < 0.3`)
	})
	t.Run("SeekByKeys", func(t *testing.T) {
		run(t, ctx, chromedp.Evaluate(`document.getElementById("sound").pause()`, nil), chromedp.Focus("#wave"), chromedp.KeyEvent(kb.Home))
		until(t, ctx, now+` === 0`)
		run(t, ctx, chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight))
		until(t, ctx, `Math.abs(`+now+` - 10) < 0.01 && document.getElementById("wave").getAttribute("aria-valuetext") === "0:10"`)
	})
	t.Run("SeekByHand", func(t *testing.T) {
		run(t, ctx, chromedp.Click("#wave"))
		until(t, ctx, `Math.abs(`+now+` - Number(document.getElementById("debrief").dataset.length) / 2) < 1`)
	})
	t.Run("Speed", func(t *testing.T) {
		run(t, ctx, chromedp.SetValue("#speed", "1.5"), chromedp.Evaluate(`document.getElementById("speed").dispatchEvent(new Event("change"))`, nil))
		until(t, ctx, `document.getElementById("sound").playbackRate === 1.5`)
		run(t, ctx, chromedp.Focus("#u3 .at"), chromedp.KeyEvent(">"))
		until(t, ctx, `document.getElementById("sound").playbackRate === 1.75`)
	})
	t.Run("SilenceIsSkipped", func(t *testing.T) {
		// After utterance 5 the demo is silent for 8.5 seconds.
		run(t, ctx, chromedp.Click("#skip"), chromedp.Evaluate(`document.getElementById("sound").currentTime = Number(document.getElementById("u5").dataset.e) - 0.1; document.getElementById("sound").play()`, nil))
		began := time.Now()
		until(t, ctx, now+` >= Number(document.getElementById("u6").dataset.s) - 0.4`)
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("passing over the silence took %v", took)
		}
		run(t, ctx, chromedp.Click("#skip"))
	})
	t.Run("QuoteStopsAtItsEnd", func(t *testing.T) {
		run(t, ctx, chromedp.Click(`#aside .sentence:nth-child(3) .quote`))
		until(t, ctx, playing)
		until(t, ctx, `document.getElementById("sound").paused`)
		if over := eval[float64](t, ctx, now+` - Number(document.querySelector("#aside .sounding").dataset.e)`); over < -0.1 || over > 0.5 {
			t.Errorf("stopped %.2f s after the quote", over)
		}
	})
	t.Run("Repeat", func(t *testing.T) {
		run(t, ctx, chromedp.Click("#u1 .at"), chromedp.Click("#loop"))
		until(t, ctx, now+` > Number(document.getElementById("u1").dataset.e) - 0.5`)
		until(t, ctx, playing+` && `+now+` < Number(document.getElementById("u1").dataset.s) + 1`)
		run(t, ctx, chromedp.Click("#loop"), chromedp.Click("#play"))
	})
	t.Run("FilterByPrompt", func(t *testing.T) {
		run(t, ctx, chromedp.Evaluate(`scrollTo(0, 0)`, nil), chromedp.Click(`#legend [data-prompt="body"]`))
		until(t, ctx, `[...document.querySelectorAll("#rows .u")].filter(u => u.offsetParent).length === 3`)
		run(t, ctx, chromedp.Click("#all"))
		until(t, ctx, `[...document.querySelectorAll("#rows .u")].filter(u => u.offsetParent).length === 20`)
	})
	t.Run("FindInTheTranscript", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u3 .at"), chromedp.KeyEvent("/"))
		until(t, ctx, `document.activeElement.id === "find"`)
		eval[any](t, ctx, `document.getElementById("find").value = ""; null`) // a driven key types even where a real one would not
		run(t, ctx, chromedp.SendKeys("#find", "garden"))
		until(t, ctx, `document.getElementById("find-count").textContent.startsWith("1 of ") && CSS.highlights.get("found").size > 0`)
		run(t, ctx, chromedp.KeyEvent(kb.Enter))
		until(t, ctx, `document.getElementById("find-count").textContent.startsWith("2 of ") || CSS.highlights.get("found").size === 1`)
		run(t, ctx, chromedp.KeyEvent(kb.Escape))
		until(t, ctx, `document.getElementById("find").value === "" && !CSS.highlights.get("found").size`)
	})
	t.Run("LettersCanBeSwitchedOff", func(t *testing.T) {
		run(t, ctx, chromedp.Click("#help-open"), chromedp.Click("#letters"), chromedp.KeyEvent(kb.Escape), chromedp.Focus("#u3 .at"), chromedp.KeyEvent("s"))
		if eval[string](t, ctx, `document.getElementById("skip").getAttribute("aria-pressed")`) != "false" {
			t.Error("a letter acts though letters are off")
		}
	})
}
