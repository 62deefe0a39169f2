package summarize

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"debrief"
)

// ExtractiveEngine names this way of summarising and its version in [debrief.Summary.Engine].
const ExtractiveEngine = "extractive-1"

// The bounds of an extractive summary.
const (
	// sentencesPerPrompt is as much as a coach reads before opening the passage itself.
	sentencesPerPrompt = 3
	// quoteWords is how long a quote may get by taking in the next sentence of the same utterance: "Put your arm out. I've
	// written it on an envelope." belongs together, and twenty-five words are read at a glance.
	quoteWords = 25
	// nearDuplicate is the share of stems two passages may have in common before one of them is left out.
	nearDuplicate = 0.5
	// halfInformation is the number of content words at which a passage counts half; from about four times
	// as many on, more words add next to nothing.
	halfInformation = 3.0
	// questionWeight and elsewhereWeight let a plain statement go before a question of the client and
	// before a passage that already stands under another prompt.
	questionWeight  = 0.4
	elsewhereWeight = 0.5
)

// SummarizerConfig is what a [Summarizer] works with.
type SummarizerConfig struct {
	Scheme debrief.Scheme
	Now    func() time.Time // default time.Now
}

// Summarizer chooses, for each prompt, the client's own sentences that say most. It writes nothing itself.
type Summarizer struct {
	scheme debrief.Scheme
	now    func() time.Time
}

// NewSummarizer checks the scheme.
func NewSummarizer(c SummarizerConfig) (*Summarizer, error) {
	if err := c.Scheme.Validate(); err != nil {
		return nil, fmt.Errorf("make a summarizer: %w", err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Summarizer{c.Scheme, c.Now}, nil
}

// Engine names this way of summarising.
func (s *Summarizer) Engine() string { return ExtractiveEngine }

// Summarize quotes the client's best passages under each prompt of the recording's phase, in the order they were
// said. Doubtful utterances and those of any other speaker are never quoted. A prompt without an answer is open; a
// recording in which nothing usable was said has no prompts and says why in Empty.
func (s *Summarizer) Summarize(ctx context.Context, rec *debrief.Recording, t *debrief.Transcript, tags *debrief.Tags) (*debrief.Summary, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sum := newSummary(rec, t, tags, ExtractiveEngine, s.now())
	used := map[debrief.Quote]bool{}
	for _, p := range s.scheme.For(rec.Phase, rec.Session) {
		said := choose(candidates(t, tags, p.ID, used))
		if len(said) == 0 {
			if p.AskedIn(rec.Phase, rec.Session) {
				sum.Open = append(sum.Open, p.ID)
			}
			continue
		}
		ps := debrief.PromptSummary{Prompt: p.ID}
		for _, c := range said {
			used[c.quote] = true
			ps.Sentences = append(ps.Sentences, debrief.Sentence{Text: smooth(c.quote.Text), Quote: c.quote})
		}
		sum.Prompts = append(sum.Prompts, ps)
	}
	sum.Empty = whyEmpty(t, sum)
	return sum, nil
}

func newSummary(rec *debrief.Recording, t *debrief.Transcript, tags *debrief.Tags, engine string, made time.Time) *debrief.Summary {
	return &debrief.Summary{
		Recording: rec.ID,
		Engine:    engine,
		Input:     debrief.SummaryInput(t, tags),
		Made:      made.UTC(),
		Prompts:   []debrief.PromptSummary{},
	}
}

// whyEmpty says why a summary holds nothing, and "" when it does.
func whyEmpty(t *debrief.Transcript, s *debrief.Summary) string {
	if len(s.Prompts) > 0 {
		return ""
	}
	clients := func(u debrief.Utterance) bool { return u.Speaker == debrief.SpeakerClient }
	switch {
	case len(t.Utterances) == 0:
		return "no speech was heard"
	case t.Empty():
		return "nothing that was heard can be trusted"
	case !slices.ContainsFunc(t.Utterances, func(u debrief.Utterance) bool { return clients(u) && u.Usable() }):
		return "nothing the client said could be used"
	}
	return "nothing the client said answers a prompt"
}

// candidate is a passage that may stand under a prompt.
type candidate struct {
	quote debrief.Quote
	stems []string
	score float64
}

// candidates are all passages of the client's utterances tagged with the prompt.
func candidates(t *debrief.Transcript, tags *debrief.Tags, id debrief.PromptID, used map[debrief.Quote]bool) []candidate {
	var out []candidate
	for _, ut := range tags.Utterances {
		confidence := tagConfidence(ut, id)
		if confidence == 0 || ut.Index < 0 || ut.Index >= len(t.Utterances) {
			continue
		}
		u := &t.Utterances[ut.Index]
		if u.Speaker != debrief.SpeakerClient || !u.Usable() {
			continue
		}
		for _, p := range grouped(u.Text, quoteWords) {
			said := u.Text[p.start:p.end]
			if asksListener(said) || len(essential(spokenWords(said))) == 0 { // a bare "Mm." tells nothing
				continue
			}
			c := candidate{quote: quoteAt(u, ut.Index, p.start, p.end), stems: contentStems(said)}
			c.score = confidence * information(c, used)
			out = append(out, c)
		}
	}
	return out
}

// tagConfidence is how sure it is that the utterance answers the prompt; 0 when it is not tagged with it.
// What a coach decided counts as certain.
func tagConfidence(ut debrief.UtteranceTags, id debrief.PromptID) float64 {
	for _, tag := range ut.Prompts {
		switch {
		case tag.Prompt != id:
		case tag.Source == debrief.SourceCoach:
			return 1
		default:
			return max(tag.Confidence, 1e-6)
		}
	}
	return 0
}

// information weighs a passage by what it tells, 0-1.
func information(c candidate, used map[debrief.Quote]bool) float64 {
	n := float64(len(c.stems))
	// A bare "No." answers as well; it only goes last.
	score := max(n/(n+halfInformation), 0.01)
	if c.quote.Text[len(c.quote.Text)-1] == '?' {
		score *= questionWeight
	}
	if used[c.quote] {
		score *= elsewhereWeight
	}
	return score
}

// choose takes the best passages that do not say the same twice, and returns them in time order. Passages without
// a content word are taken only where there is nothing else.
func choose(all []candidate) []candidate {
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	var out []candidate
	for _, c := range all {
		if len(out) == sentencesPerPrompt || len(out) > 0 && len(c.stems) == 0 {
			break
		}
		if !slices.ContainsFunc(out, func(o candidate) bool { return overlap(o.stems, c.stems) > nearDuplicate }) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.quote.Start, b.quote.Start), cmp.Compare(a.quote.Utterance, b.quote.Utterance))
	})
	return out
}

// overlap is the share of the shorter list's entries that the other has too.
func overlap(a, b []string) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) == 0 {
		return 0
	}
	n := 0
	for _, s := range a {
		if slices.Contains(b, s) {
			n++
		}
	}
	return float64(n) / float64(len(a))
}
