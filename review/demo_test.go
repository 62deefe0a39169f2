package review_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"debrief"
	"debrief/review"
	"debrief/review/demo"
)

// TestDemoShowsEveryState: the work of the demo is in every state and at every step a page can show.
func TestDemoShowsEveryState(t *testing.T) {
	p := newPage(t, func(c *review.Config) { c.Intake, c.Limits, c.Demo = demo.NewWork(noon), limits, true })
	body := get(t, p, "/upload").Body.String()
	for _, kind := range []string{"receiving", "paused", "queued", "storing", "transcribing", "tagging", "summarising", "failed", "cancelled", "finished"} {
		if !strings.Contains(body, `<li class="job `+kind+`"`) {
			t.Errorf("nothing is %s", kind)
		}
	}
	for _, outcome := range []string{"Ready to be read and heard.", "Nobody speaks in it", "It was here already"} {
		if !strings.Contains(body, outcome) {
			t.Errorf("nothing has ended so: %s", outcome)
		}
	}
}

// TestDemoTakesNothingIn: the page says so before and after somebody sends a file.
func TestDemoTakesNothingIn(t *testing.T) {
	const words = "it takes no files in and keeps nothing"
	p := newPage(t, func(c *review.Config) { c.Intake, c.Limits, c.Demo = demo.NewWork(noon), limits, true })
	if !strings.Contains(get(t, p, "/upload").Body.String(), words) {
		t.Error("the page of uploads does not say it")
	}
	form, err := json.Marshal(map[string]any{"file": "a.wav", "bytes": 100, "client": "c01", "session": 1, "phase": debrief.Immediate})
	if err != nil {
		t.Fatal(err)
	}
	if a := ask(t, p, http.MethodPost, "/uploads", form, "Content-Type", "application/json"); a.Status != http.StatusForbidden || !strings.Contains(a.Problem, words) {
		t.Errorf("answer %+v", a)
	}
}
