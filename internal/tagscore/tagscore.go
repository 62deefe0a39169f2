// Package tagscore counts how well prompts were assigned: precision, recall and F1 by prompt
// and in total, and how often the right prompt was among the first three.
//
// Call [New], then [Score.Add] for each utterance. It never decides anything.
package tagscore

import (
	"slices"

	"debrief"
)

// Score is a running count; the zero value of its Counts is ready.
type Score struct {
	Counts map[debrief.PromptID]*Count
	Rights int // prompts that were right
	Three  int // of those, among the first three named
}

// New returns an empty score.
func New() *Score { return &Score{Counts: map[debrief.PromptID]*Count{}} }

// Count counts one prompt.
type Count struct{ Right, Wrong, Missed int }

// Precision is the share of assigned prompts that were right; 0 when none was assigned.
func (c Count) Precision() float64 { return share(c.Right, c.Right+c.Wrong) }

// Recall is the share of right prompts that were assigned.
func (c Count) Recall() float64 { return share(c.Right, c.Right+c.Missed) }

// F1 is the harmonic mean of precision and recall.
func (c Count) F1() float64 { return share(2*c.Right, 2*c.Right+c.Wrong+c.Missed) }

func share(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// Add compares the prompts assigned to one utterance, then those suggested, best first, with
// the right ones.
func (s *Score) Add(right, assigned, suggested []debrief.PromptID) {
	first := append(slices.Clone(assigned), suggested...)
	first = first[:min(3, len(first))]
	for _, p := range right {
		c := s.count(p)
		if slices.Contains(assigned, p) {
			c.Right++
		} else {
			c.Missed++
		}
		s.Rights++
		if slices.Contains(first, p) {
			s.Three++
		}
	}
	for _, p := range assigned {
		if !slices.Contains(right, p) {
			s.count(p).Wrong++
		}
	}
}

func (s *Score) count(p debrief.PromptID) *Count {
	c := s.Counts[p]
	if c == nil {
		c = &Count{}
		s.Counts[p] = c
	}
	return c
}

// Micro counts all prompts together.
func (s *Score) Micro() Count {
	var sum Count
	for _, c := range s.Counts {
		sum.Right += c.Right
		sum.Wrong += c.Wrong
		sum.Missed += c.Missed
	}
	return sum
}

// MacroF1 is the mean F1 of the prompts that were right at least once.
func (s *Score) MacroF1() float64 {
	var sum float64
	n := 0
	for _, c := range s.Counts {
		if c.Right+c.Missed > 0 {
			sum += c.F1()
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// TopThree is the share of right prompts that were among the first three named.
func (s *Score) TopThree() float64 { return share(s.Three, s.Rights) }
