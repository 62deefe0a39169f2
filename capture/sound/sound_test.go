package sound

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"debrief"
	"debrief/internal/testsound"
)

// The test binary is its own capture process.
const childArg = "capture-child-of-test"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		os.Exit(Child(os.Args[2:], os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// patience bounds every wait of these tests: far beyond what a loaded machine needs.
const patience = 5 * time.Minute

func newHost(t *testing.T, env []string) *Host {
	t.Helper()
	if !Available {
		t.Skip("built without PortAudio")
	}
	h, err := NewHost(Config{Child: []string{os.Args[0], childArg}, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func open(t *testing.T, h *Host, name string) Stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	devices, err := h.Devices(ctx)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Match(devices, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Open(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// read collects at least n samples.
func read(t *testing.T, s Stream, n int) []int16 {
	t.Helper()
	var pcm []int16
	timeout := time.After(patience)
	for len(pcm) < n {
		select {
		case f, ok := <-s.Frames():
			if !ok {
				t.Fatalf("stream ended after %d samples: %v", len(pcm), s.Err())
			}
			pcm = append(pcm, f.PCM...)
		case <-timeout:
			t.Fatalf("%d samples in %v", len(pcm), patience)
		}
	}
	return pcm
}

func TestRampIsExact(t *testing.T) {
	server := testsound.Start(t, "lapel")
	server.FeedRamp("lapel")
	s := open(t, newHost(t, server.Env()), "lapel")
	pcm := read(t, s, 4*testsound.Rate)
	// The feed may begin after the stream: zeros before it are what there was to hear.
	for len(pcm) > 0 && pcm[0] == 0 {
		pcm = pcm[1:]
	}
	for i := 1; i < len(pcm); i++ {
		if testsound.RampPhase(pcm[i]) != (testsound.RampPhase(pcm[i-1])+1)%testsound.RampPeriod {
			t.Fatalf("sample %d of %d: %d follows %d", i, len(pcm), pcm[i], pcm[i-1])
		}
	}
	s.Stop()
	for range s.Frames() {
	}
}

func TestDevices(t *testing.T) {
	server := testsound.Start(t, "lapel", "builtin")
	devices, err := newHost(t, server.Env()).Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := Match(devices, "lapel")
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "lapel" || d.Rate != 16000 || d.Channels != 1 || !d.Default || d.Kind != Virtual || d.API != "pulse" {
		t.Errorf("%+v", d)
	}
	if m, err := Match(devices, "feed_lapel.monitor"); err != nil || m.Kind != Monitor {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestDevicesWithoutSoundServer(t *testing.T) {
	server := testsound.Start(t, "lapel")
	// PortAudio's own list, as on a machine without pactl.
	h := newHost(t, server.Env())
	h.pulse = nil
	devices, err := h.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := Match(devices, "lapel")
	if err != nil || d.API != "ALSA" {
		t.Errorf("%+v, %v in %+v", d, err, devices)
	}
	server.FeedRamp("lapel")
	s, err := h.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	read(t, s, testsound.Rate)
}

func TestStreamIsMovedByTheServer(t *testing.T) {
	server := testsound.Start(t, "lapel", "builtin")
	server.FeedRamp("lapel")
	server.FeedRamp("builtin")
	s := open(t, newHost(t, server.Env()), "lapel")
	read(t, s, testsound.Rate)
	server.Unplug("lapel")
	timeout := time.After(patience)
	for {
		select {
		case <-s.Moved():
			return
		case _, ok := <-s.Frames():
			if !ok {
				t.Fatalf("stream ended: %v", s.Err())
			}
		case <-timeout:
			t.Fatal("not told")
		}
	}
}

func TestStreamEnds(t *testing.T) {
	end := func(t *testing.T, s Stream) error {
		t.Helper()
		timeout := time.After(patience)
		for {
			select {
			case _, ok := <-s.Frames():
				if !ok {
					return s.Err()
				}
			case <-timeout:
				t.Fatal("stream did not end")
			}
		}
	}
	t.Run("when its server is killed, and opens again after", func(t *testing.T) {
		server := testsound.Start(t, "lapel")
		server.FeedRamp("lapel")
		h := newHost(t, server.Env())
		s := open(t, h, "lapel")
		read(t, s, 8000)
		server.Kill()
		if err := end(t, s); err == nil {
			t.Error("no error")
		}
		if _, err := h.Devices(t.Context()); !errors.Is(err, debrief.ErrUnavailable) {
			t.Errorf("devices of a dead server: %v", err)
		}
		server.Run()
		server.FeedRamp("lapel")
		read(t, open(t, h, "lapel"), 8000)
	})
	t.Run("when the device does not exist", func(t *testing.T) {
		server := testsound.Start(t, "lapel")
		s, err := newHost(t, server.Env()).Open(t.Context(), Device{Name: "nobody", API: pulseAPI})
		if err != nil {
			t.Fatal(err)
		}
		if err := end(t, s); !errors.Is(err, debrief.ErrUnavailable) {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("when the capture process is killed", func(t *testing.T) {
		server := testsound.Start(t, "lapel")
		server.FeedRamp("lapel")
		s := open(t, newHost(t, server.Env()), "lapel")
		read(t, s, 800)
		if err := s.(*process).cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := end(t, s); err == nil {
			t.Error("no error")
		}
	})
}
