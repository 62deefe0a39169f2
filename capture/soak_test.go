//go:build soak

package capture

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"debrief"
	"debrief/capture/sound"
	"debrief/capture/spool"
	"debrief/internal/testenv"
	"debrief/internal/testsound"
)

// The long forms of what must hold: scripts/soak.sh runs them.

func TestSoakRampUnderLoad(t *testing.T) { rampUnderLoad(t, 60) }

// lossLimitOfKill is the audio a kill may take: what was not synced yet, and no word more.
const lossLimitOfKill = time.Second

func TestSoakKilledCaptures(t *testing.T) { killCaptures(t, 100, lossLimitOfKill) }

func TestSoakKilledRecorder(t *testing.T) { killRecorder(t, 100, lossLimitOfKill) }

func TestSoakUnpluggings(t *testing.T) { unpluggings(t, 20) }

func TestSoakMoves(t *testing.T) { moves(t, 20, movedMargin) }

// TestSoakServerRestarts kills the sound server five times. The clock knows how long each took.
func TestSoakServerRestarts(t *testing.T) {
	server := testsound.Start(t, "lapel")
	server.FeedRamp("lapel")
	r := start(t, t.TempDir(), server.Env(), "lapel")
	r.recorded(3)
	for range 5 {
		server.Kill()
		r.until("deafness", func(s Status) bool { return s.State == Deaf })
		server.Run()
		server.FeedRamp("lapel")
		r.recorded(4)
	}
	rec, _ := r.stop()
	if len(rec.Gaps) != 5 {
		t.Fatalf("gaps %+v", rec.Gaps)
	}
	all := rec.Samples.Duration()
	for _, g := range rec.Gaps {
		all += g.Length
	}
	// By the clock of the kernel, from when the first sample was heard to when the last was.
	if passed := r.heard - r.started; !near(all, passed, 100*time.Millisecond) {
		t.Errorf("%v recorded or accounted for, %v passed", all, passed)
	} else {
		t.Logf("%v recorded or accounted for, %v passed", all, passed)
	}
}

// TestSoakDiskFull records onto a disk of one megabyte until it is full.
func TestSoakDiskFull(t *testing.T) {
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("this machine lets no test disk be mounted: %s", out)
	}
	t.Cleanup(func() { exec.Command("umount", "-l", disk).Run() })
	server := testsound.Start(t, "lapel")
	server.FeedRamp("lapel")
	r := start(t, filepath.Join(disk, "spool"), server.Env(), "lapel")
	select {
	case err := <-r.done:
		if !errors.Is(err, debrief.ErrDiskFull) {
			t.Fatalf("err = %v", err)
		}
	case <-time.After(patience):
		t.Fatal("a full disk was not noticed")
	}
	if r.told("disk", "disk low") == 0 {
		t.Error("it was not announced")
	}
	_, pcm := spooled(t, r.w.Dir())
	runs := ramped(pcm)
	if len(pcm) < 15*debrief.SampleRate || len(runs) != 1 {
		t.Errorf("%d samples in %+v", len(pcm), runs)
	}
}

