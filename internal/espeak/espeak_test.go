package espeak

import (
	"math"
	"slices"
	"testing"

	"debrief"
)

// The times are the sound's: just before a word that follows a pause there is silence, and at
// its start there is none.
func TestWordsStartWhereTheSoundDoes(t *testing.T) {
	pcm, words, err := Speak(t.Context(), "en-us", []string{"Open the window.", "After rain, everything was green.", "Again."})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, w := range words {
		texts = append(texts, w.Text)
	}
	if want := []string{"open", "the", "window", "after", "rain", "everything", "was", "green", "again"}; !slices.Equal(texts, want) {
		t.Fatalf("words %q, want %q", texts, want)
	}
	loudest := func(from, to float64) (most int) {
		for _, s := range pcm[debrief.SamplesOf(from):debrief.SamplesOf(to)] {
			most = max(most, int(s), -int(s))
		}
		return most
	}
	for _, i := range []int{3, 5, 8} { // after, everything, again
		at := words[i].Start
		if before, after := loudest(at-0.15, at-0.03), loudest(at, at+0.1); before*10 > after {
			t.Errorf("%q at %.3f s: %d before it and %d in it", words[i].Text, at, before, after)
		}
	}
}

func TestSpeakWithAVoiceThereIsNot(t *testing.T) {
	if _, _, err := Speak(t.Context(), "nobody", []string{"Hello."}); err == nil {
		t.Error("nobody spoke without an error")
	}
}

func TestLate(t *testing.T) {
	spoken := []Word{{1, "the"}, {2, "sea"}, {3, "the"}, {4, "light"}}
	heard := []Word{{1.1, "the"}, {2, "see"}, {3.2, "the"}, {3.9, "light"}, {9, "light"}}
	late := Late(spoken, heard)
	if len(late) != 3 {
		t.Fatalf("late by %v, want three words", late)
	}
	for i, want := range []float64{0.1, 0.2, -0.1} {
		if math.Abs(late[i]-want) > 1e-9 {
			t.Errorf("word %d is late by %v, want %v", i, late[i], want)
		}
	}
}
