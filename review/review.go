// Package review is the coach's page: clients, their treatments, and each recording to hear,
// read and check, served as plain HTML from the process itself.
//
// Call [New] with where the documents and the sound come from; the result is an http.Handler.
// The package never writes audio or a machine's document but the outline of a sound (what is
// uploaded it hands to the [Intake]), loads nothing from elsewhere, and tells a browser no
// internal error. What it needs it declares itself, in [Catalogue], [Library], [Sound] and
// [Intake]; cmd wires them.
package review

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"debrief"
	"debrief/internal/audio"
)

// Catalogue tells cheaply what there is in the whole store, and what of it has changed.
type Catalogue interface {
	// Clients lists every client, in any order.
	Clients(ctx context.Context) ([]debrief.ClientID, error)
	// Stamps says which state each recording of a client is in: a stamp stays the same as long
	// as no document of the recording is written. Under "" stands the stamp of the client.
	Stamps(ctx context.Context, client debrief.ClientID) (map[debrief.RecordingID]string, error)
}

// Library is what the page reads and writes of one client or recording.
type Library interface {
	// Client returns what is known of a client; debrief.ErrNotFound when nobody wrote anything down.
	Client(ctx context.Context, client debrief.ClientID) (debrief.Client, error)
	// Recordings lists the manifests of a client; debrief.ErrNotFound when there is no such client.
	Recordings(ctx context.Context, client debrief.ClientID) ([]debrief.Recording, error)
	// Recording returns one manifest; debrief.ErrNotFound when there is none.
	Recording(ctx context.Context, client debrief.ClientID, id debrief.RecordingID) (*debrief.Recording, string, error)
	// Load fills doc, whose type says which document is meant (*debrief.Transcript, *debrief.Tags,
	// *debrief.Summary, *debrief.Review), and returns its version; debrief.ErrNotFound when there is none.
	Load(ctx context.Context, rec *debrief.Recording, doc any) (version string, err error)
	// SaveReview writes what people did; debrief.ErrConflict when version is not the current one.
	// The empty version means that there must be none yet.
	SaveReview(ctx context.Context, rec *debrief.Recording, review *debrief.Review, version string) (string, error)
}

// Sound opens a recording as one WAV file of 16 kHz mono that can be read from anywhere.
// The context bounds all reading; there is nothing to close.
type Sound interface {
	Open(ctx context.Context, rec *debrief.Recording) (io.ReadSeeker, error)
	// Peaks returns the outline that is kept of it; debrief.ErrNotFound when there is none.
	Peaks(ctx context.Context, rec *debrief.Recording) (*audio.Peaks, error)
	// KeepPeaks keeps the outline, instead of an older one.
	KeepPeaks(ctx context.Context, rec *debrief.Recording, peaks *audio.Peaks) error
}

// Told is a recording as it counts now, with the coach's review applied. Transcript and Tags are
// nil while there are none.
type Told struct {
	Recording  *debrief.Recording
	Transcript *debrief.Transcript
	Tags       *debrief.Tags
}

// Config is what the page works with. Catalogue, Library, Sound, Scheme, Verify and Course are required.
type Config struct {
	Catalogue Catalogue
	Library   Library
	Sound     Sound
	Scheme    debrief.Scheme
	// Verify finds the quotes of a summary again in a transcript that was edited, and returns
	// the summary with those that are still there and the sentences that are not.
	Verify func(*debrief.Transcript, *debrief.Summary) (*debrief.Summary, []debrief.Sentence)
	// Course puts a client's recordings side by side.
	Course func(context.Context, debrief.ClientID, []Told) (*debrief.Course, error)
	// Intake takes recordings in; nil shows no uploads, and nothing is worked on here.
	Intake Intake
	Limits UploadLimits // of an upload; needed with Intake
	// Demo says on the page that nothing is kept, and refuses files with these words.
	Demo bool
	// Changed is told of every change that is stored, and of a recording that is opened and still shows tags or a summary
	// from before one, so that they can be made anew; nil for nobody.
	Changed func(debrief.ClientID, debrief.RecordingID)
	// Author is written beside every edit; default "coach".
	Author string
	Now    func() time.Time // default time.Now
	// Hosts are the names the page answers to, as in the Host header without the port; none
	// means any. A page without sign-in needs them: a foreign site could otherwise point a
	// name of its own at this machine and read everything (DNS rebinding).
	Hosts []string
	Log   *slog.Logger
}

// Page is the coach's page. It is safe for concurrent use.
type Page struct {
	Config
	text    *catalogue
	views   *views
	static  *assets
	waves   *waves
	courses courses
	index   index
	watches *watches
	streams atomic.Int64 // open
	handler http.Handler
}

