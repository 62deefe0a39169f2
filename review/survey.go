package review

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"debrief"
)

const (
	// surveyReads is how much is read from the store at once: enough to hide the waiting for a
	// server, and few enough that pages are answered meanwhile.
	surveyReads = 8
	// surveyShows is how often a long survey lets pages see how far it is.
	surveyShows = 500 * time.Millisecond
	// indexBudget bounds the words held in memory, in bytes. 10,000 recordings of twenty minutes
	// take a seventh of it; beyond, the oldest recordings are left out of the search, which says so.
	indexBudget = 1 << 30
)

// survey looks through the store once: it lists, reads what is new or has changed since the
// survey before, the newest first, and puts it into the index as it goes on.
type survey struct {
	index   *index
	page    *Page
	clients []*indexedClient
	seen    map[sheetKey]*sheet // as this survey found or put them; another one there is an edit's, and stays
	full    bool                // no more words fit into memory
	mu      sync.Mutex          // guards ready
	ready   map[sheetKey]*sheet // read, and not yet in the index
}

type sheetKey struct {
	client debrief.ClientID
	id     debrief.RecordingID
}

func (s *sheet) key() sheetKey { return sheetKey{s.client.ID, s.id} }

func newSurvey(x *index, p *Page) *survey {
	s := &survey{index: x, page: p, seen: map[sheetKey]*sheet{}, ready: map[sheetKey]*sheet{}}
	if known := x.now.Load(); known != nil {
		s.clients = known.clients
		for _, sh := range known.sheets {
			s.seen[sh.key()] = sh
		}
	}
	return s
}

func (s *survey) run(ctx context.Context) error {
	began := s.page.Now()
	todo, kept, err := s.list(ctx)
	if err != nil {
		return err
	}
	s.show(began, kept, len(todo) > 0)
	err = s.read(ctx, todo, func() { s.show(began, nil, true) })
	s.show(began, nil, false)
	return err
}

// list asks which recordings there are and returns those whose words must be read, the newest
// first, and the keys of all.
func (s *survey) list(ctx context.Context) (todo []*sheet, kept map[sheetKey]bool, err error) {
	ids, err := s.page.Catalogue.Clients(ctx)
	if err != nil {
		return nil, nil, err
	}
	before := map[debrief.ClientID]*indexedClient{}
	for _, c := range s.clients {
		before[c.ID] = c
	}
	s.clients, kept = make([]*indexedClient, len(ids)), map[sheetKey]bool{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(surveyReads)
	for i, id := range ids {
		g.Go(func() error {
			client, stamps, err := s.client(ctx, id, before[id])
			if err != nil {
				return err
			}
			changed, err := s.manifests(ctx, client, stamps)
			mu.Lock()
			defer mu.Unlock()
			s.clients[i], todo = client, append(todo, changed...)
			for rec := range stamps {
				if rec != "" {
					kept[sheetKey{id, rec}] = true
				}
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(todo, newestFirst)
	return todo, kept, nil
}

// client returns what is known of a client, read again when it has changed, and the recordings' stamps.
func (s *survey) client(ctx context.Context, id debrief.ClientID, before *indexedClient) (*indexedClient, map[debrief.RecordingID]string, error) {
	stamps, err := s.page.Catalogue.Stamps(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if before != nil && before.stamp == stamps[""] {
		return before, stamps, nil
	}
	known, err := s.page.Library.Client(ctx, id)
	if gone(err) {
		known, err = debrief.Client{ID: id}, nil
	}
	return &indexedClient{known, stamps[""]}, stamps, err
}

// manifests returns a sheet for every recording of a client that is new or has changed.
func (s *survey) manifests(ctx context.Context, client *indexedClient, stamps map[debrief.RecordingID]string) ([]*sheet, error) {
	var out []*sheet
	for id, stamp := range stamps {
		if id == "" {
			continue
		}
		if was := s.seen[sheetKey{client.ID, id}]; was != nil && was.stamp == stamp {
			if was.client != &client.Client { // the client has another name
				renamed := *was
				renamed.client = &client.Client
				s.put(&renamed)
			}
			continue
		}
		rec, _, err := s.page.Library.Recording(ctx, client.ID, id)
		switch {
		case gone(err):
			continue
		case ctx.Err() != nil:
			return nil, err
		case err != nil: // one that cannot be read must not hide the others
			s.page.Log.Error("read a recording for the lists", "recording", id, "err", err)
			continue
		}
		out = append(out, newSheet(rec, &client.Client, stamp))
	}
	return out, nil
}

// read reads the words of the sheets in their order, and calls show from time to time.
func (s *survey) read(ctx context.Context, todo []*sheet, show func()) error {
	// What is new shows in the lists before its words are read; what was read before keeps its
	// old words until it has new ones.
	for _, sh := range todo {
		if s.seen[sh.key()] == nil {
			s.put(sh)
		}
	}
	show()
	var held atomic.Int64
	last := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(surveyReads)
	for _, sh := range todo {
		if s.full = held.Load() >= indexBudget; s.full {
			break
		}
		g.Go(func() error {
			d, err := s.page.load(ctx, &debrief.Recording{ID: sh.id, Client: sh.client.ID}, false)
			switch {
			case err == nil:
				full := sh.withWords(d, &s.index.words)
				held.Add(int64(full.size()))
				s.put(full)
			case ctx.Err() != nil:
				return err
			case !gone(err):
				s.page.Log.Error("read a recording for the search", "recording", sh.id, "err", err)
			}
			return nil
		})
		if time.Since(last) > surveyShows {
			last = time.Now()
			show()
		}
	}
	return g.Wait()
}

func (s *survey) put(sh *sheet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready[sh.key()] = sh
}

// show puts what is ready into the index. With kept, recordings that are not in it are dropped.
func (s *survey) show(began time.Time, kept map[sheetKey]bool, reading bool) {
	s.mu.Lock()
	ready := s.ready
	s.ready = map[sheetKey]*sheet{}
	s.mu.Unlock()

	x := s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	next := &overview{asOf: began, clients: s.clients, reading: reading}
	if known := x.now.Load(); known != nil {
		for _, sh := range known.sheets {
			key := sh.key()
			fresh := ready[key]
			delete(ready, key)
			switch {
			case s.seen[key] != sh: // an edit made meanwhile, newer than what was read here
				next.sheets = append(next.sheets, sh)
			case kept != nil && !kept[key]:
				delete(s.seen, key)
			case fresh != nil:
				s.seen[key] = fresh
				next.sheets = append(next.sheets, fresh)
			default:
				next.sheets = append(next.sheets, sh)
			}
		}
	}
	for key, sh := range ready {
		s.seen[key] = sh
		next.sheets = append(next.sheets, sh)
	}
	slices.SortFunc(next.sheets, newestFirst)
	held := 0
	for i, sh := range next.sheets {
		held += sh.size()
		switch {
		case held > indexBudget && sh.read:
			next.sheets[i] = sh.without()
			s.seen[sh.key()] = next.sheets[i]
			next.beyond++
		case !sh.read && (s.full || held > indexBudget):
			next.beyond++
		case !sh.read:
			next.unread++
		}
	}
	x.set(next, s.page)
}

func newestFirst(a, b *sheet) int {
	return cmp.Or(b.started.Compare(a.started), strings.Compare(string(a.id), string(b.id)))
}
