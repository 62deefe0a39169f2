package review

import (
	"slices"
	"strings"
	"unicode"

	"debrief"
)

// asideView is what stands beside a transcript: the summary, and what was noted and marked.
type asideView struct {
	Summary []promptSummary
	Open    []string // questions without an answer
	Lost    []string // sentences whose words an edit took away
	Empty   string   // why there is no summary
	Hidden  []hiddenSentence
	Notes   []note // on the recording as a whole
	Strand  []strandedView
	Markers []marker
}

type promptSummary struct {
	ID, Name, Question string
	Hue                int
	Sentences          []sentence
}

// sentence is a statement and the words that prove it. Text is empty when it is the quote itself.
type sentence struct {
	Text      string
	Full      string // the statement even when it is the quote: what an edit starts from
	Quote     string
	Utterance int
	At        debrief.Samples
	End       debrief.Samples
}

// hiddenSentence is one the coach took out of the summary.
type hiddenSentence struct {
	Prompt, Name string
	Quote, Seen  string
	Utterance    int
	At, End      debrief.Samples
}

type marker struct {
	At         debrief.Samples
	Kind, Text string
}

func (p *Page) aside(d documents) asideView {
	v := asideView{Notes: p.notes(d)[onRecording], Hidden: p.hidden(d), Strand: p.stranded(d)}
	for _, m := range d.markers {
		v.Markers = append(v.Markers, p.marker(m))
	}
	switch {
	case d.summary != nil:
		v.Summary, v.Open = p.summary(d.summary)
		v.Empty = p.text.say(d.summary.Empty)
	case d.transcript != nil && len(d.transcript.Utterances) == 0 && len(d.transcript.Partial) == 0: // there will be none
		v.Empty = p.text.get("empty.no_speech")
	}
	for _, s := range d.lost {
		v.Lost = append(v.Lost, s.Text)
	}
	return v
}

// hidden lists the sentences that were hidden and whose words are still there.
func (p *Page) hidden(d documents) []hiddenSentence {
	if d.transcript == nil {
		return nil
	}
	var out []hiddenSentence
	for i, e := range d.review.Summary {
		same := func(o debrief.SummaryEdit) bool {
			return o.Prompt == e.Prompt && o.Quote.Utterance == e.Quote.Utterance && o.Quote.Text == e.Quote.Text
		}
		at := e.Quote.Utterance
		if !e.Hidden || slices.ContainsFunc(d.review.Summary[i+1:], same) || at < 0 || at >= len(d.transcript.Utterances) ||
			!strings.Contains(d.transcript.Utterances[at].Text, e.Quote.Text) {
			continue
		}
		h := hiddenSentence{Prompt: string(e.Prompt), Name: string(e.Prompt), Quote: e.Quote.Text, Utterance: at, At: e.Quote.Start, End: e.Quote.End}
		if prompt, err := p.Scheme.Prompt(e.Prompt); err == nil {
			h.Name = prompt.Name
		}
		for _, was := range d.review.Summary[:i] { // its wording comes back with it
			if same(was) && !was.Hidden && was.Text != "" {
				h.Seen = was.Text
			}
		}
		out = append(out, h)
	}
	return out
}

func (p *Page) marker(m debrief.Marker) marker {
	text := m.Note
	if prompt, err := p.Scheme.Prompt(m.Prompt); err == nil {
		text = prompt.Question
	}
	if text == "" {
		text = p.text.get("marker." + m.Kind)
	}
	return marker{m.At, m.Kind, text}
}

func (p *Page) summary(s *debrief.Summary) (parts []promptSummary, open []string) {
	for _, ps := range s.Prompts {
		part := promptSummary{ID: string(ps.Prompt), Name: string(ps.Prompt), Hue: p.hue(ps.Prompt)}
		if prompt, err := p.Scheme.Prompt(ps.Prompt); err == nil {
			part.Name, part.Question = prompt.Name, prompt.Question
		}
		for _, one := range ps.Sentences {
			line := sentence{Full: one.Text, Quote: one.Quote.Text, Utterance: one.Quote.Utterance, At: one.Quote.Start, End: one.Quote.End}
			if !within(one.Text, one.Quote.Text) {
				line.Text = one.Text
			}
			part.Sentences = append(part.Sentences, line)
		}
		parts = append(parts, part)
	}
	for _, id := range s.Open {
		question := string(id)
		if prompt, err := p.Scheme.Prompt(id); err == nil {
			question = prompt.Question
		}
		open = append(open, question)
	}
	return parts, open
}

// within reports whether a statement has no word that its quote has not, in the same order: a
// quote without its "um" need not be shown twice.
func within(text, quote string) bool {
	apart := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' }
	said := strings.FieldsFunc(strings.ToLower(quote), apart)
	for _, word := range strings.FieldsFunc(strings.ToLower(text), apart) {
		at := 0
		for at < len(said) && said[at] != word {
			at++
		}
		if at == len(said) {
			return false
		}
		said = said[at+1:]
	}
	return true
}
