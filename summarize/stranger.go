package summarize

import (
	"fmt"
	"math"
	"slices"

	"debrief"
)

// stranger is a prompt the network was not trained on, known by its examples and questions alone.
type stranger struct {
	prompt    int // into the scheme
	examples  [][]float32
	questions [][]float32
}

// How the belief in a strange prompt is put together, as log odds. Fitted by treating each
// prompt of the built-in scheme as a stranger with its two examples, over 5,700 client utterances
// of the corpus, the bias then lowered by 0.4 so that five tags in six are right.
const (
	strangerBias  = -3.25
	strangerNear  = 6.52 // per unit of cosine to the examples
	strangerLead  = 4.63 // per unit by which that is above the cosine to anything else
	strangerAsked = 6.02 // its question was asked, or shown, just before
	strangerFade  = 0.6  // what is left of that one turn later
	// strangerQuestion is the cosine to the wordings of a question from which a coach is asking it:
	// there five of six were right.
	strangerQuestion = 0.56
)

// meetStrangers embeds what is known of prompts that the network does not know, and finds the
// middle of all examples and questions: what any utterance of a debrief is near to.
func (t *Tagger) meetStrangers() error {
	t.mixed = make([]float32, EmbeddingDims)
	for k, p := range t.scheme.Prompts {
		if slices.Contains(t.trained, p.ID) {
			continue
		}
		s := stranger{prompt: k}
		for _, text := range p.Examples {
			e, err := t.encoder.Embed(text)
			if err != nil {
				return err
			}
			s.examples = append(s.examples, e)
		}
		for _, text := range append([]string{p.Question}, p.Questions...) {
			e, err := t.encoder.Embed(text)
			if err != nil {
				return err
			}
			s.questions = append(s.questions, e)
		}
		t.strangers = append(t.strangers, s)
	}
	if len(t.strangers) == 0 {
		return nil
	}
	builtin := DefaultScheme()
	for _, p := range builtin.Prompts {
		for _, text := range p.Examples {
			e, err := t.encoder.Embed(text)
			if err != nil {
				return fmt.Errorf("embed example of %s: %w", p.ID, err)
			}
			for i, v := range e {
				t.mixed[i] += v
			}
		}
	}
	var length float64
	for _, v := range t.mixed {
		length += float64(v * v)
	}
	for i := range t.mixed {
		t.mixed[i] /= float32(math.Sqrt(length))
	}
	return nil
}

// believeStrangers fills in the beliefs of allowed strange prompts: nearness to the examples, and
// a question shown or asked before that fades as the talk goes on.
func (t *Tagger) believeStrangers(allowed []bool, said []turn, beliefs [][]float64) {
	if len(t.strangers) == 0 {
		return
	}
	asked := make([]float64, len(t.strangers))
	for i := range said {
		r := &said[i]
		usual := cosine(r.embedding, t.mixed)
		near := make([]float64, len(t.strangers))
		for k, s := range t.strangers {
			near[k] = nearest(r.embedding, s.examples)
		}
		question, match := -1, strangerQuestion
		for k, s := range t.strangers {
			if c := nearest(r.embedding, s.questions); c >= match && r.utterance.Speaker != debrief.SpeakerClient {
				question, match = k, c
			}
			asked[k] *= strangerFade
		}
		if question >= 0 {
			clear(asked)
			asked[question] = 1
		}
		for k, s := range t.strangers {
			if !allowed[s.prompt] {
				continue
			}
			if r.utterance.Speaker == debrief.SpeakerCoach {
				if k == question {
					beliefs[i][s.prompt] = match
				}
				continue
			}
			other := usual
			for j := range near {
				if j != k {
					other = max(other, near[j])
				}
			}
			odds := strangerBias + strangerNear*near[k] + strangerLead*(near[k]-other)
			recent := asked[k]
			if r.shown == t.scheme.Prompts[s.prompt].ID {
				recent = max(recent, math.Pow(strangerFade, float64(r.since)))
			}
			beliefs[i][s.prompt] = 1 / (1 + math.Exp(-odds-strangerAsked*recent))
		}
	}
}

// nearest is the mean of the two highest cosines: one example alone is chance.
func nearest(e []float32, to [][]float32) float64 {
	first, second := -1.0, -1.0
	for _, x := range to {
		switch c := cosine(e, x); {
		case c > first:
			first, second = c, first
		case c > second:
			second = c
		}
	}
	if second < 0 {
		return first
	}
	return (first + second) / 2
}

func cosine(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i] * b[i])
	}
	return sum
}
