package capture

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"debrief"
	"debrief/capture/spool"
	"debrief/internal/testsound"
)

func TestRecorderComesBack(t *testing.T) {
	t.Parallel()
	t.Run("falls back to the next named microphone, warns, and returns", func(t *testing.T) {
		t.Parallel()
		server := testsound.Start(t, "lapel", "builtin", "laptop")
		for _, s := range []string{"lapel", "builtin", "laptop"} {
			server.FeedRamp(s)
		}
		server.Default("laptop") // where the server moves orphaned streams: a microphone nobody named
		r := start(t, t.TempDir(), server.Env(), "lapel", "builtin")
		r.recorded(3)
		for range 2 {
			server.Unplug("lapel")
			r.until("fallback", func(s Status) bool { return s.Device == "builtin" && slices.Contains(s.Warnings, warnFallback) })
			r.recorded(2)
			server.Plug("lapel")
			r.until("return", func(s Status) bool { return s.Device == "lapel" && !slices.Contains(s.Warnings, warnFallback) })
			r.recorded(3)
		}
		rec, _ := r.stop()
		var fallback, wrong int
		for _, w := range rec.Warnings {
			switch w.Kind {
			case warnFallback:
				fallback++
				if w.Len() < 2*debrief.SampleRate {
					t.Errorf("fallback %+v", w)
				}
			case warnSource:
				wrong++
				if w.Len() > debrief.SampleRate/2 {
					t.Errorf("wrong source for %v", w.Len().Duration())
				}
			}
		}
		if fallback != 2 || wrong != 2 {
			t.Errorf("warnings %+v", rec.Warnings)
		}
	})
	t.Run("waits for the one named microphone and takes no other", func(t *testing.T) {
		t.Parallel()
		server := testsound.Start(t, "lapel", "builtin")
		server.FeedRamp("lapel")
		r := start(t, t.TempDir(), server.Env(), "lapel")
		r.recorded(3)
		server.Unplug("lapel")
		r.until("deafness", func(s Status) bool { return s.State == Deaf })
		server.Plug("lapel")
		r.recorded(3)
		rec, pcm := r.stop()
		// What the other microphone gave before it was noticed is zeros here: not part of any run.
		runs := ramped(pcm)
		if len(runs) != 2 || len(rec.Gaps) != 1 {
			t.Fatalf("gaps %+v, runs %+v", rec.Gaps, runs)
		}
		if truth := missing(runs[0], runs[1], rec.Gaps[0].Length); !near(rec.Gaps[0].Length, truth, 100*time.Millisecond) {
			t.Errorf("gap %v, truly %v", rec.Gaps[0].Length, truth)
		}
	})
	t.Run("a stream moved by hand is noticed, warned of, and moved back", func(t *testing.T) {
		t.Parallel()
		moves(t, 2, patience) // how soon the server's news arrives depends on the machine: make soak holds it to half a second
	})
	t.Run("the server is killed and comes back", func(t *testing.T) {
		t.Parallel()
		server := testsound.Start(t, "lapel")
		server.FeedRamp("lapel")
		r := start(t, t.TempDir(), server.Env(), "lapel")
		r.recorded(3)
		server.Kill()
		r.until("deafness", func(s Status) bool { return s.State == Deaf })
		server.Run()
		server.FeedRamp("lapel")
		r.recorded(3)
		rec, _ := r.stop()
		if len(rec.Gaps) != 1 || rec.Gaps[0].Reason != "microphone-lost" {
			t.Errorf("gaps %+v", rec.Gaps)
		}
	})
	t.Run("a stopped server that goes on loses nothing it had kept", func(t *testing.T) {
		t.Parallel()
		server := testsound.Start(t, "lapel")
		server.FeedRamp("lapel")
		r := start(t, t.TempDir(), server.Env(), "lapel")
		r.recorded(3)
		server.Signal(syscall.SIGSTOP)
		r.until("deafness", func(s Status) bool { return s.State == Deaf })
		server.Signal(syscall.SIGCONT)
		r.recorded(5)
		rec, pcm := r.stop()
		// The player may have run dry meanwhile: silence between is the feed's, a hole in the ramp ours.
		runs := ramped(pcm)
		for i := 1; i < len(runs) && len(rec.Gaps) == 0; i++ {
			if before := runs[i-1]; (before.phase+int64(before.n))%testsound.RampPeriod != runs[i].phase {
				t.Errorf("no gap recorded, but the ramp has a hole: %+v", runs)
			}
		}
	})
}

