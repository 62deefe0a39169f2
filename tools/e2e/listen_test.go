package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	playing = `!document.getElementById("sound").paused`
	now     = `document.getElementById("sound").currentTime`
)

// open goes to a page and waits until its scripts are there and its sound can be played.
func open(t testing.TB, ctx context.Context, address string) {
	t.Helper()
	run(t, ctx, chromedp.Navigate(address))
	until(t, ctx, `document.readyState === "complete" && document.getElementById("sound").readyState >= 1`)
}

// completes waits until a page has what it takes from the server once it is drawn.
func completes(t testing.TB, ctx context.Context) {
	t.Helper()
	until(t, ctx, `["/words", "/wave"].every((part) => performance.getEntriesByType("resource").some((e) => e.name.endsWith(part) && e.responseEnd > 0))`)
	// An answer that has come is still to be read: another one, read after it, says that it was.
	eval[any](t, ctx, `fetch(location.pathname + "/words").then((r) => r.json()).then(() => null)`)
	drawn(t, ctx)
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
	completes(t, ctx)
	crawl(t, ctx)

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
				document.getElementById("sound").pause(); // or the transcript may scroll away
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
			run(t, ctx, key(kb.ArrowRight), key(kb.Enter))
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
				const plays = !sound.paused;
				await new Promise((done) => sound.addEventListener("seeked", done, {once: true}));
				const row = [...document.querySelectorAll("#rows .u")].findLast((u) => Number(u.dataset.s) <= sought[0] + 0.01);
				if (!plays || !row.querySelector(".text").textContent.includes(quote.querySelector("q").textContent)) wrong.push(quote.textContent);
			}
			sound.pause();
			return document.querySelectorAll("#aside .quote").length > 10 ? wrong.join("; ") : "hardly any quotes";
		})()`); wrong != "" {
			t.Errorf("not said where they are played: %s", wrong)
		}
	})
	t.Run("MarkersPlay", func(t *testing.T) {
		run(t, ctx, click("#aside .marker:last-of-type"))
		until(t, ctx, playing+` && sought.at(-1) === Number([...document.querySelectorAll("#aside .marker")].at(-1).dataset.s)`)
		if shown := eval[float64](t, ctx, `document.querySelectorAll("#rows .marked").length`); shown != 5 {
			t.Errorf("%v questions are shown in the transcript", shown)
		}
	})
	t.Run("TheTranscriptFollows", func(t *testing.T) {
		const seen = `((u) => { const b = u.getBoundingClientRect(); return u.getAttribute("aria-current") === "true" && b.top >= 0 && b.bottom <= innerHeight; })`
		pause(t, ctx)
		run(t, ctx, chromedp.Focus("#wave"), key(kb.End), key(kb.PageDown))
		until(t, ctx, seen+`([...document.querySelectorAll("#rows .u")].findLast((u) => Number(u.dataset.s) <= `+now+`))`)
		run(t, ctx, key(kb.Home), click("#u1 .at"))
		until(t, ctx, playing+` && `+seen+`(document.getElementById("u1"))`)
		eval[any](t, ctx, `dispatchEvent(new WheelEvent("wheel")); scrollTo(0, document.body.scrollHeight); null`)
		run(t, ctx, chromedp.WaitVisible("#follow"), click("#follow"))
		until(t, ctx, `document.getElementById("follow").hidden && `+seen+`(document.querySelector("[aria-current=true].u"))`)
		run(t, ctx, chromedp.Evaluate(`document.getElementById("sound").pause()`, nil))
	})

	t.Run("ClickPlaysFromTheWord", func(t *testing.T) {
		// The demo's words are evenly spaced: a click in the middle of a line is a later word.
		run(t, ctx, click("#t4"))
		until(t, ctx, playing)
		from := eval[float64](t, ctx, `Number(document.getElementById("u4").dataset.s)`)
		to := eval[float64](t, ctx, `Number(document.getElementById("u4").dataset.e)`)
		if at := eval[float64](t, ctx, now); at <= from+0.3 || at >= to {
			t.Errorf("plays at %.2f, the utterance lies at %.2f-%.2f", at, from, to)
		}
		until(t, ctx, `document.getElementById("u4").getAttribute("aria-current") === "true"`)
	})
	t.Run("SpaceStops", func(t *testing.T) {
		run(t, ctx, key(" "))
		until(t, ctx, `document.getElementById("sound").paused`)
	})
	t.Run("EnterPlaysTheRow", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u4 .at"), key(kb.ArrowDown), key(kb.Enter))
		until(t, ctx, playing+` && document.getElementById("u5").getAttribute("aria-current") === "true"`)
	})
	t.Run("EnterPlaysTheWord", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u3 .at"), key(kb.ArrowRight), key(kb.ArrowRight), key(kb.ArrowRight), key(kb.Enter))
		until(t, ctx, `Math.abs(`+now+` - Number(document.getElementById("u3").dataset.s) - 0.68) < 0.3`)
	})
	t.Run("SeekByKeys", func(t *testing.T) {
		run(t, ctx, chromedp.Evaluate(`document.getElementById("sound").pause()`, nil), chromedp.Focus("#wave"), key(kb.Home))
		until(t, ctx, now+` === 0`)
		run(t, ctx, key(kb.ArrowRight), key(kb.ArrowRight))
		until(t, ctx, `Math.abs(`+now+` - 10) < 0.01 && document.getElementById("wave").getAttribute("aria-valuetext") === "0:10"`)
	})
	t.Run("SeekByHand", func(t *testing.T) {
		run(t, ctx, click("#wave"))
		until(t, ctx, `Math.abs(`+now+` - Number(document.getElementById("debrief").dataset.length) / 2) < 1`)
	})
	t.Run("Speed", func(t *testing.T) {
		run(t, ctx, chromedp.SetValue("#speed", "1.5"), chromedp.Evaluate(`document.getElementById("speed").dispatchEvent(new Event("change"))`, nil))
		until(t, ctx, `document.getElementById("sound").playbackRate === 1.5`)
		run(t, ctx, chromedp.Focus("#u3 .at"), key(">"))
		until(t, ctx, `document.getElementById("sound").playbackRate === 1.75`)
		for letter, slowest := range map[string]float64{"<": 0.5, ">": 2} {
			for range 8 {
				run(t, ctx, key(letter))
			}
			if rate := eval[float64](t, ctx, `document.getElementById("sound").playbackRate`); rate != slowest {
				t.Errorf("%s ends at %v", letter, rate)
			}
		}
		run(t, ctx, chromedp.SetValue("#speed", "1.75"), chromedp.Evaluate(`document.getElementById("speed").dispatchEvent(new Event("change"))`, nil))
	})
	t.Run("SilenceIsSkipped", func(t *testing.T) {
		// After utterance 5 the demo is silent for 8.5 seconds: that is two minutes at this pace.
		crawl(t, ctx)
		eval[any](t, ctx, `sought = []; null`)
		const rest = `Number(document.getElementById("u6").dataset.s) - `
		run(t, ctx, click("#skip"), chromedp.Evaluate(`document.getElementById("sound").currentTime = Number(document.getElementById("u5").dataset.e) + 0.3; document.getElementById("sound").play()`, nil))
		until(t, ctx, now+` >= `+rest+`0.4`)
		if jumps := eval[string](t, ctx, `sought.slice(1).map((at) => (`+rest+`at).toFixed(2)).join()`); jumps != "0.35" {
			t.Errorf("passing over the silence went to %q seconds before the words", jumps)
		}
		run(t, ctx, click("#skip"))
	})
	t.Run("QuoteStopsAtItsEnd", func(t *testing.T) {
		run(t, ctx, click(`#aside .sentence:nth-child(3) .quote`))
		until(t, ctx, playing+` && document.querySelector("#aside .sounding") !== null`)
		eval[any](t, ctx, now+` = Number(document.querySelector("#aside .sounding").dataset.e) - 0.2; null`)
		until(t, ctx, `document.getElementById("sound").paused`)
		if over := eval[float64](t, ctx, now+` - Number(document.querySelector("#aside .sounding").dataset.e)`); over < -0.1 || over > 0.5 {
			t.Errorf("stopped %.2f s after the quote", over)
		}
	})
	t.Run("Repeat", func(t *testing.T) {
		run(t, ctx, click("#u1 .at"), click("#loop"))
		pace(t, ctx, 1)
		until(t, ctx, now+` > Number(document.getElementById("u1").dataset.e) - 0.5`)
		until(t, ctx, playing+` && `+now+` < Number(document.getElementById("u1").dataset.s) + 1`)
		run(t, ctx, click("#loop"), click("#play"))
		crawl(t, ctx)
	})
	t.Run("FilterByPrompt", func(t *testing.T) {
		run(t, ctx, chromedp.Evaluate(`scrollTo(0, 0)`, nil), click(`#legend [data-prompt="body"]`))
		until(t, ctx, `[...document.querySelectorAll("#rows .u")].filter(u => u.offsetParent).length === 3`)
		run(t, ctx, click("#all"))
		until(t, ctx, `[...document.querySelectorAll("#rows .u")].filter(u => u.offsetParent).length === 20`)
	})
	t.Run("FindInTheTranscript", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u3 .at"), key("/"))
		until(t, ctx, `document.activeElement.id === "find"`)
		eval[any](t, ctx, `document.getElementById("find").value = ""; null`) // a driven key types even where a real one would not
		run(t, ctx, chromedp.SendKeys("#find", "garden"))
		until(t, ctx, `document.getElementById("find-count").textContent.startsWith("1 of ") && CSS.highlights.get("found").size > 0`)
		run(t, ctx, key(kb.Enter))
		until(t, ctx, `document.getElementById("find-count").textContent.startsWith("2 of ") || CSS.highlights.get("found").size === 1`)
		run(t, ctx, key(kb.Escape))
		until(t, ctx, `document.getElementById("find").value === "" && !CSS.highlights.get("found").size`)
	})
	t.Run("LettersCanBeSwitchedOff", func(t *testing.T) {
		run(t, ctx, click("#help-open"), click("#letters"), key(kb.Escape), chromedp.Focus("#u3 .at"), key("s"))
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
		run(t, ctx, click("#aside .marker[data-kind=bookmark]"))
		until(t, ctx, playing+` && Math.abs(sought.at(-1) - Number(document.getElementById("debrief").dataset.length) / 3) < 0.01`)
		if shown := eval[string](t, ctx, `document.querySelector(".marked").innerText + [...document.querySelectorAll(".transcript .notice")].map((n) => n.innerText).join()`); !strings.Contains(shown, "Bookmark") || !strings.Contains(shown, "Nothing was recorded for 42 seconds: the microphone was out of reach") {
			t.Errorf("it shows %q", shown)
		}
	})
}
