package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var shots = flag.String("screenshots", "", "folder to write a picture of every page state to")

// TestScreenshots draws every page state, wide and on a phone, light and dark. Without the flag
// the pictures go nowhere: that every state can be drawn is the test.
func TestScreenshots(t *testing.T) {
	to := *shots
	if to == "" {
		to = t.TempDir()
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	address := serve(t, "--demo")
	for _, s := range []screen{wide, {1400, 900, true}, phone, {390, 844, true}} {
		t.Run(s.name(), func(t *testing.T) {
			ctx := browse(t, s)
			for _, page := range pages {
				t.Run(page.name, func(t *testing.T) {
					var picture []byte
					run(t, ctx, chromedp.Navigate(address+page.path))
					if page.path == "" || page.path == "upload" { // what is being recorded comes with the stream
						until(t, ctx, `document.querySelector("#work .capturing") !== null`)
					}
					if page.prepare != "" {
						eval[any](t, ctx, page.prepare+"; null")
					}
					// Fonts and the outline of the sound come after the page.
					eval[any](t, ctx, `document.fonts.ready.then(() => new Promise(r => setTimeout(r, 150)))`)
					run(t, ctx, chromedp.CaptureScreenshot(&picture))
					if len(picture) < 2000 {
						t.Errorf("a picture of %d bytes", len(picture))
					}
					if err := os.WriteFile(filepath.Join(to, page.name+"-"+s.name()+".png"), picture, 0o644); err != nil {
						t.Fatal(err)
					}
				})
			}
		})
	}
}
