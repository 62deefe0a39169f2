package capture

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"debrief"
	"debrief/capture/spool"
	"debrief/internal/audio"
)

const (
	// pollEvery is how often the spool is looked through for finished segments.
	pollEvery = 2 * time.Second
	// backoffFirst and backoffMost bound the pause after a failure: a store that comes back is
	// noticed within a minute, one that is down is not hammered.
	backoffFirst = time.Second
	backoffMost  = time.Minute
	// segmentPatience bounds the upload of one segment, 1 MB: a line of 3 kB/s still makes it.
	segmentPatience = 6 * time.Minute
)

// Store is where recordings end up.
type Store interface {
	// PutSegment stores a segment as FLAC. Storing the same bytes again is harmless.
	PutSegment(ctx context.Context, rec *debrief.Recording, index int, flac []byte) error
	// SegmentSum reads what the store holds and returns its SHA-256 in hex; [debrief.ErrNotFound] for nothing.
	SegmentSum(ctx context.Context, rec *debrief.Recording, index int) (string, error)
	// PutRecording stores the manifest in place of an earlier state of it.
	PutRecording(ctx context.Context, rec *debrief.Recording) error
}

// UploadConfig is what an uploader works with. Spool and Store are required.
type UploadConfig struct {
	Spool  string
	Store  Store
	Keep   time.Duration // how long audio stays on this disk after the store has it all; negative: for good
	Notify func(Event)
	Now    func() time.Time
	Log    *slog.Logger
}

// Uploader brings every recording of a spool into the store, the one being made included, and
// goes on where the last one, in whatever process, left off. The journal remembers what the
// store has confirmed.
type Uploader struct {
	cfg UploadConfig

	trying struct { // by the goroutine that uploads
		id    debrief.RecordingID
		index int
		n     int
	}
	announced debrief.RecordingID // likewise: known to the store before its first segment is

	mu      sync.Mutex
	live    *Recorder
	problem string
	waiting int
	stored  map[debrief.RecordingID]debrief.Samples
}

// Upload is how far uploading is.
type Upload struct {
	Stored  debrief.Samples `json:"stored"`            // of the recording asked for
	Waiting int             `json:"waiting"`           // segments of all recordings on this disk only
	Problem string          `json:"problem,omitempty"` // why nothing moves
}

// NewUploader checks the configuration.
func NewUploader(cfg UploadConfig) (*Uploader, error) {
	if cfg.Spool == "" || cfg.Store == nil {
		return nil, fmt.Errorf("make an uploader: no spool or no store: %w", debrief.ErrInvalid)
	}
	if cfg.Notify == nil {
		cfg.Notify = func(Event) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Uploader{cfg: cfg, stored: map[debrief.RecordingID]debrief.Samples{}}, nil
}

// Follow lets the recording of a recorder in this process be uploaded while it is made.
func (u *Uploader) Follow(r *Recorder) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.live = r
}

// Status tells how far a recording is.
func (u *Uploader) Status(id debrief.RecordingID) Upload {
	u.mu.Lock()
	defer u.mu.Unlock()
	return Upload{Stored: u.stored[id], Waiting: u.waiting, Problem: u.problem}
}

// Run uploads until ctx ends. No error of the store ends it.
func (u *Uploader) Run(ctx context.Context) { u.loop(ctx, func(int) bool { return false }) }

// Flush uploads until every ended recording is in the store, or ctx ends; then its error.
func (u *Uploader) Flush(ctx context.Context) error {
	u.loop(ctx, func(left int) bool { return left == 0 })
	return ctx.Err()
}

