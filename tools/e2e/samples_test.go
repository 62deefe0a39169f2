package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestSamples brings the sample recordings in with the real recogniser and tagger, and then
// hears, corrects and finds them; what a coach changed outlives a server that is killed.
func TestSamples(t *testing.T) {
	models, err := filepath.Abs("../../models")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DEBRIEF_MODELS", models)
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
	run(t, ctx, chromedp.Navigate(address), chromedp.WaitVisible("#clients a"), chromedp.Click("#clients a"), chromedp.WaitVisible(".recording"), chromedp.Click(".immediate .recording"), chromedp.WaitVisible("#rows .u"))
	until(t, ctx, `document.getElementById("sound")?.readyState >= 1 && document.querySelectorAll("#rows .u").length > 15`)

	t.Run("SoundAndWaveAreThere", func(t *testing.T) {
		run(t, ctx, chromedp.Click("#rows .u:nth-child(5) .at"))
		until(t, ctx, playing+` && `+now+` > 1`)
		until(t, ctx, `performance.getEntriesByName(location.href + "/wave").length === 1`)
		if answered := eval[float64](t, ctx, `document.querySelectorAll("#aside .quote").length`); answered < 3 {
			t.Errorf("the summary has %v quotes", answered)
		}
		run(t, ctx, chromedp.Click("#play"))
	})
	place := eval[string](t, ctx, `location.pathname`)
	t.Run("AnEditOutlivesTheServer", func(t *testing.T) {
		run(t, ctx, chromedp.Focus("#u3 .at"), chromedp.KeyEvent("e"), chromedp.SetValue("#u3 textarea", "Kept."), chromedp.KeyEvent(kb.Enter))
		until(t, ctx, `document.getElementById("t3").textContent === "Kept."`)
		kill()
		address, kill = start(whole, "--store", store, "--uploads", uploads)
		run(t, ctx, chromedp.Navigate(address+strings.TrimPrefix(place, "/")))
		until(t, ctx, `document.getElementById("t3")?.textContent === "Kept."`)
	})
	t.Run("FoundWhereItWasSaid", func(t *testing.T) {
		run(t, ctx, chromedp.Navigate(address+"search?q=angry"), chromedp.WaitVisible("mark"))
		until(t, ctx, `document.readyState === "complete"`) // scripts are modules: they come last
		run(t, ctx, chromedp.Click(".hits .hear"))
		until(t, ctx, playing+` && `+now+` >= Number(document.querySelector(".hits .hear").dataset.s)`)
	})
	t.Run("TheOutlineIsKept", func(t *testing.T) {
		kept, err := filepath.Glob(filepath.Join(store, "clients", "c01", "recordings", "*", "peaks.json"))
		if err != nil || len(kept) == 0 {
			t.Errorf("no outline in the store: %v", err)
		}
	})
	kill()
}
