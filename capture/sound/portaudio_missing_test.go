//go:build !cgo || noportaudio

package sound

import (
	"os"
	"strings"
	"testing"

	"debrief"
)

// TestWithoutPortAudio holds that a build without PortAudio says how to get it.
func TestWithoutPortAudio(t *testing.T) {
	h, err := NewHost(Config{Child: []string{os.Args[0], childArg}})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	h.pulse = nil
	if _, err := h.Devices(t.Context()); !strings.Contains(debrief.Hint(err), "portaudio19-dev") {
		t.Errorf("%v, hint %q", err, debrief.Hint(err))
	}
	s, err := h.Open(t.Context(), Device{Name: "lapel"})
	if err != nil {
		t.Fatal(err)
	}
	for range s.Frames() {
		t.Error("a frame out of nothing")
	}
	if !strings.Contains(debrief.Hint(s.Err()), "portaudio19-dev") {
		t.Errorf("%v, hint %q", s.Err(), debrief.Hint(s.Err()))
	}
}
