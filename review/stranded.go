package review

import (
	"fmt"
	"slices"
	"strings"

	"debrief"
)

// strandedView is what a coach did to a stretch that no utterance answers to any more, since the
// transcript was made again: it is shown with what is said there now, and the coach decides.
type strandedView struct {
	Start, End debrief.Samples
	Was        string // what was done, in words
	// What is said there now; Utterance is -1 when nothing is.
	Utterance int
	At        debrief.Samples // of that utterance
	Now       string
}

// left is everything that counts of what a person did at one anchor.
type left struct {
	text      *string
	speaker   debrief.Speaker
	decisions []debrief.Decision // the last about each prompt
}

func leftAt(r *debrief.Review, at debrief.Span) (l left, found bool) {
	for _, e := range r.Edits {
		if e.Span != at {
			continue
		}
		found = true
		if e.Text != nil {
			l.text = e.Text
		}
		if e.Speaker != "" {
			l.speaker = e.Speaker
		}
	}
	for _, d := range r.Decisions {
		if d.Span != at {
			continue
		}
		found = true
		l.decisions = slices.DeleteFunc(l.decisions, func(o debrief.Decision) bool { return o.Prompt == d.Prompt })
		l.decisions = append(l.decisions, d)
	}
	return l, found
}

func (p *Page) stranded(d documents) []strandedView {
	if d.heard == nil {
		return nil
	}
	var out []strandedView
	for _, a := range d.review.Stranded(d.heard) {
		l, _ := leftAt(d.review, a.Span)
		v := strandedView{Start: a.Start, End: a.End, Was: p.inWords(l), Utterance: spokenAt(d.heard, a.Span)}
		if v.Utterance >= 0 {
			u := d.transcript.Utterances[v.Utterance]
			v.At, v.Now = u.Start, u.Text
		}
		out = append(out, v)
	}
	return out
}

func (p *Page) inWords(l left) string {
	var out []string
	if l.text != nil {
		out = append(out, *l.text)
	}
	if l.speaker != "" {
		out = append(out, p.text.get("speaker."+string(l.speaker)))
	}
	for _, d := range l.decisions {
		name := string(d.Prompt)
		if prompt, err := p.Scheme.Prompt(d.Prompt); err == nil {
			name = prompt.Name
		}
		out = append(out, p.text.get("stranded."+string(d.Verdict), name))
	}
	return strings.Join(out, " · ")
}

// spokenAt is the utterance that shares most time with a stretch, or -1.
func spokenAt(t *debrief.Transcript, at debrief.Span) int {
	best, shared := -1, debrief.Samples(0)
	for i := range t.Utterances {
		if s := t.Utterances[i].Overlap(at); s > shared {
			best, shared = i, s
		}
	}
	return best
}

// enterSettle lets go what is stranded, or takes that back.
func (p *Page) enterSettle(d *documents, c change) (*change, error) {
	at, err := p.strandedOf(d, c)
	if err != nil {
		return nil, err
	}
	d.review.Settled = append(d.review.Settled, debrief.Settled{Anchor: at, Back: c.Back, Author: p.Author, At: p.Now().UTC()})
	undo := c
	undo.Back = !c.Back
	return &undo, nil
}

// enterPlace puts everything that is stranded at a stretch on an utterance; taken back, the
// utterance is what the change says it was, and its prompts are the machine's again.
func (p *Page) enterPlace(d *documents, c change, at debrief.Anchor) (*change, error) {
	from, err := p.strandedOf(d, c)
	if err != nil {
		return nil, err
	}
	now := d.transcript.Utterances[*c.Utterance]
	if now.Text != c.Seen {
		return nil, clash{theirs: now.Text}
	}
	l, _ := leftAt(d.review, from.Span)
	edit := debrief.Edit{Anchor: at, Text: l.text, Speaker: l.speaker, Author: p.Author, At: p.Now().UTC()}
	if c.Back {
		text := strings.Join(strings.Fields(c.Text), " ")
		edit.Text, edit.Speaker = &text, c.Speaker
	}
	if edit.Text != nil || edit.Speaker != "" {
		d.review.Edits = append(d.review.Edits, edit)
	}
	for _, one := range l.decisions {
		one.Anchor, one.Author, one.At = at, p.Author, p.Now().UTC()
		if c.Back {
			one.Verdict = debrief.Withdrawn
		}
		d.review.Decisions = append(d.review.Decisions, one)
	}
	d.review.Settled = append(d.review.Settled, debrief.Settled{Anchor: from, Back: c.Back, Author: p.Author, At: p.Now().UTC()})
	undo := c
	undo.Back, undo.Text, undo.Speaker, undo.Seen = !c.Back, now.Text, now.Speaker, now.Text
	if edit.Text != nil {
		undo.Seen = *edit.Text
	}
	return &undo, nil
}

// strandedOf finds what a change is about: stranded now, or to be so again.
func (p *Page) strandedOf(d *documents, c change) (debrief.Anchor, error) {
	if c.Stranded == nil || d.heard == nil {
		return debrief.Anchor{}, fmt.Errorf("nothing stranded is named: %w", debrief.ErrInvalid)
	}
	at := debrief.Anchor{Span: *c.Stranded, Utterance: -1}
	if _, found := leftAt(d.review, at.Span); !found || at.Find(d.heard) >= 0 {
		return at, fmt.Errorf("nothing is stranded there: %w", debrief.ErrInvalid)
	}
	there := slices.ContainsFunc(d.review.Stranded(d.heard), func(a debrief.Anchor) bool { return a.Span == at.Span })
	if there == c.Back {
		return at, clash{theirs: p.text.get("stranded.settled")}
	}
	return at, nil
}

// movedTo says what is spoken where a page, older than the transcript, showed an utterance.
func movedTo(d *documents, start debrief.Samples) clash {
	i := slices.IndexFunc(d.heard.Utterances, func(u debrief.Utterance) bool { return u.End > start })
	if i < 0 {
		i = len(d.heard.Utterances) - 1
	}
	return clash{d.transcript.Utterances[i].Text, &moved{i, d.heard.Utterances[i].Start}}
}
