package review

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"debrief"

	"github.com/oklog/ulid/v2"
	"golang.org/x/sync/errgroup"
)

const (
	// watchEvery is how often the store is asked whether something has changed, while a page
	// looks at it: what another process does (a recorder, debrief batch) shows after that time.
	watchEvery = 5 * time.Second
	// watchShare bounds what asking costs: a look is followed by a pause this many times as long
	// as it took. A large store far away is therefore asked less often than every watchEvery.
	watchShare = 20
	// captureAge is how long ago a recording may have begun that is still being made.
	captureAge = 24 * time.Hour
)

// watches looks at the store for as long as somebody looks at a page: one look for all pages with
// the same scope.
type watches struct {
	page *Page
	mu   sync.Mutex
	open map[scope]*watch
}

// watch is one thing looked at. It ends with its last page.
type watch struct {
	scope scope
	users int
	stop  context.CancelFunc
	mu    sync.Mutex
	seen  sight
	moved chan struct{} // closed when something was seen that was not there before

	// By the goroutine that looks:
	stamps map[debrief.ClientID]map[debrief.RecordingID]string
	stamp  string // of the recording, for which made was found
	made   string
}

// sight is what was seen at the last look.
type sight struct {
	looked   bool                // at least once, even if the store did not answer
	version  string              // of what the page shows; "" before the first look
	captures []debrief.Recording // being recorded, or on their way into the store
}

func newWatches(p *Page) *watches { return &watches{page: p, open: map[scope]*watch{}} }

func (ws *watches) join(s scope) *watch {
	s.finished = false
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := ws.open[s]
	if w == nil {
		ctx, stop := context.WithCancel(context.Background())
		w = &watch{scope: s, stop: stop, moved: make(chan struct{})}
		ws.open[s] = w
		go ws.run(ctx, w)
	}
	w.users++
	return w
}

func (ws *watches) leave(w *watch) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w.users--; w.users == 0 {
		w.stop()
		delete(ws.open, w.scope)
	}
}

// captures returns what a watch that is open has seen being recorded: a page that is drawn does
// not wait for a look, its stream brings what it lacks.
func (ws *watches) captures(s scope) []debrief.Recording {
	ws.mu.Lock()
	w := ws.open[s]
	ws.mu.Unlock()
	if w == nil {
		return nil
	}
	seen, _ := w.now()
	return seen.captures
}

func (w *watch) now() (sight, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen, w.moved
}

func (ws *watches) run(ctx context.Context, w *watch) {
	for ctx.Err() == nil {
		began := time.Now()
		seen, err := ws.look(ctx, w)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			ws.page.Log.Warn("look at the store", "client", w.scope.client, "recording", w.scope.recording, "err", err)
			seen, _ = w.now()
			seen.looked = true
			w.saw(seen)
		default:
			w.saw(seen)
		}
		select {
		case <-ctx.Done():
		case <-time.After(max(watchEvery, watchShare*time.Since(began))):
		}
	}
}

func (w *watch) saw(seen sight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	same := func(a, b debrief.Recording) bool {
		return a.ID == b.ID && a.Status == b.Status && a.Samples == b.Samples && len(a.Gaps) == len(b.Gaps)
	}
	if seen.looked == w.seen.looked && seen.version == w.seen.version && slices.EqualFunc(seen.captures, w.seen.captures, same) {
		return
	}
	w.seen = seen
	close(w.moved)
	w.moved = make(chan struct{})
}

// look asks the store what has changed: one listing a client, and the manifests of recordings
// that have changed and may still be made.
func (ws *watches) look(ctx context.Context, w *watch) (sight, error) {
	clients := []debrief.ClientID{w.scope.client}
	if w.scope.client == "" {
		var err error
		if clients, err = ws.page.Catalogue.Clients(ctx); err != nil {
			return sight{}, err
		}
	}
	stamps, err := ws.stamps(ctx, clients)
	if err != nil {
		return sight{}, err
	}
	last, _ := w.now()
	out, grown := sight{looked: true}, false
	for _, client := range clients {
		for _, id := range slices.Sorted(maps.Keys(stamps[client])) {
			was, known := w.stamps[client][id]
			grown = grown || !known
			rec, err := ws.capture(ctx, w.scope, client, id, known && was == stamps[client][id], last.captures)
			if err != nil {
				return sight{}, err
			}
			if rec != nil && rec.Status != debrief.Stored {
				out.captures = append(out.captures, *rec)
			}
		}
	}
	if w.scope.recording != "" {
		if out.version, err = ws.closely(ctx, w, stamps[w.scope.client][w.scope.recording]); err != nil {
			return sight{}, err
		}
	} else {
		out.version = versionOf(stamps, w.scope.client != "")
	}
	if w.scope.client == "" && w.stamps != nil && grown {
		ws.page.freshen(ctx) // the list of clients must know of it before pages ask for it
	}
	w.stamps = stamps
	return out, nil
}

