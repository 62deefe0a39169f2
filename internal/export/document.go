// Package export turns a debrief, as it counts now, into the files other programs read: JSON, WebVTT, SubRip,
// Markdown, Word, CSV of highlights, and a REFI-QDA project.
//
// Fill a [Document] with the edited text (debrief.Review.Apply) and a verified summary, then call the function named for the
// format. The functions are pure: the same document gives the same bytes. They read and write no file, and never put out a
// private note, whatever the document holds.
package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"debrief"
)

// Document is one recording to be exported.
type Document struct {
	Recording  *debrief.Recording
	Transcript *debrief.Transcript // edits applied
	Tags       *debrief.Tags       // decisions applied; nil when there are none
	Summary    *debrief.Summary    // verified; nil when there is none
	Notes      []debrief.Note      // private ones are left out here
	Scheme     *debrief.Scheme     // names and questions of the prompts
}

// title names the debrief for people.
func (d *Document) title() string {
	return fmt.Sprintf("Debrief of %s, treatment %d, %s", d.Recording.Client, d.Recording.Session, d.Recording.Phase)
}

// name is the document's name where it must be short and sort well.
func (d *Document) name() string {
	return fmt.Sprintf("%s s%02d %s %s", d.Recording.Client, d.Recording.Session, d.Recording.Phase, d.Recording.ID)
}

// tagsOf returns the tags of an utterance.
func (d *Document) tagsOf(index int) []debrief.Tag {
	if d.Tags == nil {
		return nil
	}
	i := slices.IndexFunc(d.Tags.Utterances, func(u debrief.UtteranceTags) bool { return u.Index == index })
	if i < 0 {
		return nil
	}
	return d.Tags.Utterances[i].Prompts
}

// promptName is the short label of a prompt; of one the scheme does not know any more, its id.
func (d *Document) promptName(id debrief.PromptID) string {
	if p, err := d.Scheme.Prompt(id); err == nil {
		return cmp.Or(p.Name, string(id))
	}
	return string(id)
}

func (d *Document) promptNames(tags []debrief.Tag) []string {
	var out []string
	for _, t := range tags {
		out = append(out, d.promptName(t.Prompt))
	}
	return out
}

// notesOn returns the shared notes on an utterance; index -1 means those on the whole recording, and those whose
// utterance is not there any more: a note is never lost.
func (d *Document) notesOn(index int) []debrief.Note {
	var out []debrief.Note
	for _, n := range d.Notes {
		at := -1
		if n.Anchor != nil {
			at = n.Anchor.Find(d.Transcript)
		}
		if !n.Private && at == index {
			out = append(out, n)
		}
	}
	return out
}

// spoken reports whether the utterance has words; one that an editor emptied has none.
func spoken(u *debrief.Utterance) bool { return strings.TrimSpace(u.Text) != "" }

func speakerName(s debrief.Speaker) string {
	switch s {
	case debrief.SpeakerClient:
		return "Client"
	case debrief.SpeakerCoach:
		return "Coach"
	}
	return "Unknown"
}
