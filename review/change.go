package review

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"debrief"
)

const (
	maxChange = 64 << 10 // bytes of a request: a long note is 5 kB
	maxText   = 20_000   // characters of an utterance or a note
	// saveTries bounds how often a change is laid over what somebody else wrote meanwhile. Each
	// try that fails means that another one succeeded.
	saveTries = 8
)

// change is one thing a coach does to a recording, as a page sends it.
type change struct {
	Kind      string           `json:"kind"` // text, speaker, tag, note, sentence, place, settle
	Utterance *int             `json:"utterance,omitempty"`
	Start     debrief.Samples  `json:"start,omitempty"` // of the utterance, to notice a transcript made anew
	Text      string           `json:"text,omitempty"`
	Speaker   debrief.Speaker  `json:"speaker,omitempty"`
	Prompt    debrief.PromptID `json:"prompt,omitempty"`
	Verdict   debrief.Verdict  `json:"verdict,omitempty"`
	Private   bool             `json:"private,omitempty"`
	Quote     string           `json:"quote,omitempty"` // the words of a sentence of the summary
	Hidden    bool             `json:"hidden,omitempty"`
	Note      *int             `json:"note,omitempty"`     // the note that is changed or, without a text, taken away
	Yields    bool             `json:"yields,omitempty"`   // the text gives way to what is there, and is kept in the history only
	Stranded  *debrief.Span    `json:"stranded,omitempty"` // what is put somewhere or let go
	Back      bool             `json:"back,omitempty"`     // takes putting or letting go back
	// Seen is what the page showed in the place that is changed. When it is not there any more,
	// somebody else was faster, and the coach decides.
	Seen string `json:"seen"`
}

// changed answers a change: the rows and the summary as they read now, and the change that undoes it.
type changed struct {
	Rows    []string `json:"rows,omitempty"`
	Aside   string   `json:"aside"`
	Undo    *change  `json:"undo,omitempty"`
	Theirs  string   `json:"theirs,omitempty"` // with status 409: what is there instead of what was seen
	Moved   *moved   `json:"moved,omitempty"`  // with status 409: where it is now, in a transcript made again
	Problem string   `json:"problem,omitempty"`
}

// moved is the utterance that is spoken where a page showed another one.
type moved struct {
	Utterance int             `json:"utterance"`
	Start     debrief.Samples `json:"start"`
}

// clash says that what a page showed is not there any more, and in a transcript made again where else it is.
type clash struct {
	theirs string
	moved  *moved
}

func (clash) Error() string        { return "what the page showed has changed" }
func (clash) Is(target error) bool { return target == debrief.ErrConflict }

// change makes one change, wholly or not at all. Two people at different utterances never
// disturb each other; two at the same one are told.
func (p *Page) change(w http.ResponseWriter, r *http.Request) error {
	var c change
	in := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxChange))
	if err := in.Decode(&c); err != nil {
		return p.answer(w, http.StatusBadRequest, changed{Problem: p.text.get("error.invalid")})
	}
	rec, err := p.find(r)
	if err != nil {
		return err
	}
	docs, undo, err := p.apply(r, rec, c)
	var lost clash
	switch {
	case errors.As(err, &lost):
		out := p.redraw(docs, c)
		out.Theirs, out.Moved = lost.theirs, lost.moved
		return p.answer(w, http.StatusConflict, out)
	case err != nil:
		code, key := status(err)
		if code >= http.StatusInternalServerError {
			p.Log.Error("change a recording", "kind", c.Kind, "err", err)
		}
		return p.answer(w, code, changed{Problem: p.text.get(key)})
	}
	out := p.redraw(docs, c)
	out.Undo = undo
	return p.answer(w, http.StatusOK, out)
}

