package pipeline

import (
	"errors"
	"slices"
	"testing"

	"debrief"
)

// steps writes down what it is told.
type steps struct {
	deaf
	told []string
}

func (s *steps) Step(_, step string) { s.told = append(s.told, step) }

func TestTake(t *testing.T) {
	s, st := newShelf(), &stages{wrote: "e", scheme: "s@1"}
	p := newPipeline(t, s, st, minuteAndHalf)
	var w steps
	r := p.Take(t.Context(), write(t, "sound.bin", "a"), "Evening Memo.WAV", target, &w)
	if r.Outcome != Done || r.Recording.Original.Name != "Evening Memo.WAV" || r.Recording.Original.Ext != ".wav" {
		t.Fatalf("taken as %+v, %+v", r, r.Recording)
	}
	if want := []string{"storing", "transcribing", "tagging", "summarising"}; !slices.Equal(w.told, want) {
		t.Errorf("told %q, want %q", w.told, want)
	}
	t.Run("TheSameBytesUnderAnotherName", func(t *testing.T) {
		if again := p.Take(t.Context(), write(t, "b.wav", "a"), "b.wav", target, deaf{}); again.Outcome != Unchanged || again.Recording.ID != r.Recording.ID {
			t.Errorf("%+v", again)
		}
	})
	t.Run("FinishMakesWhatIsStale", func(t *testing.T) {
		st.scheme = "s@2"
		if again := p.Finish(t.Context(), target.Client, r.Recording.ID, deaf{}); again.Outcome != Done || st.heard != 1 || st.tagged != 2 {
			t.Errorf("%+v, heard %d, tagged %d", again, st.heard, st.tagged)
		}
	})
	t.Run("FinishNothing", func(t *testing.T) {
		if r := p.Finish(t.Context(), target.Client, "01HZZZZZZZZZZZZZZZZZZZZZZZ", deaf{}); r.Outcome != Failed || !errors.Is(r.Err, debrief.ErrNotFound) {
			t.Errorf("%+v", r)
		}
	})
}
