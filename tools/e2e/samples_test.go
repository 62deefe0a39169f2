package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestSamples brings the sample recordings in with the real recogniser and tagger, and then
// hears, corrects and finds them; what a coach changed outlives a server that is killed.
func TestSamples(t *testing.T) {
	store := t.TempDir()
	for _, phase := range []string{"immediate", "followup"} {
		out, err := exec.Command(binary, "batch", "--store", store, "--client", "c01", "--session", "2", "--phase", phase, "../../samples/c01_s2_"+phase+".ogg").CombinedOutput()
		if err != nil {
			t.Fatalf("batch: %v\n%s", err, out)
		}
	}
	uploads := t.TempDir()
	whole := t // the second server outlives the part that starts it
	address, kill := start(t, "--store", store, "--uploads", uploads)
	ctx := browse(t, wide)
	run(t, ctx, chromedp.Navigate(address), click("#clients a"))
	arrive(t, ctx, ".recording")
	run(t, ctx, click(".immediate .recording"))
	arrive(t, ctx, "#rows .u")
	until(t, ctx, `document.getElementById("sound")?.readyState >= 1 && document.querySelectorAll("#rows .u").length > 15`)

	t.Run("SoundAndWaveAreThere", func(t *testing.T) {
		run(t, ctx, click("#rows .u:nth-child(5) .at"))
		until(t, ctx, playing+` && `+now+` > 1`)
		until(t, ctx, `performance.getEntriesByName(location.href + "/wave").length === 1`)
		if answered := eval[float64](t, ctx, `document.querySelectorAll("#aside .quote").length`); answered < 3 {
			t.Errorf("the summary has %v quotes", answered)
		}
		run(t, ctx, click("#play"))
	})
	place := eval[string](t, ctx, `location.pathname`)
	t.Run("AnEditOutlivesTheServer", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u3 .at"), key("e"), chromedp.SetValue("#u3 textarea", "Kept."), key(kb.Enter))
		until(t, ctx, `document.getElementById("t3").textContent === "Kept."`)
		kill()
		address, kill = start(whole, "--store", store, "--uploads", uploads)
		run(t, ctx, chromedp.Navigate(address+strings.TrimPrefix(place, "/")))
		until(t, ctx, `document.getElementById("t3")?.textContent === "Kept."`)
	})
	t.Run("WhatIsCorrectedIsTaggedAgain", func(t *testing.T) {
		until(t, ctx, `document.readyState === "complete" && document.getElementById("sound").readyState >= 1`)
		other := browse(t, wide) // somebody else, who is at work there
		open(t, other, address+strings.TrimPrefix(place, "/"))
		run(t, other, chromedp.SendKeys("#find", "the"))
		until(t, other, `document.getElementById("find-count").textContent.startsWith("1 of ")`)
		run(t, other, key(kb.Enter), chromedp.Focus("#u12 .at"), chromedp.Focus("#tools [data-do=note]"))
		typed(t, ctx, "#u12", "My shoulders were warm and heavy, and my breath went deep into my belly.")
		run(t, ctx, key(kb.Enter))
		// Nobody reloads: the machine's word comes by itself, and no notice asks for anything.
		until(t, ctx, `document.querySelector("#u12 .tags [data-prompt=body]:not([data-suggested])") !== null && document.getElementById("fresh").hidden`)
		until(t, other, `document.querySelector("#u12 .tags [data-prompt=body]:not([data-suggested])") !== null`)
		if at := eval[string](t, other, `[document.activeElement.closest(".u")?.id, document.activeElement.dataset.do, document.getElementById("find-count").textContent.slice(0, 5)].join()`); at != "u12,note,2 of " {
			t.Errorf("the row was drawn anew under somebody's hands, who is at %q now", at)
		}
	})
	t.Run("PrivateNotesStayHere", func(t *testing.T) {
		for _, words := range []string{"for everybody", "for nobody else"} {
			run(t, ctx, chromedp.Focus("#u5 .at"), key("n"), chromedp.WaitVisible("#note textarea"), chromedp.SetValue("#note textarea", words))
			eval[any](t, ctx, `document.querySelector("#note input").checked = `+strconv.FormatBool(words != "for everybody")+`; document.querySelector("#note .button").click(); null`)
			until(t, ctx, `document.getElementById("u5").innerText.includes("`+words+`")`)
		}
		for _, format := range []string{"json", "md"} {
			out, err := exec.Command(binary, "export", "--store", store, "--client", "c01", "--phase", "immediate", "--format", format, "--output", "-").Output()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(out), "for nobody else") || !strings.Contains(string(out), "for everybody") {
				t.Errorf("%s holds a private note, or not the shared one", format)
			}
		}
	})
	t.Run("TranscriptMadeAgainUnderAnEdit", func(t *testing.T) { madeAgain(t, ctx, store) })
	t.Run("FoundWhereItWasSaid", func(t *testing.T) {
		run(t, ctx, chromedp.Navigate(address+"search?q=angry"), chromedp.WaitVisible("mark"))
		plays(t, ctx, ".hits .hear")
	})
	t.Run("TheOutlineIsKept", func(t *testing.T) {
		kept, err := filepath.Glob(filepath.Join(store, "clients", "c01", "recordings", "*", "peaks.json"))
		if err != nil || len(kept) == 0 {
			t.Errorf("no outline in the store: %v", err)
		}
	})
	kill()
}

