package debrief

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Review is what people did to a recording: edits of the text, decisions about tags, edits of the summary, and notes.
// Machine-made documents are never changed by it; it is laid over them by [Review.Apply] and
// [Review.ApplySummary], and by nothing else. Lists are in the order in which things were done, and only grow: what
// was there before an edit stays readable, and a later entry about the same thing counts instead of an earlier one.
// The one exception are private notes: the words of one that was changed or taken away are gone.
type Review struct {
	Recording RecordingID   `json:"recording"`
	Edits     []Edit        `json:"edits,omitempty"`
	Decisions []Decision    `json:"decisions,omitempty"`
	Summary   []SummaryEdit `json:"summary,omitempty"`
	Notes     []Note        `json:"notes,omitempty"`
	Settled   []Settled     `json:"settled,omitempty"`
}

// Anchor ties an entry to an utterance by when it was said, not by its number alone: a transcript made again may cut
// differently, and an edit must neither be lost nor land on other words.
type Anchor struct {
	Span
	Utterance int `json:"utterance"` // its index when the entry was made
}

// AnchorOf is the anchor of an utterance of the transcript.
func AnchorOf(t *Transcript, index int) Anchor {
	return Anchor{Span: t.Utterances[index].Span, Utterance: index}
}

// Find returns the index of the utterance the anchor means: the one with the same span, or else the one that shares
// more than half of its time with it and the other way round. It returns -1 when there is none.
func (a Anchor) Find(t *Transcript) int {
	same := func(u Utterance) bool { return u.Span == a.Span }
	if a.Utterance >= 0 && a.Utterance < len(t.Utterances) && same(t.Utterances[a.Utterance]) {
		return a.Utterance
	}
	if i := slices.IndexFunc(t.Utterances, same); i >= 0 {
		return i
	}
	return slices.IndexFunc(t.Utterances, func(u Utterance) bool {
		shared := 2 * u.Overlap(a.Span)
		return shared > u.Len() && shared > a.Len()
	})
}

// Edit is one revision of an utterance.
type Edit struct {
	Anchor
	Text    *string   `json:"text,omitempty"`    // nil leaves it; "" says that nobody spoke
	Speaker Speaker   `json:"speaker,omitempty"` // empty leaves it
	Author  string    `json:"author"`
	At      time.Time `json:"at"`
}

// Verdict is what a person decided about a prompt of an utterance.
type Verdict string

// The verdicts. Accepted is about a tag or suggestion a machine made, Set about one it did not;
// Withdrawn takes back what was decided before, so that the machine's word stands again.
const (
	Accepted  Verdict = "accepted"
	Rejected  Verdict = "rejected"
	Set       Verdict = "set"
	Withdrawn Verdict = "withdrawn"
)

// Decision is what a coach decided about one prompt of one utterance. No machine overrules it.
type Decision struct {
	Anchor
	Prompt  PromptID  `json:"prompt"`
	Verdict Verdict   `json:"verdict"`
	Reason  string    `json:"reason,omitempty"`
	Author  string    `json:"author"`
	At      time.Time `json:"at"`
}

// SummaryEdit changes what a summary says with one quote: another wording, a sentence of the coach's choice, or none.
type SummaryEdit struct {
	Prompt PromptID  `json:"prompt"`
	Quote  Quote     `json:"quote"`
	Text   string    `json:"text,omitempty"` // the new wording; empty keeps the machine's, or the quote itself
	Hidden bool      `json:"hidden,omitempty"`
	Author string    `json:"author"`
	At     time.Time `json:"at"`
}

// Note is a remark of the coach, on an utterance or, without an anchor, on the recording.
// With Replaces it takes the place of an earlier one; without a text it then takes it away.
type Note struct {
	Replaces *int `json:"replaces,omitempty"` // index into [Review.Notes]

	Anchor  *Anchor   `json:"anchor,omitempty"`
	Text    string    `json:"text"`
	Private bool      `json:"private"` // the author's only: never exported, never sent, never shown to anybody else
	Author  string    `json:"author"`
	At      time.Time `json:"at"`
}

