package review

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"debrief"
)

const (
	// indexAge is how old the index may be before it is made again in the background; what is
	// done on this page is in it at once.
	indexAge     = time.Minute
	indexTimeout = 10 * time.Minute // for reading every document of a large store
)

// index holds every utterance the coach may see, to be searched without asking the store. It
// is only a copy: the store is the truth, and the index is made from it again and again.
type index struct {
	mu      sync.Mutex
	made    time.Time
	making  bool
	entries []entry // newest recording first
}

// entry is one recording as search sees it.
type entry struct {
	rec        debrief.Recording
	client     debrief.Client
	utterances []passage
}

type passage struct {
	index   int
	span    debrief.Span
	speaker debrief.Speaker
	text    string
	lower   string
	prompts []debrief.PromptID
}

// all returns the index, made now if there is none yet.
func (x *index) all(ctx context.Context, p *Page) ([]entry, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := p.Now()
	switch {
	case x.made.IsZero():
		entries, err := p.readAll(ctx)
		if err != nil {
			return nil, err
		}
		x.entries, x.made = entries, now
	case now.Sub(x.made) > indexAge && !x.making:
		x.making = true
		go x.refresh(context.WithoutCancel(ctx), p)
	}
	return x.entries, nil
}

func (x *index) refresh(ctx context.Context, p *Page) {
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	entries, err := p.readAll(ctx)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.making, x.made = false, p.Now()
	if err != nil {
		p.Log.Error("index for search", "err", err) // the old one serves until the next try
		return
	}
	x.entries = entries
}

// update takes over what was just changed on this page.
func (x *index) update(rec *debrief.Recording, d documents) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range x.entries {
		if x.entries[i].rec.ID == rec.ID {
			x.entries = slices.Clone(x.entries) // readers hold the old one
			x.entries[i].utterances = passages(d)
			return
		}
	}
}

func (p *Page) readAll(ctx context.Context) ([]entry, error) {
	clients, err := p.Library.Clients(ctx)
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, c := range clients {
		recs, err := p.Library.Recordings(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		for i := range recs {
			d, err := p.documents(ctx, &recs[i])
			if err != nil {
				return nil, err
			}
			out = append(out, entry{recs[i], c, passages(d)})
		}
	}
	slices.SortStableFunc(out, func(a, b entry) int {
		return cmp.Or(b.rec.Started.Compare(a.rec.Started), cmp.Compare(a.rec.ID, b.rec.ID))
	})
	return out, nil
}

func passages(d documents) []passage {
	if d.transcript == nil {
		return nil
	}
	tags := map[int][]debrief.PromptID{}
	if d.tags != nil {
		for _, u := range d.tags.Utterances {
			for _, t := range u.Prompts {
				tags[u.Index] = append(tags[u.Index], t.Prompt)
			}
		}
	}
	out := make([]passage, len(d.transcript.Utterances))
	for i, u := range d.transcript.Utterances {
		out[i] = passage{i, u.Span, u.Speaker, u.Text, strings.ToLower(u.Text), tags[i]}
	}
	return out
}