// stamps asks for those of several clients.
func (ws *watches) stamps(ctx context.Context, clients []debrief.ClientID) (map[debrief.ClientID]map[debrief.RecordingID]string, error) {
	out := map[debrief.ClientID]map[debrief.RecordingID]string{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(surveyReads)
	for _, client := range clients {
		g.Go(func() error {
			stamps, err := ws.page.Catalogue.Stamps(ctx, client)
			mu.Lock()
			defer mu.Unlock()
			out[client] = stamps
			return err
		})
	}
	return out, g.Wait()
}

// capture returns the manifest of a recording that may still be made, or nil. What has not
// changed since the last look is taken from there.
func (ws *watches) capture(ctx context.Context, s scope, client debrief.ClientID, id debrief.RecordingID, same bool, before []debrief.Recording) (*debrief.Recording, error) {
	if id == "" || s.recording != "" && s.recording != id || s.client == "" && !ws.young(id) {
		return nil, nil
	}
	if same {
		at := slices.IndexFunc(before, func(r debrief.Recording) bool { return r.ID == id })
		if at < 0 {
			return nil, nil
		}
		return &before[at], nil
	}
	rec, _, err := ws.page.Library.Recording(ctx, client, id)
	if errors.Is(err, debrief.ErrNotFound) {
		return nil, nil
	}
	return rec, err
}

// young reports whether a recording may still be made: its id holds when it began.
func (ws *watches) young(id debrief.RecordingID) bool {
	began, err := ulid.ParseStrict(string(id))
	return err == nil && ws.page.Now().Sub(ulid.Time(began.Time())) < captureAge
}

// closely names the state of what machines made of one recording. Its stamp changes with the
// coach's own edits as well, which the page that made them shows already.
func (ws *watches) closely(ctx context.Context, w *watch, stamp string) (string, error) {
	if stamp == w.stamp && w.made != "" {
		return w.made, nil
	}
	rec, _, err := ws.page.Library.Recording(ctx, w.scope.client, w.scope.recording)
	if err != nil {
		return "", err
	}
	docs, err := ws.page.documents(ctx, rec)
	if err != nil {
		return "", err
	}
	w.stamp, w.made = stamp, madeOf(rec, docs)
	return w.made, nil
}

// madeOf names the state of a recording as machines made it.
func madeOf(rec *debrief.Recording, d documents) string {
	sum := sha256.New()
	fmt.Fprintln(sum, rec.Status, rec.AudioHash())
	if d.heard != nil {
		fmt.Fprintln(sum, d.heard.Hash(), len(d.heard.Partial))
	}
	fmt.Fprintln(sum, d.tagged, d.summed)
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// clientVersion names the state of what a client's page shows; "" when it cannot be had.
func (p *Page) clientVersion(ctx context.Context, client debrief.ClientID) string {
	stamps, err := p.Catalogue.Stamps(ctx, client)
	if err != nil {
		p.Log.Warn("look at the store", "client", client, "err", err)
		return ""
	}
	return versionOf(map[debrief.ClientID]map[debrief.RecordingID]string{client: stamps}, true)
}

// versionOf names the state of what a page shows: with its stamps, or only which recordings there are.
func versionOf(all map[debrief.ClientID]map[debrief.RecordingID]string, stamped bool) string {
	sum := sha256.New()
	for _, client := range slices.Sorted(maps.Keys(all)) {
		for _, id := range slices.Sorted(maps.Keys(all[client])) {
			stamp := ""
			if stamped {
				stamp = all[client][id]
			}
			fmt.Fprintln(sum, client, id, stamp)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// freshen has the lists know what was just seen.
func (p *Page) freshen(ctx context.Context) {
	select {
	case <-p.index.start(p):
	case <-ctx.Done():
	}
}
