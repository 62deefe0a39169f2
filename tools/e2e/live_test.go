package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// capture writes the manifest of a recording the way debrief record does: one file, replaced whole.
func (s *store) capture(t *testing.T, id, status string, minutes int, began time.Time) {
	t.Helper()
	segments := []map[string]any{}
	for i := range minutes {
		segments = append(segments, map[string]any{"index": i, "start": i * 960000, "samples": 960000, "bytes": 1, "sha256": fmt.Sprint(i)})
	}
	data, err := json.Marshal(map[string]any{
		"id": id, "client": "c09", "session": 1, "phase": "immediate", "origin": "captured", "status": status,
		"started": began.Format(time.RFC3339Nano), "samples": minutes * 960000, "segments": segments,
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(s.dir, "clients", "c09", "recordings", id)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".new"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, ".new"), filepath.Join(dir, "recording.json")); err != nil {
		t.Fatal(err)
	}
}

// ulidAt is an id of a recording that began then.
func ulidAt(at time.Time) string {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	id := []byte("00000000000000000000000000")
	for i, ms := 9, at.UnixMilli(); i >= 0; i, ms = i-1, ms/32 {
		id[i] = letters[ms%32]
	}
	return string(id)
}

// TestCaptureAppears has a recording begin, grow and end in the store while three pages look on:
// nobody reloads anything.
func TestCaptureAppears(t *testing.T) {
	s := newStore(t)
	address := s.start(t)
	began := time.Now().Add(-2 * time.Minute)
	id := ulidAt(began)
	list := browse(t, wide)
	run(t, list, chromedp.Navigate(address), chromedp.WaitReady("#underway"))
	until(t, list, `document.body.dataset.live === "/live"`)
	s.capture(t, id, "capturing", 0, began) // no minute of it is full yet
	until(t, list, `document.querySelector("#work .capturing")?.innerText.includes("It has begun")`)
	s.capture(t, id, "capturing", 1, began)
	until(t, list, `document.querySelector("#work .capturing")?.innerText.includes("1:00")`)
	until(t, list, `document.querySelector("#clients a") !== null`) // the client is new, too

	tab, closeTab := chromedp.NewContext(list)
	defer closeTab()
	if err := chromedp.Run(tab); err != nil { // the tab lives as long as the context it is opened with
		t.Fatal(err)
	}
	run(t, tab, emulation.SetFocusEmulationEnabled(true), chromedp.Navigate(address+"clients/c09"), chromedp.WaitReady("#work .capturing"))
	s.capture(t, id, "capturing", 2, began)
	for name, ctx := range map[string]context.Context{"list": list, "client": tab} {
		t.Run(name, func(t *testing.T) {
			until(t, ctx, `document.querySelector("#work .capturing")?.innerText.includes("2:00")`)
		})
	}
	run(t, tab, chromedp.Navigate(address+"clients/c09/recordings/"+id), chromedp.WaitReady("#work .capturing"))
	s.capture(t, id, "stored", 2, began)
	until(t, list, `document.querySelector("#work .job") === null && document.getElementById("underway").hidden`)
	// Its own page becomes one that can be worked on: it loads itself anew.
	run(t, tab, chromedp.WaitVisible(".unfinished button"))
}
