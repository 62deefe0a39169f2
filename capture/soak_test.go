//go:build soak

package capture

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"debrief"
	"debrief/capture/sound"
	"debrief/capture/spool"
	"debrief/internal/testsound"
)

// The long forms of what must hold: scripts/soak.sh runs them.

func TestSoakRampUnderLoad(t *testing.T) { rampUnderLoad(t, 60) }

func TestSoakKilledCaptures(t *testing.T) { killCaptures(t, 100, lossLimitOfKill) }

func TestSoakKilledRecorder(t *testing.T) { killRecorder(t, 100) }

func TestSoakUnpluggings(t *testing.T) { unpluggings(t, 20) }

// TestSoakServerRestarts kills the sound server five times. The wall clock knows how long each took.
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
	s := r.Status()
	rec, _ := r.stop()
	if len(rec.Gaps) != 5 {
		t.Fatalf("gaps %+v", rec.Gaps)
	}
	all := s.Samples.Duration()
	for _, g := range rec.Gaps {
		all += g.Length
	}
	if !near(all, s.Elapsed, 300*time.Millisecond) {
		t.Errorf("%v recorded or accounted for, %v passed", all, s.Elapsed)
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
	if !r.saw("disk", "disk low") {
		t.Error("it was not announced")
	}
	_, pcm := spooled(t, r.w.Dir())
	runs := ramped(pcm)
	if len(pcm) < 15*debrief.SampleRate || len(runs) != 1 {
		t.Errorf("%d samples in %+v", len(pcm), runs)
	}
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
