package summarize

import (
	"slices"
	"testing"
)

func TestPassages(t *testing.T) {
	for in, want := range map[string][]string{
		"": nil,
		"The boat. I keep coming back to that boat.":             {"The boat. I keep coming back to that boat."},
		"I was calm all the time. Then I was not so calm. Flat.": {"I was calm all the time.", "Then I was not so calm. Flat."},
		"Flat. Just flat.": {"Flat. Just flat."},
		"I went to see Dr. Lee about the foot. I was, um... fine then.": {"I went to see Dr. Lee about the foot.", "I was, um... fine then."},
		"he said \"go on then.\" And I went there at 3.5 metres":        {"he said \"go on then.\"", "And I went there at 3.5 metres"},
		"  no stop in it at all  ":                                      {"no stop in it at all"},
	} {
		var got []string
		for _, p := range passages(in) {
			got = append(got, in[p.start:p.end])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestAsksListener(t *testing.T) {
	for text, want := range map[string]bool{
		"And how does to-day fit with your first treatment?":                   true,
		"Which old habit feels less important to you to-day":                   true,
		"Did anything fall into place, something you understood in a new way?": true,
		"Did I tell you about the boat?":                                       false,
		"Is that ridiculous? I felt fond of it.":                               false,
		"You could see the whole valley.":                                      false,
		"How odd. The boat was back.":                                          false,
		"When you lie there it comes on its own.":                              false,
		"What you see there is only light.":                                    false,
	} {
		if got := asksListener(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzPassages(f *testing.F) {
	f.Add("The boat. I keep... coming? Back! 3.5 Dr. Lee \xff \" ")
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, p := range passages(text) {
			if p.start < last || p.end <= p.start || p.end > len(text) {
				t.Fatalf("passage %d-%d after %d in %q", p.start, p.end, last, text)
			}
			last = p.end
		}
	})
}
