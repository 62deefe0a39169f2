package summarize

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"debrief"
)

const (
	// clientThreshold and coachThreshold are the lowest beliefs that make a tag: the middle of those with an
	// F1 within 0.002 of the best on hands of the corpus that the network had not seen, with more than 85 %
	// of tags right there (go run ./internal/train -cv).
	clientThreshold = 0.42
	coachThreshold  = 0.46
	// suggestionFloor is the least belief worth a coach's glance.
	suggestionFloor = 0.02
	// maxSuggested prompts are named beside the tags.
	maxSuggested = 3
)

// The lines through the logits that make the network's probabilities say how often they are right,
// fitted on unseen hands by go run ./internal/train -cv: by itself it is too sure.
const (
	clientSlope, clientShift = 0.87, -0.31
	coachSlope, coachShift   = 0.90, -0.19
)

// calibrated turns a probability of the network into one to believe.
func calibrated(client bool, p float64) float64 {
	slope, shift := clientSlope, clientShift
	if !client {
		slope, shift = coachSlope, coachShift
	}
	const edge = 1e-6 // keeps the logarithm finite
	p = min(max(p, edge), 1-edge)
	return 1 / (1 + math.Exp(-(slope*math.Log(p/(1-p)) + shift)))
}

// decide makes tags of beliefs: what is above the threshold is assigned, the next best are suggested.
func decide(scheme debrief.Scheme, said []turn, beliefs [][]float64, out []debrief.UtteranceTags) {
	why := witness{scheme: scheme}
	for i := range said {
		r := &said[i]
		threshold := clientThreshold
		if !r.client() {
			threshold = coachThreshold
		}
		order := make([]int, len(scheme.Prompts))
		for k := range order {
			order[k] = k
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(beliefs[i][b], beliefs[i][a]) })
		tags := &out[r.index]
		for _, k := range order {
			belief := beliefs[i][k]
			tag := debrief.Tag{Prompt: scheme.Prompts[k].ID, Confidence: math.Round(belief*1000) / 1000}
			tag.Source, tag.Evidence = why.of(r, &scheme.Prompts[k])
			switch {
			case belief >= threshold && len(tags.Prompts) < debrief.MaxTags:
				tags.Prompts = append(tags.Prompts, tag)
			case belief >= suggestionFloor && len(tags.Suggested) < maxSuggested:
				tags.Suggested = append(tags.Suggested, tag)
			}
		}
		why.heard(r, tags.Prompts)
	}
}

// witness remembers, on its way through a recording, what speaks for a prompt.
type witness struct {
	scheme debrief.Scheme
	asked  []debrief.PromptID // by the coach, last
	at     debrief.Samples
	before []debrief.PromptID // what the client's last turn answered
}

// of names the strongest source and says why in one phrase.
func (w *witness) of(r *turn, p *debrief.Prompt) (debrief.TagSource, string) {
	switch {
	case !r.client():
		return debrief.SourceModel, fmt.Sprintf(debrief.EvidenceAsks, p.Name)
	case r.shown == p.ID:
		return debrief.SourceMarker, fmt.Sprintf(debrief.EvidenceShown, r.shownAt)
	case slices.Contains(w.asked, p.ID):
		return debrief.SourceQuestion, fmt.Sprintf(debrief.EvidenceAsked, w.at)
	case slices.Contains(w.before, p.ID):
		return debrief.SourceModel, debrief.EvidenceContinues
	}
	return debrief.SourceModel, fmt.Sprintf(debrief.EvidenceNearest, p.Name)
}

// heard takes note of what was decided.
func (w *witness) heard(r *turn, tags []debrief.Tag) {
	var prompts []debrief.PromptID
	for _, t := range tags {
		prompts = append(prompts, t.Prompt)
	}
	switch {
	case r.client():
		w.before = prompts
	case len(prompts) > 0:
		w.asked, w.at = prompts, r.utterance.Start
	}
}