// CurrentNotes are the notes that count, by their index in [Review.Notes]: without those that another took the place
// of, and without those taken away. A nil review has none.
func (r *Review) CurrentNotes() map[int]Note {
	out := map[int]Note{}
	if r == nil {
		return out
	}
	for i, n := range r.Notes {
		if n.Replaces != nil {
			delete(out, *n.Replaces)
		}
		if n.Text != "" {
			out[i] = n
		}
	}
	return out
}

// SharedNotes are the notes that count and may leave the author's eyes. A nil review has none.
func (r *Review) SharedNotes() []Note {
	var out []Note
	current := r.CurrentNotes()
	for _, i := range slices.Sorted(maps.Keys(current)) {
		if n := current[i]; !n.Private {
			out = append(out, n)
		}
	}
	return out
}

// Settled says that a person has dealt with what was stranded at an anchor: put it elsewhere, or let it go. Back takes that back.
type Settled struct {
	Anchor
	Back   bool      `json:"back,omitempty"`
	Author string    `json:"author"`
	At     time.Time `json:"at"`
}

// Apply lays the review over a transcript and its tags and returns both as they count now. The arguments stay as they
// are; tags may be nil. A nil review changes nothing.
func (r *Review) Apply(t *Transcript, tags *Tags) (*Transcript, *Tags) {
	if r == nil {
		return t, tags
	}
	edited, decided := r.applyEdits(t), r.applyDecisions(t, tags)
	if decided != nil {
		// Where a person heard nobody, no machine's tag stays.
		decided.Utterances = slices.DeleteFunc(decided.Utterances, func(u UtteranceTags) bool {
			return u.Index < len(t.Utterances) && t.Utterances[u.Index].Usable() && edited.Utterances[u.Index].Text == "" &&
				!slices.ContainsFunc(u.Prompts, func(p Tag) bool { return p.Source == SourceCoach })
		})
	}
	return edited, decided
}

func (r *Review) applyEdits(t *Transcript) *Transcript {
	out := *t
	out.Utterances = slices.Clone(t.Utterances)
	for _, e := range r.Edits {
		i := e.Find(t)
		if i < 0 {
			continue
		}
		u := &out.Utterances[i]
		if e.Speaker != "" {
			u.Speaker, u.SpeakerConfidence = e.Speaker, 1
		}
		if e.Text == nil {
			continue
		}
		switch text, heard := strings.TrimSpace(*e.Text), &t.Utterances[i]; text {
		case u.Text:
		case heard.Text: // an edit taken back: the machine's words are as certain, and lie where they lay
			u.Text, u.Confidence, u.Words, u.Flags = heard.Text, heard.Confidence, heard.Words, heard.Flags
		default:
			// A person heard it: nothing casts doubt on the words any more. Where the single words lie is not known of the new text.
			u.Text, u.Confidence, u.Words = text, 1, nil
			u.Flags = slices.DeleteFunc(slices.Clone(u.Flags), Flag.Doubtful)
		}
	}
	return &out
}

func (r *Review) applyDecisions(t *Transcript, tags *Tags) *Tags {
	if tags == nil && len(r.Decisions) == 0 {
		return nil
	}
	out := Tags{Recording: t.Recording}
	if tags != nil {
		out = *tags
		out.Utterances = slices.Clone(tags.Utterances)
	}
	// Only the last decision about a prompt of an utterance counts, in the place of the first one.
	type about struct {
		index  int
		prompt PromptID
	}
	var order []about
	last := map[about]Decision{}
	for _, d := range r.Decisions {
		key := about{d.Find(t), d.Prompt}
		if _, again := last[key]; !again && key.index >= 0 {
			order = append(order, key)
		}
		last[key] = d
	}
	for _, key := range order {
		d, i := last[key], key.index
		if d.Verdict == Withdrawn {
			continue
		}
		at, found := slices.BinarySearchFunc(out.Utterances, i, func(u UtteranceTags, i int) int { return cmp.Compare(u.Index, i) })
		if !found {
			out.Utterances = slices.Insert(out.Utterances, at, UtteranceTags{Index: i, Prompts: []Tag{}})
		}
		out.Utterances[at] = d.apply(out.Utterances[at])
	}
	return &out
}