func (u *Uploader) loop(ctx context.Context, done func(left int) bool) {
	pause := backoffFirst
	for ctx.Err() == nil {
		left, err := u.pass(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := pollEvery
		if err != nil {
			// Half of the pause is random, so that many recorders do not come back all at once.
			wait = pause/2 + rand.N(pause/2)
			pause = min(2*pause, backoffMost)
		} else {
			pause = backoffFirst
			if done(left) {
				return
			}
		}
		u.report(err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// report tells when uploading begins to fail and when it works again.
func (u *Uploader) report(err error) {
	u.mu.Lock()
	was, waiting := u.problem, u.waiting
	u.problem = ""
	if err != nil {
		u.problem = err.Error()
	}
	now := u.problem
	u.mu.Unlock()
	switch {
	case now != "" && was == "":
		u.tell("upload", true, 0, "uploading fails and will be tried again; %d segments are safe on this disk only: %s", waiting, now)
	case now == "" && was != "":
		u.tell("upload", false, 0, "uploading works again")
	}
}

func (u *Uploader) tell(kind string, isBad bool, at debrief.Samples, format string, args ...any) {
	u.cfg.Notify(Event{Wall: u.cfg.Now(), At: at, Kind: kind, Bad: isBad, Text: fmt.Sprintf(format, args...)})
}

// noter adds to a recording's journal.
type noter interface{ Note(spool.Entry) error }

// pass goes through the spool once and returns how many ended recordings are not yet stored. One
// recording that fails does not keep the others waiting.
func (u *Uploader) pass(ctx context.Context) (left int, err error) {
	states, err := spool.List(u.cfg.Spool)
	if err != nil {
		return 0, err
	}
	waiting := 0
	for i := range states {
		waiting += len(states[i].Recording.Segments) - states[i].Uploaded()
	}
	u.mu.Lock()
	u.waiting = waiting
	u.mu.Unlock()
	var errs []error
	for i := range states {
		st := &states[i]
		if err := u.recording(ctx, st); err != nil {
			errs = append(errs, fmt.Errorf("recording %s: %w", st.Recording.ID, err))
		}
		if !st.Ended.IsZero() && st.Stored.IsZero() {
			left++
		}
	}
	return left, errors.Join(errs...)
}

// recording brings one recording on as far as it goes; st follows.
func (u *Uploader) recording(ctx context.Context, st *spool.State) error {
	rec := &st.Recording
	if !st.Stored.IsZero() {
		return u.tidy(ctx, st)
	}
	journal, release, err := u.take(st)
	if err != nil || journal == nil {
		return err
	}
	defer release()
	news := false
	for i := st.Uploaded(); i < len(rec.Segments); i++ {
		seg, err := u.segment(ctx, st, rec.Segments[i])
		if err != nil {
			return err
		}
		if err := journal.Note(spool.Entry{Kind: spool.KindUploaded, Wall: u.cfg.Now(), Segment: &seg}); err != nil {
			return ended(err)
		}
		rec.Segments[i] = seg
		news = true
		u.mu.Lock()
		u.stored[rec.ID] = seg.Start + seg.Samples
		u.waiting--
		u.mu.Unlock()
	}
	if !st.Ended.IsZero() {
		return u.complete(ctx, st, journal)
	}
	if !news && !u.announces(st) {
		return nil
	}
	if err := u.cfg.Store.PutRecording(ctx, st.Manifest()); err != nil {
		return fmt.Errorf("store manifest: %w", err)
	}
	u.announced = rec.ID
	return nil
}

// announces tells whether the store should learn of the recording being made though none of its
// segments is full yet: whoever looks on sees at once that it has begun. Not before something of
// it is safe on this disk, so that there will be a recording, whatever happens.
func (u *Uploader) announces(st *spool.State) bool {
	if u.announced == st.Recording.ID || st.Uploaded() > 0 || st.Recording.Started.IsZero() {
		return false
	}
	u.mu.Lock()
	live := u.live
	u.mu.Unlock()
	return live.w.Safe() > 0 // only a live recording that has not ended gets here
}

// take returns the journal of a recording to write to; nil when another process has it, or when
// it waits to be recovered.
func (u *Uploader) take(st *spool.State) (noter, func(), error) {
	u.mu.Lock()
	live := u.live
	u.mu.Unlock()
	if live != nil && live.ID() == st.Recording.ID && st.Ended.IsZero() {
		return live.w, func() {}, nil
	}
	if st.Ended.IsZero() {
		return nil, nil, nil
	}
	held, err := spool.Hold(st.Dir)
	if errors.Is(err, spool.ErrBusy) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	// Another process may have been at it until just now.
	if *st, err = spool.Load(st.Dir); err != nil {
		held.Close()
		return nil, nil, err
	}
	if !st.Stored.IsZero() {
		held.Close()
		return nil, nil, nil
	}
	return held, held.Close, nil
}

// ended is nil for the error of a recording that ended meanwhile: the next pass goes on with it.
func ended(err error) error {
	if errors.Is(err, spool.ErrClosed) {
		return nil
	}
	return err
}

// segment uploads one segment and has the store confirm it; what it returns knows its FLAC.
func (u *Uploader) segment(ctx context.Context, st *spool.State, seg debrief.Segment) (debrief.Segment, error) {
	ctx, cancel := context.WithTimeout(ctx, segmentPatience)
	defer cancel()
	pcm, err := spool.ReadSegment(st.Dir, seg)
	if err != nil {
		return seg, err
	}
	flac, err := audio.EncodeFLAC(pcm)
	if err != nil {
		return seg, fmt.Errorf("encode segment %d: %w", seg.Index, err)
	}
	sum := sha256.Sum256(flac)
	seg.SHA256, seg.Bytes = hex.EncodeToString(sum[:]), int64(len(flac))
	// An earlier attempt may have got as far as the confirmation. Every second one asks first, so
	// that a line on which each second request fails does not always fail the same one.
	if u.attempt(st.Recording.ID, seg.Index)%2 == 0 && u.confirm(ctx, &st.Recording, seg) == nil {
		return seg, nil
	}
	if err := u.cfg.Store.PutSegment(ctx, &st.Recording, seg.Index, flac); err != nil {
		return seg, fmt.Errorf("store segment %d: %w", seg.Index, err)
	}
	return seg, u.confirm(ctx, &st.Recording, seg)
}

// attempt counts the attempts at one segment; they come one after the other.
func (u *Uploader) attempt(id debrief.RecordingID, index int) int {
	if u.trying.id != id || u.trying.index != index {
		u.trying.id, u.trying.index, u.trying.n = id, index, 0
	}
	u.trying.n++
	return u.trying.n
}

// confirm reads a segment back from the store.
func (u *Uploader) confirm(ctx context.Context, rec *debrief.Recording, seg debrief.Segment) error {
	got, err := u.cfg.Store.SegmentSum(ctx, rec, seg.Index)
	if err != nil {
		return fmt.Errorf("confirm segment %d: %w", seg.Index, err)
	}
	if got != seg.SHA256 {
		return fmt.Errorf("confirm segment %d: the store holds something else: %w", seg.Index, debrief.ErrConflict)
	}
	return nil
}

// complete stores the final manifest.
func (u *Uploader) complete(ctx context.Context, st *spool.State, journal noter) error {
	rec := st.Manifest()
	rec.Status = debrief.Stored
	if len(rec.Segments) > 0 { // nothing was heard, nothing is to be shown
		if err := u.cfg.Store.PutRecording(ctx, rec); err != nil {
			return fmt.Errorf("store manifest: %w", err)
		}
	}
	now := u.cfg.Now()
	if err := journal.Note(spool.Entry{Kind: spool.KindStored, Wall: now}); err != nil {
		return err
	}
	st.Stored = now
	u.tell("stored", false, rec.Samples, "recording %s is in the store: %s in %d segments", rec.ID, rec.Samples, len(rec.Segments))
	return nil
}

// tidy deletes a stored recording from this disk when it was kept long enough and the store, asked
// once more, has all of it.
func (u *Uploader) tidy(ctx context.Context, st *spool.State) error {
	if u.cfg.Keep < 0 || u.cfg.Now().Sub(st.Stored) < u.cfg.Keep {
		return nil
	}
	held, err := spool.Hold(st.Dir)
	if errors.Is(err, spool.ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer held.Close()
	for _, seg := range st.Recording.Segments {
		if err := u.confirm(ctx, &st.Recording, seg); err != nil {
			return fmt.Errorf("not deleted from this disk: %w", err)
		}
	}
	return held.Remove()
}
