package e2e

import (
	"context"
	"fmt"
	"strings"
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

// watchSeeks has the page remember every position its sound is set to.
const watchSeeks = `window.sought = []; (({get, set}) => Object.defineProperty(document.getElementById("sound"), "currentTime",
	{get, set(at) { sought.push(at); set.call(this, at); }}))(Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime")); null`

// pixels finds what is drawn at a time: {bar: height of the sound, tag, mark: colours, "" for none}.
const pixels = `window.drawn = (at) => {
	const c = document.getElementById("canvas"), g = c.getContext("2d"), x = Math.round(at / Number(document.getElementById("debrief").dataset.length) * c.width);
	const colour = (x, y) => { const [r, g2, b, a] = g.getImageData(x, y, 1, 1).data; return a < 128 ? "" : [r, g2, b].join(); };
	const bar = Math.max(...[0, 1, 2].map((i) => Array.from({length: c.height - 16}, (_, y) => colour(x + i, y + 8)).filter(Boolean).length));
	return {bar, tag: colour(x, c.height - 3), mark: colour(x, 2)};
}; null`

func TestListen(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, wide)
	open(t, ctx, address+complete)
	until(t, ctx, `performance.getEntriesByName(location.href + "/words").length === 1 && performance.getEntriesByName(location.href + "/wave").length === 1`)

	t.Run("WaveShowsSpeechTagsAndMarkers", func(t *testing.T) {
		eval[any](t, ctx, pixels)
		until(t, ctx, `drawn(Number(document.getElementById("u4").dataset.s) + 1).bar > 4 * drawn(Number(document.getElementById("u5").dataset.e) + 4).bar`)
		const middle = `((u) => drawn((Number(u.dataset.s) + Number(u.dataset.e)) / 2))`
		if tag := eval[string](t, ctx, middle+`(document.getElementById("u1")).tag`); tag != "" {
			t.Errorf("an utterance without a prompt has the colour %s", tag)
		}
		if wrong := eval[string](t, ctx, `(() => {
			const one = new OffscreenCanvas(1, 1).getContext("2d");
			const paint = (css) => { one.fillStyle = css; one.fillRect(0, 0, 1, 1); return [...one.getImageData(0, 0, 1, 1).data].slice(0, 3).join(); };
			const tagged = [...document.querySelectorAll("#rows .u[data-p]")].filter((u) => !u.dataset.p.includes(" "));
			return tagged.filter((u) => `+middle+`(u).tag !== paint(getComputedStyle(document.querySelector("#legend [data-prompt=" + u.dataset.p + "]")).textDecorationColor)).map((u) => u.id).join() || (tagged.length > 9 ? "" : "hardly any");
		})()`); wrong != "" {
			t.Errorf("not in the colour of their prompt: %s", wrong)
		}
		if marked := eval[bool](t, ctx, `[...document.querySelectorAll("#aside .marker")].every((m) => drawn(Number(m.dataset.s)).mark !== "") && drawn(1).mark === ""`); !marked {
			t.Error("the wave does not show when the questions were asked")
		}
	})
	t.Run("AnyWordByClick", func(t *testing.T) {
		eval[any](t, ctx, watchSeeks)
		for _, word := range []int{0, 7, 18} {
			place := eval[[]float64](t, ctx, fmt.Sprintf(`(() => {
				const text = document.getElementById("t4"), found = [...text.textContent.matchAll(/\S+/g)][%d], range = new Range();
				text.scrollIntoView({block: "center"});
				range.setStart(text.firstChild, found.index);
				range.setEnd(text.firstChild, found.index + found[0].length);
				const box = range.getBoundingClientRect();
				return [box.x + box.width / 2, box.y + box.height / 2];
			})()`, word))
			run(t, ctx, chromedp.MouseClickXY(place[0], place[1]))
			until(t, ctx, fmt.Sprintf(`fetch(location.pathname + "/words").then((r) => r.json()).then((w) => Math.abs(w[4][%d] - sought.at(-1)) < 0.01)`, word))
		}
	})
	t.Run("AnyWordByEnter", func(t *testing.T) {
		eval[any](t, ctx, `sought = []; null`)
		run(t, ctx, chromedp.Focus("#u3 .at"))
		words := int(eval[float64](t, ctx, `document.getElementById("t3").textContent.match(/\S+/g).length`))
		for range words {
			run(t, ctx, chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.Enter))
		}
		if off := eval[string](t, ctx, `fetch(location.pathname + "/words").then((r) => r.json()).then((w) => w[3].filter((at) => !sought.some((s) => Math.abs(s - at) < 0.01)).join())`); off != "" {
			t.Errorf("of %d words these were not played from: %s", words, off)
		}
		run(t, ctx, chromedp.Evaluate(`document.getElementById("sound").pause()`, nil))
	})
	t.Run("EveryQuotePlays", func(t *testing.T) {
		if wrong := eval[string](t, ctx, `(async () => {
			const sound = document.getElementById("sound"), wrong = [];
			for (const quote of document.querySelectorAll("#aside .quote:not(.marker)")) {
				sought = [];
				quote.click();
				await new Promise((done) => sound.addEventListener("seeked", done, {once: true}));
				const row = [...document.querySelectorAll("#rows .u")].findLast((u) => Number(u.dataset.s) <= sought[0] + 0.01);
				if (sound.paused || !row.querySelector(".text").textContent.includes(quote.querySelector("q").textContent)) wrong.push(quote.textContent);
			}
			sound.pause();
			return document.querySelectorAll("#aside .quote").length > 10 ? wrong.join("; ") : "hardly any quotes";
		})()`); wrong != "" {
			t.Errorf("not said where they are played: %s", wrong)
		}
	})
	t.Run("MarkersPlay", func(t *testing.T) {
		run(t, ctx, chromedp.Click("#aside .marker:last-of-type"))
		until(t, ctx, playing+` && sought.at(-1) === Number([...document.querySelectorAll("#aside .marker")].at(-1).dataset.s)`)
		if shown := eval[float64](t, ctx, `document.querySelectorAll("#rows .marked").length`); shown != 5 {
			t.Errorf("%v questions are shown in the transcript", shown)
		}
	})
	t.Run("TheTranscriptFollows", func(t *testing.T) {
		const seen = `((u) => { const b = u.getBoundingClientRect(); return u.getAttribute("aria-current") === "true" && b.top >= 0 && b.bottom <= innerHeight; })`
		run(t, ctx, chromedp.Focus("#wave"), chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.PageDown))
		until(t, ctx, seen+`([...document.querySelectorAll("#rows .u")].findLast((u) => Number(u.dataset.s) <= `+now+`))`)
		run(t, ctx, chromedp.KeyEvent(kb.Home), chromedp.Click("#u1 .at"))
		until(t, ctx, playing+` && `+seen+`(document.getElementById("u1"))`)
		eval[any](t, ctx, `dispatchEvent(new WheelEvent("wheel")); scrollTo(0, document.body.scrollHeight); null`)
		run(t, ctx, chromedp.WaitVisible("#follow"), chromedp.Click("#follow"))
		until(t, ctx, `document.getElementById("follow").hidden && `+seen+`(document.querySelector("[aria-current=true].u"))`)
		run(t, ctx, chromedp.Evaluate(`document.getElementById("sound").pause()`, nil))
	})

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
		for key, slowest := range map[string]float64{"<": 0.5, ">": 2} {
			for range 8 {
				run(t, ctx, chromedp.KeyEvent(key))
			}
			if rate := eval[float64](t, ctx, `document.getElementById("sound").playbackRate`); rate != slowest {
				t.Errorf("%s ends at %v", key, rate)
			}
		}
		run(t, ctx, chromedp.SetValue("#speed", "1.75"), chromedp.Evaluate(`document.getElementById("speed").dispatchEvent(new Event("change"))`, nil))
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
	t.Run("SpeedIsRemembered", func(t *testing.T) {
		open(t, ctx, address+followup)
		until(t, ctx, `document.getElementById("sound").playbackRate === 1.75 && document.getElementById("speed").value === "1.75"`)
	})
	t.Run("ADoubtIsSeenAndTold", func(t *testing.T) {
		open(t, ctx, address+complete)
		const look = `((u) => { const s = getComputedStyle(u.querySelector(".text")); return s.fontStyle + s.textDecorationLine + s.color; })`
		const doubtful = `[...document.querySelectorAll("#rows .u")].find((u) => u.textContent.includes("Thank you for watching."))`
		if same := eval[bool](t, ctx, look+`(`+doubtful+`) === `+look+`(document.getElementById("u4"))`); same {
			t.Error("words in doubt look like any others")
		}
		if why := eval[string](t, ctx, doubtful+`.querySelector(".doubt").innerText`); why != "Not speech: no voice lies under these words" {
			t.Errorf("the reason given is %q", why)
		}
	})
	t.Run("GapAndBookmark", func(t *testing.T) {
		open(t, ctx, address+unfinished(2))
		eval[any](t, ctx, watchSeeks)
		run(t, ctx, chromedp.Click("#aside .marker[data-kind=bookmark]"))
		until(t, ctx, playing+` && Math.abs(sought.at(-1) - Number(document.getElementById("debrief").dataset.length) / 3) < 0.01`)
		if shown := eval[string](t, ctx, `document.querySelector(".marked").innerText + [...document.querySelectorAll(".transcript .notice")].map((n) => n.innerText).join()`); !strings.Contains(shown, "Bookmark") || !strings.Contains(shown, "Nothing was recorded for 42 seconds: the microphone was out of reach") {
			t.Errorf("it shows %q", shown)
		}
	})
}
