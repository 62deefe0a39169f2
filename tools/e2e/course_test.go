package e2e

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// truly looks every citation of a page up where it is from and returns those that are not said
// there, or not where they are played; and how many there are.
const truly = `(async () => {
	const pages = new Map(), wrong = [];
	const cites = [...document.querySelectorAll(".cite")];
	for (const cite of cites) {
		const hear = cite.querySelector(".hear"), href = new URL(cite.querySelector("a").href);
		if (!pages.has(href.pathname)) pages.set(href.pathname, new DOMParser().parseFromString(await (await fetch(href.pathname)).text(), "text/html"));
		const row = pages.get(href.pathname).getElementById(href.hash.slice(1));
		const said = row?.querySelector(".text").textContent ?? "";
		const s = Number(hear.dataset.s), e = Number(hear.dataset.e);
		if (!said.includes(cite.querySelector("q").textContent) || s < Number(row.dataset.s) - 0.01 || e > Number(row.dataset.e) + 0.01 || e <= s || hear.dataset.sound !== href.pathname + "/audio.wav") wrong.push(cite.textContent);
	}
	return cites.length + " cited; wrong: " + wrong.join("; ");
})()`

// plays hears the beginning and the end of one citation.
func plays(t *testing.T, ctx context.Context, hear string) {
	t.Helper()
	until(t, ctx, `document.readyState === "complete"`) // scripts are modules: they come last
	crawl(t, ctx)
	eval[any](t, ctx, `window.hear = document.querySelector('`+hear+`'); hear.click(); null`)
	until(t, ctx, playing+` && `+now+` >= Number(hear.dataset.s)`)
	eval[any](t, ctx, now+` = Number(hear.dataset.e) - 0.2; null`)
	until(t, ctx, `document.getElementById("sound").paused && Math.abs(`+now+` - Number(hear.dataset.e)) < 0.6`)
}

func TestCourse(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, wide)
	run(t, ctx, chromedp.Navigate(address), chromedp.SendKeys("#find", "maya"))
	until(t, ctx, `[...document.querySelectorAll("#clients li")].filter(l => !l.hidden).length === 1`)
	run(t, ctx, click("#clients li:not([hidden]) a"))
	arrive(t, ctx, ".tabs")

	t.Run("TreatmentsByPhaseWithCoverage", func(t *testing.T) {
		const cells = `[...document.querySelectorAll(".treatment")].map((t) => [...t.querySelectorAll(".phase")].map((p) => p.querySelectorAll(".recording").length).join("")).join(" ")`
		if shown := eval[string](t, ctx, cells); shown != "111 111 110" {
			t.Errorf("recordings by treatment and phase: %s", shown)
		}
		const coverage = `((c) => c.getAttribute("aria-label") + ": " + [...c.querySelectorAll(".missing")].map((m) => m.innerText).join())(document.querySelector(".treatment:nth-child(1) .followup .covered"))`
		if shown := eval[string](t, ctx, coverage); shown != "4 of 4 questions answered: " {
			t.Errorf("coverage: %s", shown)
		}
	})
	run(t, ctx, click(`.tabs a[href$="/course"]`))
	arrive(t, ctx, ".prep .hear")
	t.Run("EveryCitationIsTrue", func(t *testing.T) {
		if found := eval[string](t, ctx, truly); !strings.HasSuffix(found, "wrong: ") || len(found) < len("10 cited; wrong: ") {
			t.Error(found)
		}
		plays(t, ctx, ".prep .hear")
	})
	t.Run("PromptsByTreatment", func(t *testing.T) {
		const row = `[...document.querySelectorAll(".grid tbody tr")].find((r) => r.querySelector("th").innerText === "Alignment")`
		if shown := eval[string](t, ctx, row+`.innerText.replace(/\s+/g, " ")`); shown != "Alignment – 2 The first one was all corridors. This was what the corridors lead to. 1 Last time the table was laid. This time the meal was over, and it was a good one." {
			t.Errorf("alignment: %s", shown)
		}
	})
	t.Run("WhatBecameOfInsights", func(t *testing.T) {
		if fates := eval[string](t, ctx, `[...new Set([...document.querySelectorAll("#insights ~ .story .fate")].map((f) => f.innerText))].sort().join()`); fates != "no follow-up yet,not mentioned at the follow-up,still meaningful" {
			t.Errorf("fates: %s", fates)
		}
		if kept := eval[float64](t, ctx, `[...document.querySelectorAll("#insights ~ .story")].filter((s) => s.querySelector(".kept") && !s.querySelector(".later q")).length`); kept != 0 {
			t.Errorf("%v insights are still meaningful, and nothing shows it", kept)
		}
	})
	t.Run("MoodLineWithItsWords", func(t *testing.T) {
		if words := eval[string](t, ctx, `[...document.querySelectorAll(".moodline .word")].map((w) => w.textContent).join()`); words != "three,four,six" {
			t.Errorf("the line says %s", words)
		}
		if high := eval[float64](t, ctx, `document.querySelector(".moodline .word").getBoundingClientRect().height`); high < 12 {
			t.Errorf("its words are %.0f pixels high", high)
		}
		if rises := eval[bool](t, ctx, `((y) => y[0] - y[1] > 0 && y[1] - y[2] === 2 * (y[0] - y[1]))([...document.querySelectorAll(".moodline circle")].map((c) => Number(c.getAttribute("cy"))))`); !rises {
			t.Error("the line does not rise by one and by two")
		}
		if said := eval[bool](t, ctx, `[...document.querySelectorAll(".moods li")].every((m) => m.querySelector(".numbers").innerText.split(/\W+/).every((n) => m.querySelector("q").innerText.includes(n)))`); !said {
			t.Error("a number is not in the words it stands beside")
		}
	})
	t.Run("AllItsParts", func(t *testing.T) {
		if parts := eval[string](t, ctx, `[...document.querySelectorAll(".course h2")].map((h) => h.innerText).join()`); parts != "Before treatment 4,What was answered,Mood,What stood out, and what became of it,What returns,Small changes,Old patterns,How treatments fit together" {
			t.Errorf("the course has %s", parts)
		}
	})
}

