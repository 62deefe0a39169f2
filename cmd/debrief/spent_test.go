package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"debrief"
	"debrief/internal/audio"
	"debrief/internal/testenv"
)

// paidServer is an API that counts what it would bill, and says that the quota is spent after so many answers.
type paidServer struct {
	mu       sync.Mutex
	left     int
	answered int
	sound    debrief.Samples
}

func (s *paidServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, _, err := r.FormFile("file")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	pcm, err := audio.DecodeFLAC(f)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnsupportedMediaType)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left--; s.left < 0 {
		w.WriteHeader(http.StatusTooManyRequests)
		io.WriteString(w, `{"error":{"message":"quota","code":"insufficient_quota"}}`)
		return
	}
	s.answered++
	s.sound += debrief.Samples(len(pcm))
	fmt.Fprintf(w, `{"text":"The water was warm and I was not afraid, number %d."}`, s.answered)
}

// TestSpentAddsUp stops a recording at a spent quota, goes on, and wants the manifest to say
// what the server billed: each answer once, whichever run it came in.
func TestSpentAddsUp(t *testing.T) {
	api := &paidServer{left: 2}
	server := httptest.NewServer(api)
	defer server.Close()
	t.Setenv("OPENAI_BASE_URL", server.URL)
	t.Setenv("OPENAI_API_KEY", "")
	store := t.TempDir()
	file := filepath.Join(testenv.Root(t), "samples", "c01_s2_immediate.ogg")
	batch := func(more ...string) (line resultLine, exit int) {
		t.Helper()
		args := append([]string{"debrief", "batch", "--json", "--quiet", "--engine", "openai", "--model", "tiny", "--client", "c01",
			"--session", "2", "--phase", "immediate", "--store", store}, more...)
		var out, errs bytes.Buffer
		exit = run(t.Context(), append(args, file), &out, &errs)
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatalf("%v in %q, stderr %q", err, out.String(), errs.String())
		}
		return line, exit
	}
	booked := func() (s debrief.Spent) {
		t.Helper()
		for name, text := range files(t, store) {
			if strings.HasSuffix(name, "recording.json") {
				var rec debrief.Recording
				if err := json.Unmarshal([]byte(text), &rec); err != nil {
					t.Fatal(err)
				}
				return rec.Spent
			}
		}
		t.Fatal("no manifest")
		return s
	}

	forecast, _ := batch("--dry-run")
	if api.answered != 0 || forecast.Status != "pending" {
		t.Fatalf("a dry run had %d answers and ended %s", api.answered, forecast.Status)
	}
	if line, exit := batch(); exit != exitEngine || line.Spent.Requests != 2 {
		t.Fatalf("a spent quota ended %d with %+v", exit, line)
	}
	if got, want := booked(), (debrief.Spent{Requests: 2, Sound: api.sound, Unpriced: api.sound}); got != want {
		t.Errorf("after the stop the manifest says %+v, want %+v", got, want)
	}
	api.left = 1000
	line, exit := batch()
	if exit != 0 || line.Status != "done" {
		t.Fatalf("the run that goes on ended %d with %+v", exit, line)
	}
	want := debrief.Spent{Requests: api.answered, Sound: api.sound, Unpriced: api.sound}
	if got := booked(); got != want {
		t.Errorf("in the end the manifest says %+v, the server answered %+v", got, want)
	}
	if line.Spent.Requests != api.answered || line.Spent.UnpricedMinutes != line.Spent.Minutes || line.Spent.USD != 0 {
		t.Errorf("--json says %+v", line.Spent)
	}
	if line, _ := batch(); line.Spent.Requests != api.answered || api.answered != want.Requests {
		t.Errorf("a run with nothing to do says %+v after %d answers", line.Spent, api.answered)
	}
}

func TestSpentBook(t *testing.T) {
	of := func(n int) debrief.Spent {
		return debrief.Spent{Requests: n, Sound: debrief.Samples(n) * 16000, Dollars: float64(n)}
	}
	for name, c := range map[string]struct{ booked, found, now, want int }{
		"first run": {0, 0, 3, 3},
		"goes on":   {3, 3, 2, 5},
		"goes on after a kill before it could book":  {0, 3, 2, 5},
		"killed between booking and the transcript":  {5, 5, 0, 5},
		"another engine finds nothing of the first":  {3, 0, 4, 7},
		"this machine's, after an API's stopped":     {3, 0, 0, 3},
		"back to the first engine, half of it there": {7, 3, 1, 8},
	} {
		t.Run(name, func(t *testing.T) {
			s := of(c.booked)
			s.Book(of(c.found), of(c.now))
			if s != of(c.want) {
				t.Errorf("booked %+v, want %+v", s, of(c.want))
			}
		})
	}
}
