package capture

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"debrief"
	"debrief/capture/sound"
	"debrief/capture/spool"
)

// Recorder makes one recording. Everything it does happens in the goroutine of [Recorder.Run].
type Recorder struct {
	cfg      Config
	w        *spool.Writer
	meter    *meter
	commands chan func()

	active  *feed // what is recorded; nil when nothing is
	next    *feed // a microphone being tried beside it
	trying  bool  // a goroutine looks for a microphone
	found   chan attempt
	lastTry time.Duration
	tryNow  bool
	inVain  int                      // attempts since a microphone was last heard
	shunned map[string]time.Duration // until when a device is passed over

	started  time.Duration // when sample 0 was heard; 0 before
	heard    time.Duration // up to when everything is recorded
	broken   string        // why the next frame does not follow the last; "" when it does
	gap      *openGap
	joint    *openGap    // the last one closed; its feed may yet turn out to lie earlier
	lost     debrief.Gap // the last one found within a stream; a later delivery may shorten it
	unheard  time.Duration
	fallback *debrief.Warning // stands while a device that is not preferred is recorded
	standing map[string]bool  // warnings that stand, for the screen
	paused   bool
	lowDisk  bool
	lastDisk time.Duration

	mu     sync.Mutex
	status Status
}

// openGap is a gap whose length is refined until the stream behind it has settled.
type openGap struct {
	debrief.Gap
	from   time.Duration   // end of what was heard before
	feed   *feed           // the stream behind it
	offset debrief.Samples // its first recorded sample, in the stream
}

// New opens the spool: an unfinished recording of the same debrief is gone on with when it crashed
// at most ten minutes ago, as [Recover] left it, else a new one begins.
func New(cfg Config) (*Recorder, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	r := &Recorder{
		cfg:      cfg,
		commands: make(chan func()),
		found:    make(chan attempt, 1),
		shunned:  map[string]time.Duration{},
		standing: map[string]bool{},
		tryNow:   true,
	}
	if err := r.openSpool(); err != nil {
		return nil, err
	}
	r.meter = newMeter(r.w.Samples())
	r.setState(Opening)
	r.publish()
	return r, nil
}

func (r *Recorder) openSpool() error {
	cfg := spool.Config{Root: r.cfg.Spool, Who: r.cfg.Who, Now: r.cfg.Now}
	states, err := spool.List(r.cfg.Spool)
	if err != nil {
		return err
	}
	for _, st := range states {
		if !resumable(st, r.cfg.Who, r.cfg.Now()) {
			continue
		}
		w, st, err := spool.Resume(cfg, st.Recording.ID)
		if errors.Is(err, spool.ErrBusy) {
			return debrief.WithHint(fmt.Errorf("this debrief is being recorded already: %w", debrief.ErrConflict),
				"stop the other recorder first")
		}
		if err != nil {
			return err
		}
		r.w = w
		for _, g := range st.Recording.Gaps {
			r.unheard += g.Length
		}
		// Only the wall clock knows how long ago the crash was.
		now, wall := r.cfg.Uptime(), r.cfg.Now()
		r.heard = now - wall.Sub(st.End())
		r.started = now - wall.Sub(st.Recording.Started)
		r.broken = debrief.GapCrash
		return nil
	}
	r.w, err = spool.Create(cfg)
	return err
}

// resumable tells whether a new recorder for who goes on with this recording.
func resumable(st spool.State, who spool.Who, now time.Time) bool {
	rec := st.Recording
	if !st.Ended.IsZero() || rec.Client != who.Client || rec.Session != who.Session || rec.Phase != who.Phase {
		return false
	}
	return !rec.Started.IsZero() && now.Sub(st.End()) < resumeWithin
}

// ID is the recording's.
func (r *Recorder) ID() debrief.RecordingID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status.Recording
}

// Status may be called at any time from any goroutine.
func (r *Recorder) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Safe = r.w.Safe()
	return s
}

