package summarize

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"debrief"
)

func TestDefaultScheme(t *testing.T) {
	s := DefaultScheme()
	want := map[debrief.Phase]int{debrief.Preparation: 4, debrief.Immediate: 4, debrief.Followup: 5}
	for phase, n := range want {
		if got := len(s.For(phase, 1)); got != n {
			t.Errorf("session 1 %s has %d prompts, want %d", phase, got, n)
		}
	}
	if got := len(s.For(debrief.Immediate, 2)); got != 5 {
		t.Errorf("session 2 immediate has %d prompts, want 5: alignment may be answered there", got)
	}
	body, err := s.Prompt("body")
	if err != nil {
		t.Fatal(err)
	}
	if body.Window == nil || body.Window.From != 15*time.Minute || body.Window.To != 30*time.Minute {
		t.Errorf("body window = %+v, want 15-30 min", body.Window)
	}
	if _, err := s.Prompt("weather"); !errors.Is(err, debrief.ErrUnknownPrompt) {
		t.Errorf("unknown prompt: %v", err)
	}
}

func TestReadSchemeErrors(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"Empty":        {"", "empty"},
		"Malformed":    {"name: [", ""},
		"UnknownField": {"name: a\nversion: '1'\npromts: []\n", "promts"},
		"NoExamples":   {"name: a\nversion: '1'\nprompts: [{id: x, question: q, phase: immediate}]\n", "example"},
		"TwiceSameID":  {"name: a\nversion: '1'\nprompts:\n- {id: x, question: q, phase: immediate, examples: [e]}\n- {id: x, question: q, phase: immediate, examples: [e]}\n", "twice"},
		"NoSession":    {"name: a\nversion: '1'\nprompts: [{id: x, question: q, phase: immediate, from_session: 100, examples: [e]}]\n", "from_session"},
		"UnknownPhase": {"name: a\nversion: '1'\nprompts: [{id: x, question: q, phase: noon, examples: [e]}]\n", "noon"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadScheme(strings.NewReader(c.yaml))
			if !errors.Is(err, debrief.ErrBadScheme) {
				t.Fatalf("error = %v, want ErrBadScheme", err)
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q should be one line that names %q", err, c.want)
			}
			if debrief.Hint(err) == "" {
				t.Error("no hint")
			}
		})
	}
}

func FuzzReadScheme(f *testing.F) {
	f.Add(builtinScheme)
	f.Add([]byte("name: a\nversion: '1'\nprompts: [{id: x, question: q, phase: immediate, examples: [e]}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadScheme(bytes.NewReader(data))
		if err == nil && s.Validate() != nil {
			t.Error("accepted a scheme that does not validate")
		}
	})
}