// apply lays the change over what is stored now and stores it; again, when somebody else stored something between.
func (p *Page) apply(r *http.Request, rec *debrief.Recording, c change) (documents, *change, error) {
	for range saveTries {
		docs, err := p.documents(r.Context(), rec)
		if err != nil {
			return docs, nil, err
		}
		undo, err := p.enter(&docs, c)
		if err != nil {
			return docs, nil, err
		}
		_, err = p.Library.SaveReview(r.Context(), rec, docs.review, docs.version)
		if errors.Is(err, debrief.ErrConflict) {
			continue
		}
		if err != nil {
			return docs, nil, err
		}
		if c.Kind != "note" {
			p.Changed(rec.Client, rec.ID)
		}
		docs, err = p.documents(r.Context(), rec)
		if undo != nil && undo.Kind == "tag" {
			undo.Seen = docs.tagState(*c.Utterance, c.Prompt)
		}
		if err == nil {
			p.index.update(rec, docs)
		}
		return docs, undo, err
	}
	return documents{}, nil, fmt.Errorf("change %s: %w", rec.ID, debrief.ErrUnavailable)
}

// enter appends the entry of a change to the review and returns the change that undoes it.
func (p *Page) enter(d *documents, c change) (*change, error) {
	if len(c.Text) > maxText {
		return nil, fmt.Errorf("text of %d bytes: %w", len(c.Text), debrief.ErrInvalid)
	}
	switch {
	case c.Kind == "note" && (c.Utterance == nil || c.Note != nil):
		return p.enterNote(d, c, nil)
	case c.Kind == "settle":
		return p.enterSettle(d, c)
	}
	if d.transcript == nil || c.Utterance == nil || *c.Utterance < 0 || *c.Utterance >= len(d.transcript.Utterances) {
		return nil, fmt.Errorf("no such utterance: %w", debrief.ErrInvalid)
	}
	anchor := debrief.AnchorOf(d.heard, *c.Utterance)
	if anchor.Start != c.Start {
		return nil, movedTo(d, c.Start)
	}
	switch c.Kind {
	case "text":
		return p.enterText(d, c, anchor)
	case "speaker":
		return p.enterSpeaker(d, c, anchor)
	case "tag":
		return p.enterTag(d, c, anchor)
	case "note":
		return p.enterNote(d, c, &anchor)
	case "place":
		return p.enterPlace(d, c, anchor)
	case "sentence":
		return p.enterSentence(d, c)
	}
	return nil, fmt.Errorf("change %q: %w", c.Kind, debrief.ErrInvalid)
}

func (p *Page) enterText(d *documents, c change, at debrief.Anchor) (*change, error) {
	now := d.transcript.Utterances[*c.Utterance].Text
	text := strings.Join(strings.Fields(c.Text), " ")
	switch {
	case now != c.Seen && now == text: // somebody else heard the same
		return nil, nil
	case now != c.Seen:
		return nil, clash{theirs: now}
	}
	d.review.Edits = append(d.review.Edits, debrief.Edit{Anchor: at, Text: &text, Author: p.Author, At: p.Now().UTC()})
	if c.Yields {
		d.review.Edits = append(d.review.Edits, debrief.Edit{Anchor: at, Text: &now, Author: p.Author, At: p.Now().UTC()})
		return nil, nil
	}
	undo := c
	undo.Text, undo.Seen = now, text
	return &undo, nil
}

func (p *Page) enterSpeaker(d *documents, c change, at debrief.Anchor) (*change, error) {
	if !slices.Contains([]debrief.Speaker{debrief.SpeakerClient, debrief.SpeakerCoach, debrief.SpeakerUnknown}, c.Speaker) {
		return nil, fmt.Errorf("speaker %q: %w", c.Speaker, debrief.ErrInvalid)
	}
	now := d.transcript.Utterances[*c.Utterance].Speaker
	if string(now) != c.Seen && now != c.Speaker {
		return nil, clash{theirs: string(now)}
	}
	d.review.Edits = append(d.review.Edits, debrief.Edit{Anchor: at, Speaker: c.Speaker, Author: p.Author, At: p.Now().UTC()})
	undo := c
	undo.Speaker, undo.Seen = now, string(c.Speaker)
	return &undo, nil
}

// The states of a prompt at an utterance, as pages name them.
const (
	assigned   = "assigned"
	suggested  = "suggested"
	unassigned = ""
)

func (d *documents) tagState(index int, prompt debrief.PromptID) string {
	if d.tags == nil {
		return unassigned
	}
	is := func(t debrief.Tag) bool { return t.Prompt == prompt }
	for _, u := range d.tags.Utterances {
		switch {
		case u.Index != index:
		case slices.ContainsFunc(u.Prompts, is):
			return assigned
		case slices.ContainsFunc(u.Suggested, is):
			return suggested
		}
	}
	return unassigned
}

