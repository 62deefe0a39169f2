package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"debrief"
)

// renewAgain is the pause before a recording is tried again when the store was out of reach, or somebody else was quicker.
const renewAgain = time.Minute

// RenewerConfig is what a [Renewer] works with. Open and Quiet are required.
type RenewerConfig struct {
	// Open makes what tags and summarises, at the first recording; it is asked again after an error.
	Open func() (Meaning, error)
	// Quiet is how long nobody may have touched a recording before it is worked on: who corrects one line goes on with the next.
	Quiet time.Duration
	Log   *slog.Logger // default none
}

// Renewer brings tags and summaries up to date with what coaches correct, when they pause. What it does not get to is stale by
// its input: whoever opens the recording next says so again, and batch and retag find it. It is safe for concurrent use.
type Renewer struct {
	RenewerConfig
	mu   sync.Mutex
	due  map[touched]time.Time
	wake chan struct{}
}

type touched struct {
	client debrief.ClientID
	id     debrief.RecordingID
}

// NewRenewer checks the configuration; call Run.
func NewRenewer(c RenewerConfig) (*Renewer, error) {
	if c.Open == nil || c.Quiet <= 0 {
		return nil, fmt.Errorf("make a renewer: open and quiet are needed: %w", debrief.ErrInvalid)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Renewer{RenewerConfig: c, due: map[touched]time.Time{}, wake: make(chan struct{}, 1)}, nil
}

// Changed says that a coach changed something about a recording. It returns at once.
func (r *Renewer) Changed(client debrief.ClientID, id debrief.RecordingID) {
	r.put(touched{client, id}, r.Quiet)
}

func (r *Renewer) put(what touched, wait time.Duration) {
	r.mu.Lock()
	r.due[what] = time.Now().Add(wait)
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, one recording after the other.
func (r *Renewer) Run(ctx context.Context) {
	for {
		what, wait := r.next()
		if wait == 0 {
			r.renew(ctx, what)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-time.After(wait):
		}
	}
}

// next takes the recording that has been quiet for longest, or says how long until one is.
func (r *Renewer) next() (first touched, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait = time.Hour // a wake comes earlier
	for what, at := range r.due {
		if rest := time.Until(at); rest < wait {
			first, wait = what, rest
		}
	}
	if wait <= 0 {
		delete(r.due, first)
		return first, 0
	}
	return touched{}, wait
}

func (r *Renewer) renew(ctx context.Context, what touched) {
	m, err := r.Open()
	if err == nil {
		_, err = m.Renew(ctx, what.client, what.id)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	r.Log.Error("tag again what was corrected", "recording", what.id, "err", err)
	if errors.Is(err, debrief.ErrUnavailable) || errors.Is(err, debrief.ErrConflict) {
		r.mu.Lock()
		_, again := r.due[what]
		r.mu.Unlock()
		if !again {
			r.put(what, renewAgain)
		}
	}
}
