package review

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"debrief"
)

// note is a coach's remark as shown.
type note struct {
	Index          int // in the review, by which it is changed
	Text, By, When string
	Private        bool
}

// onRecording is where [Page.notes] keeps the notes that are about no single utterance.
const onRecording = -1

// notes gathers the notes by utterance, without what others wrote for themselves alone.
func (p *Page) notes(d documents) map[int][]note {
	out := map[int][]note{}
	current := d.review.CurrentNotes()
	for _, i := range slices.Sorted(maps.Keys(current)) {
		n := current[i]
		if n.Private && n.Author != p.Author {
			continue
		}
		at := onRecording
		if n.Anchor != nil && d.heard != nil {
			at = n.Anchor.Find(d.heard)
		}
		out[at] = append(out[at], note{i, n.Text, n.Author, p.moment(n.At), n.Private})
	}
	return out
}

// removed is how pages name a note that somebody took away.
const removed = "removed"

// enterNote writes a note, or changes or takes away the one that is named. A note that was taken
// away is brought back by writing it in the place of what took it away: the page that took it away
// knows its words. The store forgets those of a private note.
func (p *Page) enterNote(d *documents, c change, at *debrief.Anchor) (*change, error) {
	text := strings.TrimSpace(c.Text)
	n := debrief.Note{Anchor: at, Text: text, Private: c.Private, Author: p.Author, At: p.Now().UTC()}
	var was debrief.Note
	switch {
	case c.Note == nil && text == "":
		return nil, fmt.Errorf("empty note: %w", debrief.ErrInvalid)
	case c.Note != nil:
		i := *c.Note
		if i < 0 || i >= len(d.review.Notes) || d.review.Notes[i].Private && d.review.Notes[i].Author != p.Author {
			return nil, fmt.Errorf("no such note: %w", debrief.ErrInvalid)
		}
		i = newest(d.review, i)
		if was = d.review.Notes[i]; was.Text != c.Seen {
			return nil, clash{theirs: cmp.Or(was.Text, removed)}
		}
		n.Anchor, n.Replaces = was.Anchor, &i
		if was.Private || n.Private {
			d.review.Notes[i].Text = ""
		}
	}
	d.review.Notes = append(d.review.Notes, n)
	here := len(d.review.Notes) - 1
	undo := c
	undo.Note, undo.Text, undo.Private, undo.Seen = &here, was.Text, was.Private, text
	return &undo, nil
}

// newest is the index of the note that stands in the place of one by now.
func newest(r *debrief.Review, i int) int {
	for j := i + 1; j < len(r.Notes); j++ {
		if at := r.Notes[j].Replaces; at != nil && *at == i {
			i = j
		}
	}
	return i
}