func (p *Page) enterTag(d *documents, c change, at debrief.Anchor) (*change, error) {
	if _, err := p.Scheme.Prompt(c.Prompt); err != nil {
		return nil, err
	}
	if !slices.Contains([]debrief.Verdict{debrief.Accepted, debrief.Rejected, debrief.Set, debrief.Withdrawn}, c.Verdict) {
		return nil, fmt.Errorf("verdict %q: %w", c.Verdict, debrief.ErrInvalid)
	}
	if now := d.tagState(*c.Utterance, c.Prompt); now != c.Seen {
		return nil, clash{theirs: cmp.Or(now, string(debrief.Rejected))}
	}
	before := debrief.Withdrawn
	for _, was := range d.review.Decisions {
		if was.Prompt == c.Prompt && was.Find(d.heard) == *c.Utterance {
			before = was.Verdict
		}
	}
	d.review.Decisions = append(d.review.Decisions, debrief.Decision{Anchor: at, Prompt: c.Prompt, Verdict: c.Verdict, Author: p.Author, At: p.Now().UTC()})
	undo := c
	undo.Verdict = before
	return &undo, nil
}

// hidden is how pages name a sentence that is not in the summary.
const hidden = "hidden"

// enterSentence pins, rewords or hides a sentence of the summary. Its proof is the quote, which
// must be in the utterance as it reads now; nothing gets into a summary without one.
func (p *Page) enterSentence(d *documents, c change) (*change, error) {
	if _, err := p.Scheme.Prompt(c.Prompt); err != nil {
		return nil, err
	}
	u := d.transcript.Utterances[*c.Utterance]
	if c.Quote == "" || !strings.Contains(u.Text, c.Quote) {
		return nil, clash{theirs: u.Text}
	}
	was, shown := d.sentence(c.Prompt, *c.Utterance, c.Quote)
	text := strings.TrimSpace(c.Text)
	switch {
	case shown && c.Seen != was.Text && !c.Hidden && (text == "" || text == was.Text): // pinned, or said so, already
		return nil, nil
	case shown && c.Seen != was.Text:
		return nil, clash{theirs: was.Text}
	case !shown && c.Seen != "" && !c.Hidden: // reworded what somebody else has hidden
		return nil, clash{theirs: hidden}
	}
	quote := debrief.Quote{Span: u.Span, Utterance: *c.Utterance, Text: c.Quote}
	if shown {
		quote = was.Quote
	}
	d.review.Summary = append(d.review.Summary, debrief.SummaryEdit{
		Prompt: c.Prompt, Quote: quote, Text: text, Hidden: c.Hidden, Author: p.Author, At: p.Now().UTC(),
	})
	undo := c
	undo.Hidden, undo.Text, undo.Seen = !shown, was.Text, cmp.Or(text, c.Quote)
	if c.Hidden {
		undo.Seen = "" // nothing stands there when it is taken back
	}
	return &undo, nil
}

func (d *documents) sentence(prompt debrief.PromptID, utterance int, quote string) (debrief.Sentence, bool) {
	if d.summary == nil {
		return debrief.Sentence{}, false
	}
	for _, part := range d.summary.Prompts {
		for _, s := range part.Sentences {
			if part.Prompt == prompt && s.Quote.Utterance == utterance && s.Quote.Text == quote {
				return s, true
			}
		}
	}
	return debrief.Sentence{}, false
}

// redraw renders what a change may have changed: the row, the one after it (whose speaker may
// no longer need naming), and the summary.
func (p *Page) redraw(d documents, c change) changed {
	var out changed
	out.Aside = p.part("aside", p.aside(d))
	if c.Utterance == nil || d.transcript == nil {
		return out
	}
	rows := p.rows(d)
	for i := *c.Utterance; i >= 0 && i < min(*c.Utterance+2, len(rows)); i++ {
		out.Rows = append(out.Rows, p.part("row", rows[i]))
	}
	return out
}

func (p *Page) answer(w http.ResponseWriter, code int, body changed) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if _, err := w.Write(data); err != nil {
		p.Log.Debug("send an answer", "err", err)
	}
	return nil
}
