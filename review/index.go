package review

import (
	"context"
	"errors"
	"html/template"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"debrief"
)

const (
	// indexAge is how old the index may be before the store is looked through again, which costs
	// one listing a client and what has changed. What is done on this page is in it at once.
	indexAge = time.Minute
	// indexOld is the age from which a request waits for that instead of being answered with
	// what is known: nobody has asked for a while, and much may have happened.
	indexOld      = 5 * time.Minute
	indexPatience = 2 * time.Second  // how long such a request waits; then it says what it does not know yet
	indexTimeout  = 30 * time.Minute // for looking through a large store far away
)

// index knows every client and recording, and every word the coach may see, so that lists and
// search ask no store. It is a copy in memory and nowhere else: the store is the truth, and what a
// client said lies on no second disk. It is never older than [indexOld] unless it says so.
type index struct {
	words  vocabulary
	now    atomic.Pointer[overview]
	mu     sync.Mutex    // guards what follows, and setting now
	making chan struct{} // closed when the looking through that is under way ends; nil when none is
	err    error         // of the last one
}

// overview is what the index knew at one moment. It is never changed.
type overview struct {
	asOf    time.Time // when the store was last looked through
	clients []*indexedClient
	sheets  []*sheet // newest first
	reading bool     // unread recordings are being read just now
	unread  int      // recordings whose words are not known yet
	beyond  int      // the oldest recordings, whose words do not fit into memory
	rows    func() []clientRow
	list    func() template.HTML // the rows as the page shows them: drawing 500 takes longer than all else
}

type indexedClient struct {
	debrief.Client
	stamp string
}

// look returns the index, brought up to date where that takes no longer than a person waits.
func (x *index) look(ctx context.Context, p *Page) (*overview, error) {
	known := x.now.Load()
	if known != nil && p.Now().Sub(known.asOf) <= indexAge {
		return known, nil
	}
	ended := x.start(p)
	if known == nil || p.Now().Sub(known.asOf) > indexOld {
		patience := time.NewTimer(indexPatience)
		defer patience.Stop()
		select {
		case <-ended:
		case <-patience.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if known = x.now.Load(); known != nil {
		return known, nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.making == nil {
		return nil, x.err
	}
	return &overview{reading: true, rows: func() []clientRow { return nil }, list: func() template.HTML { return "" }}, nil
}

// start has the store looked through, unless that is under way, and returns what is closed at its end.
func (x *index) start(p *Page) <-chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.making != nil {
		return x.making
	}
	ended := make(chan struct{})
	x.making = ended
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), indexTimeout)
		defer cancel()
		err := newSurvey(x, p).run(ctx)
		if err != nil {
			p.Log.Error("look through the store", "err", err) // what is known serves until the next try
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		x.making, x.err = nil, err
		close(ended)
	}()
	return ended
}

// Warm looks through the store, so that the first request need not. It may be left out, and
// called at any time.
func (p *Page) Warm() { p.index.start(p) }

// update takes over what was just changed on this page.
func (x *index) update(rec *debrief.Recording, d documents) {
	x.mu.Lock()
	defer x.mu.Unlock()
	known := x.now.Load()
	if known == nil {
		return
	}
	at := slices.IndexFunc(known.sheets, func(s *sheet) bool { return s.id == rec.ID && s.client.ID == rec.Client })
	if at < 0 {
		return
	}
	next := *known
	next.sheets = slices.Clone(known.sheets) // readers hold the old ones
	changed := known.sheets[at].withWords(d, &x.words)
	changed.stamp = ""
	next.sheets[at] = changed
	x.now.Store(&next) // with the rows of before: words are not in them
}

// set makes an overview the one that counts. The caller holds the lock.
func (x *index) set(o *overview, p *Page) {
	o.rows = sync.OnceValue(func() []clientRow { return p.clientRows(o) })
	o.list = sync.OnceValue(func() template.HTML { return template.HTML(p.part("clientrows", o.rows())) })
	x.now.Store(o)
}

// gone reports that something was deleted between being listed and being read.
func gone(err error) bool { return errors.Is(err, debrief.ErrNotFound) }
