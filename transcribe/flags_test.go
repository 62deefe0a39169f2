package transcribe

import (
	"slices"
	"strings"
	"testing"

	"debrief"
)

func TestFlags(t *testing.T) {
	said := func(text string, confidence float64) debrief.Utterance {
		u := debrief.Utterance{Span: debrief.Span{Start: 16000, End: 64000}, Text: text, Confidence: confidence}
		for range strings.Fields(text) {
			u.Words = append(u.Words, debrief.Word{})
		}
		return u
	}
	speech := []debrief.Span{{Start: 15000, End: 65000}}
	caps := Capabilities{MinConfidence: 0.5}
	for _, c := range []struct {
		name string
		u    debrief.Utterance
		d    doubts
		want []debrief.Flag
	}{
		{"clear speech", said("I was by the sea.", 0.9), doubts{speech: speech}, nil},
		{"a confidence that is not told is no doubt", said("I was by the sea.", 0), doubts{speech: speech}, nil},
		{"low confidence", said("I was by the sea.", 0.3), doubts{speech: speech}, []debrief.Flag{debrief.FlagLowConfidence}},
		{"a loop", said(strings.Repeat("and then ", 6)+strings.Repeat("again and then ", 12), 0.9), doubts{speech: []debrief.Span{{Start: 0, End: 640000}}},
			[]debrief.Flag{debrief.FlagRepetition, debrief.FlagNoSpeech}},
		{"no speech below", said("I was by the sea.", 0.9), doubts{speech: []debrief.Span{{Start: 0, End: 16100}}}, []debrief.Flag{debrief.FlagNoSpeech}},
		{"nobody says that", said("Thanks for watching!", 0.9), doubts{speech: speech}, []debrief.Flag{debrief.FlagPhantom}},
		{"people say that", said("Thank you.", 0.9), doubts{speech: speech}, nil},
		{"people say that, but not here", said("Thank you.", 0.9), doubts{speech: speech, noSpeech: 0.2}, []debrief.Flag{debrief.FlagPhantom}},
		{"what was sent", said("Rosalind, Merriweather, ketamine, lozenge.", 0.9), doubts{speech: speech, sent: "Rosalind, Merriweather, ketamine, lozenge"}, []debrief.Flag{debrief.FlagPromptEcho}},
		{"a part of what was sent, all the engine said", said("Rosalind.", 0.9), doubts{speech: speech, sent: "Rosalind, Merriweather, ketamine, lozenge", passages: []string{"Rosalind. Merriweather, ketamine, lozenge."}}, []debrief.Flag{debrief.FlagPromptEcho}},
		{"one of the words sent", said("Ketamine, again.", 0.9), doubts{speech: speech, sent: "Rosalind, Merriweather, ketamine, lozenge"}, nil},
		{"another language", said("Mae hi'n braf.", 0.9), doubts{speech: speech, expected: "en", heard: "cy"}, []debrief.Flag{debrief.FlagWrongLanguage}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.d.caps = caps
			before := c.u.Text
			c.d.flag(&c.u)
			if !slices.Equal(c.u.Flags, c.want) || c.u.Text != before {
				t.Errorf("flags %v of %q, want %v", c.u.Flags, c.u.Text, c.want)
			}
		})
	}
}

func TestCapabilitiesTable(t *testing.T) {
	table, err := readTable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range table.Models {
		if c.MaxSeconds <= 0 || c.Parallel <= 0 {
			t.Errorf("%s: max_seconds %v, parallel %d", c.Name, c.MaxSeconds, c.Parallel)
		}
	}
	if always, sometimes := phantomPhrases(); len(always) == 0 || len(sometimes) == 0 {
		t.Error("no phantom phrases")
	}
}
