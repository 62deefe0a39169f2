package export

import (
	"fmt"
	"strings"

	"debrief"
)

// style is what a paragraph is, to Markdown and Word alike.
type style int

const (
	styleTitle style = iota
	styleHeading
	styleSubheading
	styleText
	styleSpoken
	styleQuote
	styleNote
)

// block is one paragraph. The label stands before its text, in bold; the marks after it: prompts and doubt.
type block struct {
	style style
	label string
	text  string
	marks []string
}

// blocks lays the debrief out for reading: what the client said to each prompt, then the transcript.
func (d *Document) blocks() []block {
	out := []block{{style: styleTitle, text: d.title()}}
	about := fmt.Sprintf("Recording %s, %s long, transcribed by %s.", d.Recording.ID, d.Recording.Samples, d.Transcript.Engine)
	if !d.Recording.Started.IsZero() {
		about += " Begun " + d.Recording.Started.Format("2 January 2006, 15:04") + "."
	}
	out = append(out, block{style: styleText, text: about})
	for _, n := range d.notesOn(-1) {
		out = append(out, noteBlock(n))
	}
	out = append(out, d.summaryBlocks()...)
	out = append(out, block{style: styleHeading, text: "Transcript"})
	for i := range d.Transcript.Utterances {
		u := &d.Transcript.Utterances[i]
		if !spoken(u) {
			continue
		}
		marks := d.promptNames(d.tagsOf(i))
		if u.Doubtful() {
			marks = append(marks, "doubtful")
		}
		out = append(out, block{styleSpoken, fmt.Sprintf("%s %s", u.Start, speakerName(u.Speaker)), u.Text, marks})
		for _, n := range d.notesOn(i) {
			out = append(out, noteBlock(n))
		}
	}
	return out
}

func (d *Document) summaryBlocks() []block {
	if d.Summary == nil {
		return nil
	}
	out := []block{{style: styleHeading, text: "What was said"}}
	if d.Summary.Empty != "" {
		out = append(out, block{style: styleText, text: "Nothing: " + d.Summary.Empty + "."})
	}
	for _, p := range d.Summary.Prompts {
		heading := d.promptName(p.Prompt)
		if prompt, err := d.Scheme.Prompt(p.Prompt); err == nil {
			heading += ": " + prompt.Question
		}
		out = append(out, block{style: styleSubheading, text: heading})
		for _, s := range p.Sentences {
			if s.Text != s.Quote.Text {
				out = append(out, block{style: styleText, text: s.Text})
			}
			out = append(out, block{style: styleQuote, label: s.Quote.Start.String(), text: "“" + s.Quote.Text + "”"})
		}
	}
	if len(d.Summary.Open) > 0 {
		var names []string
		for _, id := range d.Summary.Open {
			names = append(names, d.promptName(id))
		}
		out = append(out, block{style: styleText, label: "Open", text: strings.Join(names, ", ")})
	}
	return out
}

func noteBlock(n debrief.Note) block {
	label := "Note"
	if n.Author != "" {
		label += " by " + n.Author
	}
	return block{style: styleNote, label: label, text: n.Text}
}