// apply removes what the machine or an earlier decision said about the prompt, and puts the verdict in its place.
// Tags of the coach come first; a machine's give way when there are more than [MaxTags].
func (d Decision) apply(u UtteranceTags) UtteranceTags {
	isIt := func(t Tag) bool { return t.Prompt == d.Prompt }
	was := slices.Concat(u.Prompts, u.Suggested)
	u.Prompts = slices.DeleteFunc(slices.Clone(u.Prompts), isIt)
	u.Suggested = slices.DeleteFunc(slices.Clone(u.Suggested), isIt)
	if d.Verdict == Rejected {
		return u
	}
	evidence := string(d.Verdict) + " by " + d.Author
	if i := slices.IndexFunc(was, isIt); i >= 0 && was[i].Source != SourceCoach && was[i].Evidence != "" {
		evidence += ": " + was[i].Evidence
	}
	coaches := 0
	for coaches < len(u.Prompts) && u.Prompts[coaches].Source == SourceCoach {
		coaches++
	}
	u.Prompts = slices.Insert(u.Prompts, coaches, Tag{Prompt: d.Prompt, Confidence: 1, Source: SourceCoach, Evidence: evidence})
	for len(u.Prompts) > MaxTags && u.Prompts[len(u.Prompts)-1].Source != SourceCoach {
		u.Prompts = u.Prompts[:len(u.Prompts)-1]
	}
	return u
}

// ApplySummary lays the coach's edits over a summary. Quotes are not checked here: the summary must be verified against the edited text afterwards.
func (r *Review) ApplySummary(s *Summary) *Summary {
	if r == nil || len(r.Summary) == 0 {
		return s
	}
	out := *s
	out.Prompts = slices.Clone(s.Prompts)
	for _, e := range r.Summary {
		at := slices.IndexFunc(out.Prompts, func(p PromptSummary) bool { return p.Prompt == e.Prompt })
		if at < 0 {
			at = len(out.Prompts)
			out.Prompts = append(out.Prompts, PromptSummary{Prompt: e.Prompt})
		}
		out.Prompts[at].Sentences = e.apply(out.Prompts[at].Sentences)
	}
	out.Prompts = slices.DeleteFunc(out.Prompts, func(p PromptSummary) bool { return len(p.Sentences) == 0 })
	has := func(id PromptID) bool {
		return slices.ContainsFunc(out.Prompts, func(p PromptSummary) bool { return p.Prompt == id })
	}
	out.Open = slices.DeleteFunc(slices.Clone(s.Open), has)
	if len(out.Prompts) > 0 {
		out.Empty = ""
	}
	return &out
}

func (e SummaryEdit) apply(sentences []Sentence) []Sentence {
	sentences = slices.Clone(sentences)
	i := slices.IndexFunc(sentences, func(s Sentence) bool {
		return s.Quote.Utterance == e.Quote.Utterance && s.Quote.Text == e.Quote.Text
	})
	switch {
	case e.Hidden && i >= 0:
		return slices.Delete(sentences, i, i+1)
	case e.Hidden:
		return sentences
	case i >= 0 && e.Text != "":
		sentences[i].Text = e.Text
		return sentences
	case i >= 0:
		return sentences
	}
	sentences = append(sentences, Sentence{Text: cmp.Or(e.Text, e.Quote.Text), Quote: e.Quote})
	slices.SortStableFunc(sentences, func(a, b Sentence) int { return cmp.Compare(a.Quote.Start, b.Quote.Start) })
	return sentences
}

// Stranded are the anchors of edits and decisions that no utterance of the transcript answers to any more. They are
// kept, and shown to the coach instead of being applied to other words, until a person has settled them.
func (r *Review) Stranded(t *Transcript) []Anchor {
	if r == nil {
		return nil
	}
	var out []Anchor
	settled := map[Span]bool{}
	for _, s := range r.Settled {
		settled[s.Span] = !s.Back
	}
	add := func(a Anchor) {
		same := func(b Anchor) bool { return a.Span == b.Span }
		if a.Find(t) < 0 && !settled[a.Span] && !slices.ContainsFunc(out, same) {
			out = append(out, a)
		}
	}
	for _, e := range r.Edits {
		add(e.Anchor)
	}
	for _, d := range r.Decisions {
		add(d.Anchor)
	}
	return out
}