// join makes the transcript of the immediate debrief again, as another recogniser may: two
// utterances are one.
func join(t *testing.T, store string, first int) {
	t.Helper()
	var path string
	var doc map[string]any
	for _, path = range glob(t, filepath.Join(store, "clients", "c01", "recordings", "*", "transcript.json")) {
		if err := json.Unmarshal(read(t, path), &doc); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(read(t, path)), "bottom of a lake") {
			break
		}
	}
	all := doc["utterances"].([]any)
	one, two := all[first].(map[string]any), all[first+1].(map[string]any)
	one["end"], one["text"], one["words"] = two["end"], one["text"].(string)+" "+two["text"].(string), nil
	doc["utterances"] = slices.Delete(all, first+1, first+2)
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: nothing there, %v", pattern, err)
	}
	return found
}

// madeAgain has the transcript made again while a coach writes: the page says so and takes
// nothing away, saving shows both, and either choice ends at the place where it is said now.
func madeAgain(t *testing.T, ctx context.Context, store string) {
	const lake = "I was walking along the bottom of a lake"
	typed(t, ctx, "#u15", "Mine, written meanwhile.")
	join(t, store, 3) // the correction of utterance 3 has no place any more
	until(t, ctx, `!document.getElementById("fresh").hidden && document.querySelector("#u15 textarea").value === "Mine, written meanwhile."`)
	run(t, ctx, chromedp.Focus("#u15 textarea"), key(kb.Enter), chromedp.WaitVisible("#conflict"))
	if shown := eval[string](t, ctx, `document.getElementById("conflict").innerText`); !strings.Contains(shown, lake) || !strings.Contains(shown, "Mine, written meanwhile.") {
		t.Errorf("the clash shows %q", shown)
	}
	run(t, ctx, click(`#conflict [value="mine"]`))
	until(t, ctx, `location.hash === "#u14" && document.getElementById("t14")?.textContent === "Mine, written meanwhile." && document.getElementById("u14").querySelector(".history").textContent.includes("`+lake+`")`)
	until(t, ctx, `document.activeElement.closest(".u")?.id === "u14"`)

	until(t, ctx, `document.querySelector("#aside .stranded")?.innerText.includes("Kept.")`)
	run(t, ctx, click("#aside .stranded [data-do=place]"))
	until(t, ctx, `document.getElementById("t3").textContent === "Kept." && document.querySelector("#aside .stranded") === null`)

	typed(t, ctx, "#u20", "Neither here nor there.")
	join(t, store, 0)
	until(t, ctx, `!document.getElementById("fresh").hidden`)
	run(t, ctx, chromedp.Focus("#u20 textarea"), key(kb.Enter), chromedp.WaitVisible("#conflict"), click(`#conflict [value="theirs"]`))
	until(t, ctx, `location.hash === "#u19" && document.querySelector("#u19 .history")?.textContent.includes("Neither here nor there.") && document.getElementById("t19").textContent.startsWith("That sounds important")`)
}
