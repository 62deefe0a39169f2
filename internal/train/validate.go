package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"text/tabwriter"

	"debrief"
	"debrief/internal/tagnet"
	"debrief/internal/tagscore"
	"debrief/summarize"
)

// judged is one utterance with what the network thinks of it.
type judged struct {
	recording     *recording
	index         int
	right         []debrief.PromptID
	probabilities []float32
	allowed       []bool
}

// leftOut is how many hands are left out at once: each group costs as much time as the model itself.
const leftOut = 3

// crossValidate trains without each group of hands in turn, tags those hands' recordings, and prints figures.
func crossValidate(ctx context.Context, recipe tagnet.Recipe, recordings []recording, only []string, worst int) error {
	scheme := summarize.DefaultScheme()
	var hands []string
	for _, hand := range handsOf(recordings) {
		if len(only) == 0 || slices.Contains(only, hand) {
			hands = append(hands, hand)
		}
	}
	var all []judged
	for group := range slices.Chunk(hands, leftOut) {
		js, err := judge(ctx, scheme, recipe, recordings, group)
		if err != nil {
			return err
		}
		for _, hand := range group {
			fmt.Println(hand)
			table(scheme, slices.DeleteFunc(slices.Clone(js), func(j judged) bool { return j.recording.Hand() != hand }))
		}
		all = append(all, js...)
	}
	fmt.Println("all hands")
	table(scheme, all)
	byPrompt(scheme, all)
	for name, in := range map[string]func(judged) bool{"client": client, "coach": func(j judged) bool { return !client(j) }} {
		slope, shift := calibrate(scheme, all, in)
		fmt.Printf("calibration %s: slope %.3f shift %.3f\n", name, slope, shift)
	}
	if worst > 0 {
		doubts(scheme, all, worst)
	}
	return nil
}

// judge trains without some hands and tags those hands' recordings as they were written.
func judge(ctx context.Context, scheme debrief.Scheme, recipe tagnet.Recipe, recordings []recording, hands []string) ([]judged, error) {
	var others, own []recording
	for _, r := range recordings {
		if slices.Contains(hands, r.Hand()) {
			own = append(own, r)
		} else {
			others = append(others, r)
		}
	}
	e, err := learn(ctx, recipe, others)
	if err != nil {
		return nil, err
	}
	l := numbered(scheme)
	var js []judged
	for i := range own {
		x, err := own[i].example(scheme, l, 0)
		if err != nil {
			return nil, err
		}
		for k, p := range e.Probabilities(x.Sequence) {
			js = append(js, judged{&own[i], k, own[i].Utterances[k].Prompts, p, x.Allowed})
		}
	}
	return js, nil
}

// calibrate fits slope and shift of a line through the logits, by Newton's method, so that a
// belief says how often it is right.
func calibrate(scheme debrief.Scheme, js []judged, in func(judged) bool) (slope, shift float64) {
	slope = 1
	const rounds = 25 // it has converged after ten
	for range rounds {
		var g0, g1, h00, h01, h11 float64
		for _, j := range js {
			if !in(j) {
				continue
			}
			for l, p := range j.probabilities {
				if !j.allowed[l] {
					continue
				}
				q := min(max(float64(p), 1e-6), 1-1e-6)
				x := math.Log(q / (1 - q))
				y := 0.0
				if slices.Contains(j.right, scheme.Prompts[l].ID) {
					y = 1
				}
				b := 1 / (1 + math.Exp(-(slope*x + shift)))
				w := b * (1 - b)
				g0 += (b - y) * x
				g1 += b - y
				h00 += w * x * x
				h01 += w * x
				h11 += w
			}
		}
		det := h00*h11 - h01*h01
		if det == 0 {
			break
		}
		slope -= (h11*g0 - h01*g1) / det
		shift -= (h00*g1 - h01*g0) / det
	}
	return slope, shift
}

// doubts prints the lines whose labels the network finds least likely: either it is wrong, or
// the writer was.
func doubts(scheme debrief.Scheme, js []judged, n int) {
	type doubt struct {
		judged
		size float64
	}
	var ds []doubt
	for _, j := range js {
		var size float64
		for l, p := range j.probabilities {
			if !j.allowed[l] {
				continue
			}
			q := float64(p)
			if slices.Contains(j.right, scheme.Prompts[l].ID) {
				q = 1 - q
			}
			size -= math.Log(max(1-q, 1e-6))
		}
		ds = append(ds, doubt{j, size})
	}
	slices.SortStableFunc(ds, func(a, b doubt) int { return cmp.Compare(b.size, a.size) })
	for _, d := range ds[:min(n, len(ds))] {
		best := ranked(d.probabilities)[0]
		u := d.recording.Utterances[d.index]
		fmt.Printf("%s %s %v, thought %s %.2f: %s\n", d.recording.ID, u.Speaker, d.right, scheme.Prompts[best].ID, d.probabilities[best], u.Text)
	}
}

// byPrompt prints client figures for each prompt at an even threshold.
func byPrompt(scheme debrief.Scheme, js []judged) {
	s := score(scheme, js, client, 0.5)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	for _, p := range scheme.Prompts {
		if c := s.Counts[p.ID]; c != nil {
			fmt.Fprintf(w, "%s\tF1 %.3f\tprecision %.3f\trecall %.3f\tof %d\n", p.ID, c.F1(), c.Precision(), c.Recall(), c.Right+c.Missed)
		}
	}
}

func client(j judged) bool { return j.recording.Utterances[j.index].Speaker == debrief.SpeakerClient }

// table prints the figures at the best threshold for F1, and at the lowest that keeps the precision.
func table(scheme debrief.Scheme, js []judged) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintln(w, "\tthreshold\tF1\tprecision\trecall\tmacro\tfirst 3\tF1 at precision\tthreshold")
	for _, part := range []struct {
		name string
		in   func(judged) bool
	}{
		{"client", client},
		{"guided", func(j judged) bool { return client(j) && !j.recording.Monologue }},
		{"monologue", func(j judged) bool { return client(j) && j.recording.Monologue }},
		{"coach", func(j judged) bool { return !client(j) }},
	} {
		var best *tagscore.Score
		var at float32
		var atPrecision float64
		var strict float32
		for t := float32(0.20); t < 0.8; t += 0.02 {
			s := score(scheme, js, part.in, t)
			if m := s.Micro(); best == nil || m.F1() > best.Micro().F1() {
				best, at = s, t
			}
			if m := s.Micro(); m.Precision() >= 0.85 && m.F1() > atPrecision {
				atPrecision, strict = m.F1(), t
			}
		}
		m := best.Micro()
		fmt.Fprintf(w, "%s\t%.2f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.2f\n", part.name, at, m.F1(), m.Precision(), m.Recall(), best.MacroF1(), best.TopThree(), atPrecision, strict)
	}
}

func score(scheme debrief.Scheme, js []judged, in func(judged) bool, threshold float32) *tagscore.Score {
	s := tagscore.New()
	for _, j := range js {
		if !in(j) {
			continue
		}
		var assigned, suggested []debrief.PromptID
		for _, l := range ranked(j.probabilities) {
			if j.probabilities[l] >= threshold && len(assigned) < debrief.MaxTags {
				assigned = append(assigned, scheme.Prompts[l].ID)
			} else {
				suggested = append(suggested, scheme.Prompts[l].ID)
			}
		}
		s.Add(j.right, assigned, suggested)
	}
	return s
}

func ranked(p []float32) []int {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] > p[b]:
			return -1
		case p[a] < p[b]:
			return 1
		}
		return 0
	})
	return order
}