// Run records until ctx ends; then everything is on disk and the recording has its end. An error
// is why it had to stop by itself: [debrief.ErrDiskFull], above all. Call it once.
func (r *Recorder) Run(ctx context.Context) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	var err error
	for err == nil && ctx.Err() == nil {
		select {
		case f, ok := <-frames(r.active):
			if ok {
				err = r.record(r.active, f)
			} else {
				r.lose(debrief.GapLost, r.active.stream.Err())
			}
		case f, ok := <-frames(r.next):
			err = r.hearNext(f, ok)
		case to := <-moved(r.active):
			r.wrongSource(to)
		case <-moved(r.next):
			r.dropNext("moved to another source")
		case a := <-r.found:
			r.take(a)
		case <-r.cfg.Microphones.Changed():
			r.tryNow = true
		case do := <-r.commands:
			do()
		case <-tick.C:
			r.supervise(ctx)
			err = r.checkDisk()
		case <-ctx.Done():
		}
		if r.tryNow {
			r.supervise(ctx)
		}
		r.publish()
	}
	return r.finish(err)
}

// finish lets the last words arrive and closes everything.
func (r *Recorder) finish(err error) error {
	if r.trying {
		if a := <-r.found; a.feed != nil {
			a.feed.stream.Close()
		}
	}
	if r.next != nil {
		r.next.stream.Close()
	}
	if r.active != nil {
		if err == nil {
			err = r.drain()
		}
		r.active.stream.Close()
	} else if err == nil && r.started != 0 && r.broken != "" && r.gap == nil {
		r.openGap(r.broken, nil, 0)
		r.gap.Length = r.cfg.Uptime() - r.heard
	}
	r.closeGap()
	for _, c := range r.meter.end() {
		r.warn(c)
	}
	r.endFallback()
	closed := r.w.Close()
	r.setState(Stopped)
	return errors.Join(err, closed)
}

func (r *Recorder) drain() error {
	r.active.stream.Stop()
	timeout := time.NewTimer(stopPatience)
	defer timeout.Stop()
	for {
		select {
		case f, ok := <-r.active.stream.Frames():
			if !ok {
				return nil
			}
			if err := r.record(r.active, f); err != nil {
				return err
			}
		case <-timeout.C:
			return nil
		}
	}
}

// do runs f in Run's goroutine.
func (r *Recorder) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case r.commands <- func() { f(); close(done) }:
		<-done
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Pause stops recording what is heard until [Recorder.Resume]. The microphone stays open.
func (r *Recorder) Pause(ctx context.Context) error {
	return r.do(ctx, func() {
		if r.paused {
			return
		}
		r.paused = true
		r.mark(debrief.Marker{Kind: "pause"})
		r.interrupt(debrief.GapPaused)
	})
}

// Resume goes on after [Recorder.Pause].
func (r *Recorder) Resume(ctx context.Context) error {
	return r.do(ctx, func() {
		if r.paused {
			r.paused = false
			r.mark(debrief.Marker{Kind: "resume"})
		}
	})
}

// Mark notes this moment; kind and prompt as in [debrief.Marker]. A long note is cut.
func (r *Recorder) Mark(ctx context.Context, m debrief.Marker) error {
	return r.do(ctx, func() { r.mark(m) })
}

func (r *Recorder) mark(m debrief.Marker) {
	m.At = r.w.Samples()
	m.Note = m.Note[:min(len(m.Note), noteLimit)]
	r.note(spool.Entry{Kind: spool.KindMarker, Marker: &m})
	r.tell("marker", false, "%s", m.Kind)
}

// note writes to the journal. Its errors are those of the disk, which the next Append returns too.
func (r *Recorder) note(e spool.Entry) {
	if err := r.w.Note(e); err != nil {
		r.cfg.Log.Error("journal not written", "kind", e.Kind, "err", err)
	}
}

func (r *Recorder) tell(kind string, bad bool, format string, args ...any) {
	r.cfg.Notify(Event{Wall: r.cfg.Now(), At: r.w.Samples(), Kind: kind, Bad: bad, Text: fmt.Sprintf(format, args...)})
}

func (r *Recorder) setState(s State) {
	r.mu.Lock()
	was := r.status.State
	r.status.State = s
	r.status.Recording = r.id()
	r.mu.Unlock()
	if was != s {
		r.tell("state", s == Deaf, "%s", s)
	}
}

func frames(f *feed) <-chan sound.Frame {
	if f == nil {
		return nil
	}
	return f.stream.Frames()
}

func moved(f *feed) <-chan string {
	if f == nil {
		return nil
	}
	return f.stream.Moved()
}