// TestSearch asks by every field of the form, and hears and opens what is found.
func TestSearch(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, wide)
	type form map[string]string
	for _, c := range []struct {
		name   string
		form   form
		found  string
		places string // which every hit names
	}{
		{"ByWords", form{"q": "sea long way", "client": "maya"}, "1 passage", "Treatment 3"},
		{"ByTheBeginningOfAWord", form{"q": "garde", "client": "maya"}, "4 passages", "Maya Lindqvist"},
		{"ByPrompt", form{"prompt": "mood", "client": "maya"}, "4 passages", "Follow-up debrief"},
		{"ByClientAlone", form{"client": "maya"}, "104 passages. The first 50 are shown; more words narrow it down.", "Maya Lindqvist"},
		{"ByPhaseAndDate", form{"phase": "immediate", "from": "2026-09-22", "to": "2026-10-01"}, "20 passages", "Immediate debrief, 1:1|22 Sep 2026"},
		{"ByDateNothing", form{"q": "table", "from": "2030-01-01"}, "", "."},
		{"ByAllAtOnce", form{"q": "table", "client": "maya", "prompt": "imagery", "phase": "immediate", "from": "2026-10-01", "to": "2026-10-31"}, "1 passage", "Treatment 3, Immediate debrief"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, ctx, chromedp.Navigate(address+"search"))
			for field, value := range c.form {
				run(t, ctx, chromedp.SetValue(`.filters [name="`+field+`"]`, value))
			}
			run(t, ctx, chromedp.Focus(`.filters [name="q"]`), key(kb.Enter))
			until(t, ctx, `location.search !== "" && document.readyState === "complete" && document.querySelector(".hits, .empty") !== null`)
			if found := eval[string](t, ctx, `document.querySelector(".filters ~ .lede")?.innerText ?? ""`); found != c.found {
				t.Errorf("found %q", found)
			}
			if other := eval[string](t, ctx, `[...document.querySelectorAll(".hits .cite a")].map((a) => a.innerText).filter((a) => !/`+c.places+`/.test(a)).join("; ")`); other != "" {
				t.Errorf("of another place: %s", other)
			}
			if kept := eval[bool](t, ctx, `[...new FormData(document.querySelector(".filters"))].filter(([, value]) => value).length === `+strconv.Itoa(len(c.form))); !kept {
				t.Error("the form forgot what was asked")
			}
			if wrong := eval[string](t, ctx, truly); wrong != eval[string](t, ctx, `document.querySelectorAll(".cite").length + " cited; wrong: "`) {
				t.Error(wrong)
			}
		})
	}
	run(t, ctx, chromedp.Navigate(address+"search?q=sea+long+way"), chromedp.WaitVisible("mark"))
	plays(t, ctx, ".hits .hear")
	run(t, ctx, click(".hits .cite a"))
	arrive(t, ctx, "#debrief")
	until(t, ctx, `location.hash.startsWith("#u") && document.activeElement.closest(".u")?.id === location.hash.slice(1)`)
	until(t, ctx, now+` > 1`)
	run(t, ctx, chromedp.Navigate(address+"search?q=watching"), chromedp.WaitVisible(".hits .doubt"))
}
