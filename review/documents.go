package review

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"debrief"
)

// documents is what is known of a recording as it counts now: what the machine made, with the
// coach's review laid over it. Nil where there is nothing yet.
type documents struct {
	transcript *debrief.Transcript
	tags       *debrief.Tags
	summary    *debrief.Summary
	markers    []debrief.Marker
	lost       []debrief.Sentence // of the summary, whose quotes an edit took away

	tagged  string              // what the machine's tags were made of, and when
	summed  string              // likewise its summary
	heard   *debrief.Transcript // the transcript as the machine made it
	review  *debrief.Review     // never nil
	version string              // of the review, for compare-and-swap
}

func (p *Page) documents(ctx context.Context, rec *debrief.Recording) (documents, error) {
	return p.load(ctx, rec, true)
}

// load reads the documents of a recording, with or without its summary, whose quotes take time to find.
func (p *Page) load(ctx context.Context, rec *debrief.Recording, summary bool) (documents, error) {
	d := documents{markers: rec.Markers}
	var t debrief.Transcript
	var g debrief.Tags
	var s debrief.Summary
	r := debrief.Review{Recording: rec.ID}
	d.review = &r
	for _, load := range []struct {
		doc  any
		keep func(version string)
	}{
		{&t, func(string) { d.heard, d.transcript = &t, &t }},
		{&g, func(string) { d.tags, d.tagged = &g, fmt.Sprint(g.Input, g.Scheme, g.Model, g.Made) }},
		{&s, func(string) { d.summary, d.summed = &s, fmt.Sprint(s.Input, s.Engine, s.Made) }},
		{&r, func(version string) { d.version = version }},
	} {
		if load.doc == any(&s) && !summary {
			continue
		}
		version, err := p.Library.Load(ctx, rec, load.doc)
		switch {
		case err == nil:
			load.keep(version)
		case !errors.Is(err, debrief.ErrNotFound):
			return d, err
		}
	}
	p.lay(&d)
	return d, nil
}

// documentsAtOnce is how many recordings of a client are read at once: a request to a remote store is mostly waiting.
const documentsAtOnce = 8

// allDocuments reads the documents of several recordings, in their order.
func (p *Page) allDocuments(ctx context.Context, recs []debrief.Recording) ([]documents, error) {
	out := make([]documents, len(recs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(documentsAtOnce)
	for i := range recs {
		g.Go(func() (err error) {
			out[i], err = p.documents(ctx, &recs[i])
			return err
		})
	}
	return out, g.Wait()
}

// lay puts the review over what the machine made. A summary is verified against the words as
// they read now: what an edit took away is not shown as said.
func (p *Page) lay(d *documents) {
	if d.heard == nil {
		return
	}
	d.transcript, d.tags = d.review.Apply(d.heard, d.tags)
	if d.summary != nil {
		d.summary, d.lost = p.Verify(d.transcript, d.review.ApplySummary(d.summary))
	}
}

// behind reports whether tags or summary were made of other words, or other decisions, than count now.
func (d documents) behind() bool {
	if d.transcript == nil || d.tags == nil || d.summary == nil {
		return false // what is missing is made with the rest
	}
	return d.tags.Input != d.transcript.Hash() || d.summary.Input != debrief.SummaryInput(d.transcript, d.tags)
}

// answered maps each prompt the client answered to how many utterances do. What the coach asked does not count.
func (d documents) answered() map[debrief.PromptID]int {
	out := map[debrief.PromptID]int{}
	if d.tags == nil || d.transcript == nil {
		return out
	}
	for _, u := range d.tags.Utterances {
		if u.Index < 0 || u.Index >= len(d.transcript.Utterances) || d.transcript.Utterances[u.Index].Speaker == debrief.SpeakerCoach {
			continue
		}
		for _, tag := range u.Prompts {
			out[tag.Prompt]++
		}
	}
	return out
}