// TestSoakSlowStore records noise, which does not compress, into an S3 server behind a line that takes
// less than a recording makes and drops every fifth request, for a whole session with a crash in
// the middle.
func TestSoakSlowStore(t *testing.T) {
	const bytesPerSecond = 25_000 // of the 32,000 that are recorded
	s3 := testenv.S3(t)
	line := s3.Line(t)
	line.Before = func(n int64, _ http.ResponseWriter, r *http.Request) bool {
		if n%5 == 0 {
			panic(http.ErrAbortHandler)
		}
		r.Body = throttled{r.Body, bytesPerSecond}
		return false
	}
	s3.Use(t)
	where := "s3://" + s3.Bucket(t)

	server := testsound.Start(t, "lapel")
	server.Feed("lapel", hiss{rand.New(rand.NewPCG(6, 6))})
	dir := filepath.Join(t.TempDir(), "spool")
	p := startRecorder(t, server.Env(), dir, where, line.URL)
	p.until("state recording")
	p.wait(130 * time.Second)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.cmd.Wait()
	p = startRecorder(t, server.Env(), dir, where, line.URL)
	p.until("state recording")
	p.wait(70 * time.Second)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for range p.lines {
	}
	states, err := spool.List(dir)
	if err != nil || len(states) != 1 {
		t.Fatalf("%d recordings, %v", len(states), err)
	}
	waiting := len(states[0].Recording.Segments) - states[0].Uploaded()
	if waiting < 2 {
		t.Errorf("only %d segments wait: the line is not slow", waiting)
	}
	lib := libraryOver(t, line, where)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	if err := newUploader(t, dir, lib, time.Hour).Flush(ctx); err != nil {
		t.Fatal(err)
	}
	local, want := spooled(t, states[0].Dir)
	rec, got := fetch(t, lib)
	if rec.Status != debrief.Stored || !slices.Equal(got, want) {
		t.Errorf("%s: the store holds other samples than were spooled", rec.Status)
	}
	if len(local.Gaps) != 1 || local.Gaps[0].Reason != "crash" {
		t.Errorf("gaps %+v", local.Gaps)
	}
	t.Logf("%s in %d segments over a line that was too slow, %d requests; %d segments had to wait for the end", rec.Samples, len(rec.Segments), line.Requests.Load(), waiting)
}

// throttled is a body that arrives slowly.
type throttled struct {
	io.ReadCloser
	perSecond int
}

func (b throttled) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.perSecond/10)])
	<-time.After(time.Duration(n) * time.Second / time.Duration(b.perSecond))
	return n, err
}

// hiss is an endless feed that does not compress.
type hiss struct{ *rand.Rand }

func (r hiss) Read(p []byte) (int, error) {
	n := len(p) / 2 * 2
	for i := 0; i < n; i += 2 {
		v := uint16(int16(r.IntN(20000) - 10000))
		p[i], p[i+1] = byte(v), byte(v>>8)
	}
	return n, nil
}

// simulated gives frames as fast as they are taken, on a clock of its own.
type simulated struct {
	frames chan sound.Frame
}

func (s *simulated) Devices(context.Context) ([]sound.Device, error) {
	return []sound.Device{{Name: "simulated"}}, nil
}
func (s *simulated) Changed() <-chan struct{}                                 { return nil }
func (s *simulated) Frames() <-chan sound.Frame                               { return s.frames }
func (s *simulated) Moved() <-chan string                                     { return nil }
func (s *simulated) Err() error                                               { return nil }
func (s *simulated) Stop()                                                    {}
func (s *simulated) Close()                                                   {}
func (s *simulated) Open(context.Context, sound.Device) (sound.Stream, error) { return s, nil }

// TestSoakFlatMemory records eight simulated hours and compares the heap after one with the heap
// after all.
func TestSoakFlatMemory(t *testing.T) {
	const hours = 8
	mic := &simulated{frames: make(chan sound.Frame)}
	r, err := New(Config{Spool: t.TempDir(), Who: someone, Devices: []string{"simulated"}, Microphones: mic})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	pcm := makeSound(0.05, speechLike(true))
	var first uint64
	const perHour = 3600 * 20
	begun := sound.Uptime()
	for i := range hours * perHour {
		at := begun + time.Duration(i+1)*50*time.Millisecond
		mic.frames <- sound.Frame{At: at, PCM: pcm}
		if i == perHour {
			first = heap()
		}
	}
	last := heap()
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	st, err := spool.Load(r.w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if st.Recording.Samples != hours*3600*debrief.SampleRate {
		t.Errorf("%s of %d h recorded", st.Recording.Samples, hours)
	}
	t.Logf("heap %d kB after one hour, %d kB after %d", first>>10, last>>10, hours)
	if last > first+1<<20 {
		t.Errorf("the heap grew from %d to %d kB", first>>10, last>>10)
	}
}
