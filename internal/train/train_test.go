package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"debrief"
	"debrief/internal/misheard"
	"debrief/internal/tagnet"
	"debrief/summarize"
	"debrief/summarize/corpus"

	"pgregory.net/rapid"
)

// TestSpoilKeepsLabelsWithWords: however a recogniser cuts and joins, what was said of a prompt
// stays with it.
func TestSpoilKeepsLabelsWithWords(t *testing.T) {
	prompts := []debrief.PromptID{"body", "imagery", "standout"}
	rapid.Check(t, func(rt *rapid.T) {
		var us []corpus.Utterance
		for i := range rapid.IntRange(1, 12).Draw(rt, "n") {
			k := rapid.IntRange(0, len(prompts)-1).Draw(rt, "prompt")
			text := fmt.Sprintf("%s%d", prompts[k], i)
			for j := range rapid.IntRange(0, 20).Draw(rt, "words") {
				text += fmt.Sprintf(" %s%d.%d", prompts[k], i, j)
			}
			us = append(us, corpus.Utterance{Speaker: debrief.SpeakerClient, Prompts: prompts[k : k+1], Text: text})
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		for _, u := range spoil(rng, misheard.New(nil), us, 0) {
			for _, p := range prompts {
				if p != u.Prompts[0] && containsWord(u.Text, string(p)) {
					rt.Fatalf("%q carries %s", u.Text, u.Prompts[0])
				}
			}
		}
	})
}

func containsWord(text, start string) bool {
	for i := 0; i+len(start) <= len(text); i++ {
		if text[i:i+len(start)] == start {
			return true
		}
	}
	return false
}

// TestVaryKeepsLabelsWithUtterances: shuffling and cropping move both alike, and the example
// itself stays as it was.
func TestVaryKeepsLabelsWithUtterances(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := tagnet.Example{Sequence: tagnet.Sequence{Session: 2, Allowed: []bool{true, true, true}}}
		for i := range rapid.IntRange(1, 40).Draw(rt, "n") {
			l := rapid.IntRange(0, 2).Draw(rt, "label")
			coach := share(rapid.Bool().Draw(rt, "coach"))
			x.Utterances = append(x.Utterances, tagnet.Utterance{Text: fmt.Sprint(l, " ", i), Client: 1 - coach, Coach: coach, Marker: -1})
			x.Labels = append(x.Labels, []int{l})
		}
		before := slices.Clone(x.Utterances)
		got := vary(rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0)), x)
		if len(got.Labels) != len(got.Utterances) || len(got.Labels) == 0 {
			rt.Fatalf("%d labels for %d utterances", len(got.Labels), len(got.Utterances))
		}
		for i, u := range got.Utterances {
			if u.Text[:1] != fmt.Sprint(got.Labels[i][0]) {
				rt.Fatalf("utterance %q has label %v", u.Text, got.Labels[i])
			}
			if u.Marker < -1 || u.Marker > 2 {
				rt.Fatalf("marker %d", u.Marker)
			}
		}
		for i := range before {
			if x.Utterances[i].Marker != before[i].Marker || x.Utterances[i].Client != before[i].Client {
				rt.Fatal("the example itself was changed")
			}
		}
	})
}

// TestShuffledKeepsWhatIsAskedFurther: blocks change places, but who asks further about something still follows its answer.
func TestShuffledKeepsWhatIsAskedFurther(t *testing.T) {
	var x tagnet.Example
	for _, turn := range []struct {
		coach float32
		label int
		text  string
	}{{1, 0, "Any feeling in your hands?"}, {0, 0, "Numb."}, {1, 0, "Still?"}, {0, 0, "A bit."}, {1, 1, "What did you see?"}, {0, 1, "A door."}, {1, 2, "And your mood?"}, {0, 2, "Calm."}} {
		x.Utterances = append(x.Utterances, tagnet.Utterance{Text: turn.text, Coach: turn.coach, Client: 1 - turn.coach})
		x.Labels = append(x.Labels, []int{turn.label})
	}
	first := map[string]bool{}
	for seed := range uint64(50) {
		got := shuffled(rand.New(rand.NewPCG(seed, 0)), x).Utterances
		first[got[0].Text] = true
		for i, u := range got {
			if u.Text == "Still?" && (i == 0 || got[i-1].Text != "Numb.") {
				t.Fatalf("asked further out of place: %v", got)
			}
		}
	}
	if len(first) != 3 {
		t.Errorf("blocks begin with %v, want each of the three", first)
	}
}

func TestEveryLabelOfTheCorpusIsInTheScheme(t *testing.T) {
	debriefs, err := corpus.Read()
	if err != nil {
		t.Fatal(err)
	}
	scheme := summarize.DefaultScheme()
	l := numbered(scheme)
	for _, d := range debriefs {
		allowed := summarize.Allowed(scheme, d.Phase, d.Session)
		for _, u := range d.Utterances {
			ls, err := l.of(u.Prompts)
			if err != nil {
				t.Fatalf("%s: %v", d.ID, err)
			}
			for _, k := range ls {
				if !allowed[k] {
					t.Errorf("%s: %s cannot be answered in %s, session %d", d.ID, scheme.Prompts[k].ID, d.Phase, d.Session)
				}
			}
		}
	}
}
