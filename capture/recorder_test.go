package capture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"debrief"
	"debrief/capture/sound"
	"debrief/capture/spool"
	"debrief/internal/testsound"
)

// The test binary is its own capture process.
const childArg = "capture-child-of-test"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if program, ok := programs[os.Args[1]]; ok {
			os.Exit(program(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

// programs are what the test binary can be beside a test.
var programs = map[string]func(args []string) int{
	childArg:    func(args []string) int { return sound.Child(args, os.Stdin, os.Stdout) },
	recorderArg: recordForever,
}

// patience bounds every wait of these tests: far beyond what a loaded machine needs.
const patience = 5 * time.Minute

var someone = spool.Who{ID: "01JD0000000000000000000001", Client: "c01", Session: 3, Phase: debrief.Immediate}

// run is a recorder at work on the virtual device.
type run struct {
	*Recorder
	t      *testing.T
	cancel context.CancelFunc
	done   chan error

	mu     sync.Mutex
	events []Event
}

func start(t *testing.T, dir string, env []string, devices ...string) *run {
	t.Helper()
	if !sound.Available {
		t.Skip("built without PortAudio")
	}
	host, err := sound.NewHost(sound.Config{Child: []string{os.Args[0], childArg}, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	r := &run{t: t, done: make(chan error, 1)}
	r.Recorder, err = New(Config{Spool: dir, Who: someone, Devices: devices, Microphones: host, Notify: func(e Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e)
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() {
		defer host.Close()
		r.done <- r.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		if t.Failed() {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, e := range r.events {
				t.Logf("%s %6.2f %s: %s", e.Wall.Format("05.000"), e.At.Seconds(), e.Kind, e.Text)
			}
		}
	})
	return r
}

// until waits for a status.
func (r *run) until(what string, ok func(Status) bool) {
	r.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(patience)
	for {
		select {
		case <-tick.C:
			if ok(r.Status()) {
				return
			}
		case err := <-r.done:
			r.t.Fatalf("waiting for %s: recorder stopped: %v", what, err)
		case <-timeout:
			r.t.Fatalf("waiting for %s: %+v", what, r.Status())
		}
	}
}

// recorded waits until n more samples are spooled.
func (r *run) recorded(seconds float64) {
	r.t.Helper()
	want := r.Status().Samples + debrief.SamplesOf(seconds)
	r.until(fmt.Sprintf("%v s more", seconds), func(s Status) bool { return s.Samples >= want })
}

// delivered is how much the microphone has given since it was opened, recorded or not.
func (r *run) delivered() (n debrief.Samples) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	if err := r.do(ctx, func() {
		if r.active != nil {
			n = r.active.pace.n
		}
	}); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// stop ends the recording and returns it with its audio.
func (r *run) stop() (*debrief.Recording, []int16) {
	r.t.Helper()
	r.cancel()
	select {
	case err := <-r.done:
		if err != nil {
			r.t.Fatal(err)
		}
	case <-time.After(patience):
		r.t.Fatal("recorder does not stop")
	}
	return spooled(r.t, r.w.Dir())
}

func spooled(t *testing.T, dir string) (*debrief.Recording, []int16) {
	t.Helper()
	st, err := spool.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var pcm []int16
	for _, seg := range st.Recording.Segments {
		part, err := spool.ReadSegment(dir, seg)
		if err != nil {
			t.Fatal(err)
		}
		pcm = append(pcm, part...)
	}
	if debrief.Samples(len(pcm)) != st.Recording.Samples {
		t.Fatalf("%d samples on disk, manifest says %d", len(pcm), st.Recording.Samples)
	}
	return st.Manifest(), pcm
}

// told is how many events of a kind have said something.
func (r *run) told(kind, text string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Kind == kind && strings.Contains(e.Text, text) {
			n++
		}
	}
	return n
}

// children are the process ids of this process's capture processes on a server.
func children(t *testing.T, server *testsound.Server) []int {
	t.Helper()
	mark := "PULSE_SERVER=unix:" + server.Socket()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		cmdline, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		environ, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "environ"))
		var pid, ppid int
		var state string
		end := strings.LastIndexByte(string(data), ')')
		fmt.Sscan(string(data), &pid)
		fmt.Sscan(string(data)[end+1:], &state, &ppid)
		if ppid == os.Getpid() && state != "Z" && strings.Contains(string(cmdline), childArg+"\x00open") && strings.Contains(string(environ), mark) {
			out = append(out, pid)
		}
	}
	return out
}

// killCaptures kills the capture process n times; each costs a gap of true length, of limit at most.
func killCaptures(t *testing.T, n int, limit time.Duration) {
	server := testsound.Start(t, "lapel")
	server.FeedRamp("lapel")
	r := start(t, t.TempDir(), server.Env(), "lapel")
	r.recorded(3)
	rnd := rand.New(rand.NewPCG(uint64(n), 2))
	for range n {
		killChildren(t, server)
		r.recorded(0.5 + 3*rnd.Float64())
	}
	rec, pcm := r.stop()
	checkGaps(t, rec, pcm, n)
	var worst time.Duration
	for _, g := range rec.Gaps {
		worst = max(worst, g.Length)
	}
	if worst > limit {
		t.Errorf("a kill took %v of audio, %v are allowed", worst, limit)
	}
	t.Logf("%d kills of the capture process: at most %v of audio lost", n, worst)
}

func killChildren(t *testing.T, server *testsound.Server) {
	t.Helper()
	for _, pid := range children(t, server) {
		if p, err := os.FindProcess(pid); err == nil {
			p.Kill()
		}
	}
}

// ramped splits audio into runs of unbroken ramp, and returns for each where it begins in the
// recording and in the ramp (mod its period). Zeros before the feed began are passed over.
type rampRun struct {
	at, n int
	phase int64
}

func ramped(pcm []int16) []rampRun {
	var out []rampRun
	for i, v := range pcm {
		phase := testsound.RampPhase(v)
		if last := len(out) - 1; last >= 0 && (out[last].phase+int64(out[last].n))%testsound.RampPeriod == phase {
			out[last].n++
			continue
		}
		out = append(out, rampRun{i, 1, phase})
	}
	return slices.DeleteFunc(out, func(r rampRun) bool { return r.n < 160 })
}

// missing is the time that the ramp lost between two runs, given that about that much was.
func missing(a, b rampRun, about time.Duration) time.Duration {
	period := debrief.Samples(testsound.RampPeriod).Duration()
	lost := debrief.Samples((b.phase - a.phase - int64(a.n)) - int64(b.at-a.at-a.n)).Duration()
	for lost < about-period/2 {
		lost += period
	}
	for lost > about+period/2 {
		lost -= period
	}
	return lost
}

func TestRecorder(t *testing.T) {
	t.Parallel()
	t.Run("records every sample and says so only when it hears", func(t *testing.T) {
		t.Parallel()
		server := testsound.Start(t, "lapel")
		r := start(t, t.TempDir(), server.Env(), "lapel")
		r.until("waiting", func(s Status) bool { return s.State == Waiting })
		if r.told("state", "recording") > 0 {
			t.Error("said to record before there was signal")
		}
		server.FeedRamp("lapel")
		r.until("recording", func(s Status) bool { return s.State == Recording })
		r.recorded(3)
		rec, pcm := r.stop()
		if runs := ramped(pcm); len(runs) != 1 || runs[0].n < 3*16000 {
			t.Errorf("ramp in %+v", runs)
		}
		if rec.Device != "lapel" || rec.Started.IsZero() || len(rec.Gaps) != 0 {
			t.Errorf("%+v", rec)
		}
	})
	t.Run("a killed capture process costs a gap of true length", func(t *testing.T) {
		t.Parallel()
		killCaptures(t, 3, patience) // how soon a process starts depends on the machine: make soak holds it to a second
	})
	t.Run("pause is not recorded and is a gap", func(t *testing.T) {
		t.Parallel()
		server := testsound.Start(t, "lapel")
		server.FeedRamp("lapel")
		r := start(t, t.TempDir(), server.Env(), "lapel")
		r.recorded(3)
		if err := r.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		// By the microphone's own count: its sound arrives in bursts, of a second on a loaded machine.
		from := r.delivered()
		r.until("a pause of 2 s", func(s Status) bool { return s.State == Paused && r.delivered() > from+2*debrief.SampleRate })
		if err := r.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.Mark(t.Context(), debrief.Marker{Kind: "bookmark", Note: "here"}); err != nil {
			t.Fatal(err)
		}
		r.recorded(3)
		rec, pcm := r.stop()
		checkGaps(t, rec, pcm, 1)
		if len(rec.Markers) != 3 || rec.Markers[0].Kind != "pause" || rec.Markers[2].Note != "here" {
			t.Errorf("markers %+v", rec.Markers)
		}
		if rec.Gaps[0].Length < time.Second || rec.Gaps[0].Reason != "paused" {
			t.Errorf("gaps %+v", rec.Gaps)
		}
	})
}

// checkGaps compares the gaps of a recording of an endless ramp with what the ramp lost.
func checkGaps(t *testing.T, rec *debrief.Recording, pcm []int16, want int) {
	t.Helper()
	runs := ramped(pcm)
	if len(rec.Gaps) != want || len(runs) != want+1 {
		t.Errorf("%d gaps and %d runs of the ramp, want %d gaps: %+v %+v", len(rec.Gaps), len(runs), want, rec.Gaps, runs)
		return
	}
	for i, g := range rec.Gaps {
		if truth := missing(runs[i], runs[i+1], g.Length); !near(g.Length, truth, 100*time.Millisecond) {
			t.Errorf("gap %d: %v recorded, %v true", i, g.Length, truth)
		} else {
			t.Logf("gap %d: %v recorded, %v true (%s)", i, g.Length, truth, g.Reason)
		}
		if int(g.At) != runs[i+1].at {
			t.Errorf("gap %d at sample %d, the ramp breaks at %d", i, int64(g.At), runs[i+1].at)
		}
	}
}