// New checks the configuration and parses every template, so that no request finds a broken one.
func New(c Config) (*Page, error) {
	if c.Catalogue == nil || c.Library == nil || c.Sound == nil || c.Verify == nil || c.Course == nil {
		return nil, fmt.Errorf("make the review page: catalogue, library, sound, verify and course are needed: %w", debrief.ErrInvalid)
	}
	if c.Intake != nil && (c.Limits.Bytes <= 0 || c.Limits.Chunk <= 0 || len(c.Limits.Types) == 0) {
		return nil, fmt.Errorf("make the review page: an intake needs limits: %w", debrief.ErrInvalid)
	}
	if err := c.Scheme.Validate(); err != nil {
		return nil, fmt.Errorf("make the review page: %w", err)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Changed == nil {
		c.Changed = func(debrief.ClientID, debrief.RecordingID) {}
	}
	c.Author = cmp.Or(c.Author, "coach")
	p := &Page{Config: c}
	var err error
	if p.text, err = readCatalogue("en"); err != nil {
		return nil, err
	}
	if p.static, err = newAssets(); err != nil {
		return nil, err
	}
	if p.views, err = newViews(p.text); err != nil {
		return nil, err
	}
	p.waves = newWaves(c.Sound, c.Log)
	p.watches = newWatches(p)
	mux := http.NewServeMux()
	for pattern, answer := range p.routes() {
		mux.HandleFunc(pattern, answer)
	}
	p.handler = p.guard(mux)
	return p, nil
}

// routes are the answers to everything that may be asked, by the patterns of [http.ServeMux].
func (p *Page) routes() map[string]http.HandlerFunc {
	const client, recording = "/clients/{client}", "/clients/{client}/recordings/{recording}"
	return map[string]http.HandlerFunc{
		"GET /{$}":                        p.page(p.clients),
		"GET " + client:                   p.page(p.client),
		"GET " + client + "/course":       p.page(p.course),
		"GET /search":                     p.page(p.search),
		"GET " + recording:                p.page(p.recording),
		"GET " + recording + "/audio.wav": p.raw(p.audio),
		"GET " + recording + "/wave":      p.raw(p.wave),
		"GET " + recording + "/words":     p.raw(p.words),
		"POST " + recording + "/review":   p.raw(p.change),
		"POST " + recording + "/process":  p.raw(p.process),
		"GET /live":                       p.raw(p.live),
		"GET " + client + "/live":         p.raw(p.live),
		"GET " + recording + "/live":      p.raw(p.live),
		"GET /upload":                     p.page(p.upload),
		"POST /uploads":                   p.raw(p.begin),
		"GET /uploads/{upload}":           p.raw(p.offset), // HEAD as well
		"PATCH /uploads/{upload}":         p.raw(p.receive),
		"POST /work/{job}":                p.raw(p.act),
		"GET /static/":                    p.static.ServeHTTP,
		"/":                               p.page(func(*http.Request) (view, error) { return nil, debrief.ErrNotFound }),
	}
}

// ServeHTTP answers one request.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// find reads the recording a request names.
func (p *Page) find(r *http.Request) (*debrief.Recording, error) {
	client, err := debrief.ParseClientID(r.PathValue("client"))
	if err != nil {
		return nil, debrief.ErrNotFound
	}
	id, err := debrief.ParseRecordingID(r.PathValue("recording"))
	if err != nil {
		return nil, debrief.ErrNotFound
	}
	rec, _, err := p.Library.Recording(r.Context(), client, id)
	return rec, err
}

// inOrder sorts recordings as they happened: by treatment, phase, start, id.
func inOrder(recs []debrief.Recording) {
	slices.SortFunc(recs, func(a, b debrief.Recording) int {
		return cmp.Or(
			cmp.Compare(a.Session, b.Session),
			cmp.Compare(slices.Index(debrief.Phases(), a.Phase), slices.Index(debrief.Phases(), b.Phase)),
			a.Started.Compare(b.Started),
			cmp.Compare(a.ID, b.ID),
		)
	})
}

// zones are the time zones met so far: loading one reads a file.
var zones sync.Map // name -> *time.Location

// zone is the client's time zone; UTC when unknown, so that two machines show the same.
func zone(c debrief.Client) *time.Location {
	if loc, ok := zones.Load(c.TimeZone); ok {
		return loc.(*time.Location)
	}
	loc, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return time.UTC
	}
	zones.Store(c.TimeZone, loc)
	return loc
}
