package screen

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"debrief/capture"
)

func TestLines(t *testing.T) {
	v := View{
		Title: "c01",
		Status: capture.Status{
			State: capture.Recording, Device: "lapel", Elapsed: 62 * time.Second, Safe: 60 * 16000,
			RMS: -30, Peak: -12, Unheard: 3 * time.Second, Warnings: []string{"clipping"},
		},
		Upload: capture.Upload{Stored: 30 * 16000, Waiting: 2, Problem: "refused"},
	}
	want := []string{
		"● RECORDING  1:02   c01",
		"  ██████████░░░░░▌░░░░  -30 dBFS lapel",
		"  on disk 1:00 · in the store 0:30 · store not reachable, 2 segments wait",
		"  not heard or paused: 0:03",
		"  ! too loud, the sound is cut off: lower the gain or move the microphone",
		"  space pause · m mark · q stop",
	}
	if got := Lines(v, 80); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	t.Run("what is transcribed is told when something is", func(t *testing.T) {
		v := v
		v.Transcribed = 45 * 16000
		if got := Lines(v, 100)[2]; !strings.HasSuffix(got, "2 segments wait · transcribed 0:45") {
			t.Errorf("%q", got)
		}
		want := "recording ·  -30 dBFS · on disk 1:00 · in the store 0:30 · transcribed 0:45 · " +
			"too loud, the sound is cut off: lower the gain or move the microphone · store not reachable, 2 segments wait"
		if got := Line(v); got != want {
			t.Errorf("%q", got)
		}
	})
	t.Run("no line is wider than the terminal", func(t *testing.T) {
		for _, l := range Lines(v, 20) {
			if len([]rune(l)) > 20 {
				t.Errorf("%q", l)
			}
		}
	})
	t.Run("recording is said in one state only", func(t *testing.T) {
		for state := range states {
			v.State = state
			if said := strings.Contains(Lines(v, 80)[0], "RECORDING"); said != (state == capture.Recording) {
				t.Errorf("%s: %q", state, Lines(v, 80)[0])
			}
		}
	})
}

func TestScreenDrawsOverItself(t *testing.T) {
	var out bytes.Buffer
	s := New(&out, 80)
	s.Draw(View{})
	n := strings.Count(out.String(), "\r\n")
	out.Reset()
	s.Print("gap")
	s.Draw(View{})
	if !strings.HasPrefix(out.String(), "\x1b[4A\x1b[Jgap\r\n") || n != 4 {
		t.Errorf("%d lines, then %q", n, out.String())
	}
}
