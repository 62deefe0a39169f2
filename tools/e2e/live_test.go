package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	list := browse(t, wide)
	run(t, list, chromedp.Navigate(address), chromedp.WaitReady("#underway"))
	until(t, list, `document.body.dataset.live === "/live"`)
	began := time.Now()
	id := ulidAt(began)
	s.capture(t, id, "capturing", 0, began) // no minute of it is full yet
	until(t, list, `document.querySelector("#work .capturing")?.innerText.includes("It has begun")`)
	s.capture(t, id, "capturing", 10, began)
	until(t, list, `document.querySelector("#work .capturing")?.innerText.includes("10:00")`)
	until(t, list, `document.querySelector("#clients a") !== null`) // the client is new, too

	tab, closeTab := chromedp.NewContext(list)
	defer closeTab()
	if err := chromedp.Run(tab); err != nil { // the tab lives as long as the context it is opened with
		t.Fatal(err)
	}
	run(t, tab, emulation.SetFocusEmulationEnabled(true), chromedp.Navigate(address+"clients/c09"), chromedp.WaitReady("#work .capturing"))
	s.capture(t, id, "capturing", 20, began)
	for name, ctx := range map[string]context.Context{"list": list, "client": tab} {
		t.Run(name, func(t *testing.T) {
			until(t, ctx, `document.querySelector("#work .capturing")?.innerText.includes("20:00")`)
		})
	}
	run(t, tab, chromedp.Navigate(address+"clients/c09/recordings/"+id), chromedp.WaitReady("#work .capturing"))
	s.capture(t, id, "stored", 20, began)
	until(t, list, `document.querySelector("#work .job") === null && document.getElementById("underway").hidden`)
	// Its own page becomes one that can be worked on: it loads itself anew.
	run(t, tab, chromedp.WaitVisible(".unfinished button"))
}

// TestWorkMovesElsewhere acts on what is under way on one page, and sees it move on another.
func TestWorkMovesElsewhere(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, wide)
	run(t, ctx, chromedp.Navigate(address), chromedp.WaitReady("#work .transcribing"))
	if shown := eval[string](t, ctx, `document.querySelector("#work .transcribing").innerText.replace(/\s+/g, " ") + document.querySelector("#work .transcribing progress").position.toFixed(2)`); !strings.Contains(shown, "12:24 of 34:00 heard") || !strings.Contains(shown, "About") || !strings.HasSuffix(shown, "0.36") {
		t.Errorf("progress: %s", shown)
	}
	if why := eval[string](t, ctx, `[...document.querySelectorAll("#work .failed")].map((j) => j.querySelector(".doing").innerText + " " + [...j.querySelectorAll("button")].map((b) => b.innerText).join()).join("/")`); why != "The file ends before it should. Upload it again from where it was recorded, or take what is there. Take what is there,Remove from the list/The file cannot be read as audio. Check that it plays. If it does, save it as WAV or MP3 and upload that. Try again,Remove from the list" {
		t.Errorf("failures: %s", why)
	}
	tab, closeTab := chromedp.NewContext(ctx)
	defer closeTab()
	if err := chromedp.Run(tab); err != nil {
		t.Fatal(err)
	}
	run(t, tab, emulation.SetFocusEmulationEnabled(true), chromedp.Navigate(address+"upload"), chromedp.WaitReady("#work .transcribing"))
	for _, page := range []context.Context{ctx, tab} { // both are told by their streams, not by their own clicks
		until(t, page, `document.readyState === "complete"`)
		eval[any](t, page, `window.loaded = true; null`)
	}
	press(t, tab, `document.querySelector("#work .transcribing [value=cancel]")`)
	for _, page := range []context.Context{ctx, tab} {
		until(t, page, `loaded && !document.querySelector("#work .transcribing") && [...document.querySelectorAll("#work .cancelled")].some((j) => j.innerText.includes("lena evening.m4a"))`)
	}
	press(t, ctx, `document.querySelector("#work .cancelled [value=retry]")`)
	until(t, tab, `loaded && [...document.querySelectorAll("#work .queued")].length === 3`)
}
