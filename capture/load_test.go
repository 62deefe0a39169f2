//go:build soak

package capture

import (
	"os/exec"
	"slices"
	"testing"

	"debrief"
	"debrief/internal/testsound"
)

// busyLoops keeps the machine busy until the test ends.
func busyLoops(t *testing.T, n int) {
	t.Helper()
	for range n {
		cmd := exec.Command("sh", "-c", "while :; do :; done")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	}
}

// rampUnderLoad records the ramp for seconds under four busy loops. Not a sample is lost or doubled.
func rampUnderLoad(t *testing.T, seconds float64) {
	server := testsound.Start(t, "lapel")
	server.FeedRamp("lapel")
	r := start(t, t.TempDir(), server.Env(), "lapel")
	r.recorded(3)
	busyLoops(t, 4)
	r.recorded(seconds)
	rec, pcm := r.stop()
	runs := ramped(pcm)
	// The player may run dry on such a machine: zeros in the feed, after which the ramp goes on
	// where it was. A sample lost or doubled by the recorder breaks the count.
	for i := 1; i < len(runs); i++ {
		if before := runs[i-1]; (before.phase+int64(before.n))%testsound.RampPeriod != runs[i].phase {
			t.Errorf("the ramp breaks at sample %d: %+v", runs[i].at, runs)
		}
		if gap := pcm[runs[i-1].at+runs[i-1].n : runs[i].at]; slices.ContainsFunc(gap, func(v int16) bool { return v != 0 }) {
			t.Errorf("noise before sample %d", runs[i].at)
		}
	}
	if len(rec.Gaps) != 0 {
		t.Errorf("gaps without a loss: %+v", rec.Gaps)
	}
	t.Logf("%.1f s of ramp in %d pieces", float64(len(pcm))/debrief.SampleRate, len(runs))
}

// unpluggings takes the preferred microphone away and brings it back n times, while the server moves
// its streams to a microphone that nobody named. Every stretch of the preferred microphone must lie
// where the clock says, and the stranger must not be heard for longer than half a second without
// a warning.
func unpluggings(t *testing.T, n int) {
	server := testsound.Start(t, "lapel", "builtin", "laptop")
	server.FeedRamp("lapel")
	server.Feed("builtin", constant(100))
	server.Feed("laptop", constant(-200))
	server.Default("laptop")
	r := start(t, t.TempDir(), server.Env(), "lapel", "builtin")
	r.recorded(4)
	for range n {
		server.Unplug("lapel")
		r.until("fallback", func(s Status) bool { return s.Device == "builtin" })
		r.recorded(1)
		server.Plug("lapel")
		server.Default("laptop") // plugging made it the default
		r.until("return", func(s Status) bool { return s.Device == "lapel" })
		r.recorded(4)
	}
	rec, pcm := r.stop()
	worst := checkTimeline(t, rec, ramped(pcm), n+1)
	stranger := unwarned(rec, pcm, -200)
	if stranger > debrief.SampleRate/2 {
		t.Errorf("the wrong microphone was recorded for %v without a warning", stranger.Duration())
	}
	t.Logf("%d unpluggings: stretches lie within %v of the truth, stranger unwarned for at most %v", n, worst, stranger.Duration())
}