// moves moves the stream to a stranger n times. Each is warned of and costs a gap of true length; the
// stranger is heard without a warning for limit at most.
func moves(t *testing.T, n int, limit time.Duration) {
	server := testsound.Start(t, "lapel", "laptop")
	server.FeedRamp("lapel")
	server.Feed("laptop", constant(-200))
	r := start(t, t.TempDir(), server.Env(), "lapel")
	r.recorded(3)
	for range n {
		before := r.told("state", string(Deaf))
		server.Move("laptop")
		// By what was told: the microphone may be back before anybody looks.
		r.until("deafness", func(Status) bool { return r.told("state", string(Deaf)) > before })
		r.recorded(3)
	}
	rec, pcm := r.stop()
	warned := 0
	for _, w := range rec.Warnings {
		if w.Kind == warnSource && strings.Contains(w.Detail, "laptop in place of lapel") {
			warned++
		}
	}
	if warned != n || len(rec.Gaps) != n {
		t.Errorf("warnings %+v, gaps %+v", rec.Warnings, rec.Gaps)
	}
	stranger := unwarned(rec, pcm, -200).Duration()
	if stranger > limit {
		t.Errorf("the wrong microphone was recorded for %v without a warning, %v are allowed", stranger, limit)
	}
	// What is warned of is nobody's ramp: a server that moves a stream under load gives its last blocks out of order.
	for _, w := range rec.Warnings {
		if w.Kind == warnSource {
			clear(pcm[w.Start:w.End])
		}
	}
	worst := checkTimeline(t, rec, ramped(pcm), n+1)
	t.Logf("%d moves: stretches lie within %v of the truth, stranger unwarned for at most %v", n, worst, stranger)
}

func TestRecorderResumesAfterCrash(t *testing.T) {
	t.Parallel()
	server := testsound.Start(t, "lapel")
	server.FeedRamp("lapel")
	dir := t.TempDir()
	w, err := spool.Create(spool.Config{Root: dir, Who: someone})
	if err != nil {
		t.Fatal(err)
	}
	// What a crashed recorder leaves, with the lock given back by hand: the process that holds it lives.
	began := time.Now().Add(-5 * time.Second)
	if err := w.Note(spool.Entry{Kind: spool.KindDevice, Device: "lapel", Wall: began}); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(make([]int16, 2*debrief.SampleRate)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	journal := filepath.Join(w.Dir(), "journal.jsonl")
	text, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	cut := strings.LastIndex(string(text), `{"kind":"end"`)
	if err := os.WriteFile(journal, text[:cut], 0o600); err != nil {
		t.Fatal(err)
	}
	var told []Event
	if err := Recover(dir, someone, time.Now, slog.New(slog.DiscardHandler), func(e Event) { told = append(told, e) }); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0].Kind != "recovered" {
		t.Errorf("told %+v", told)
	}
	r := start(t, dir, server.Env(), "lapel")
	r.recorded(3)
	rec, _ := r.stop()
	if rec.ID != someone.ID || rec.Samples < 5*debrief.SampleRate {
		t.Errorf("%+v", rec)
	}
	// Five seconds since its beginning, of which two are recorded.
	if len(rec.Gaps) != 1 || rec.Gaps[0].At != 2*debrief.SampleRate || rec.Gaps[0].Length < 3*time.Second || rec.Gaps[0].Reason != "crash" {
		t.Errorf("gaps %+v", rec.Gaps)
	}
}

// unwarned is the longest stretch of a value outside of warnings of a wrong source.
func unwarned(rec *debrief.Recording, pcm []int16, value int16) (longest debrief.Samples) {
	var run debrief.Samples
	for i, v := range pcm {
		at := debrief.Samples(i)
		warned := slices.ContainsFunc(rec.Warnings, func(w debrief.Warning) bool {
			return w.Kind == warnSource && at >= w.Start && at < w.End
		})
		if v != value || warned {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// constant is an endless feed of one value.
type constant int16

func (c constant) Read(p []byte) (int, error) {
	n := len(p) / 2 * 2
	for i := 0; i < n; i += 2 {
		p[i], p[i+1] = byte(uint16(c)), byte(uint16(c)>>8)
	}
	return n, nil
}
