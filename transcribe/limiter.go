package transcribe

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"debrief"
	"debrief/internal/retry"
)

const (
	// longestHold is how long a server may make requests wait. Told to wait longer, a run stops
	// and is resumed another time; nobody watches a bar that does not move for an hour.
	longestHold = 2 * time.Minute
	// spread is over how much time those who waited for the same moment set out, so that they
	// do not run into the limit again all at once.
	spread = 250 * time.Millisecond
)

// limiter is the one gate all requests of an engine pass. What the server tells one of them
// about its limits holds for all.
type limiter struct {
	slots  chan struct{}
	now    func() time.Time
	random func() float64

	mu    sync.Mutex
	until time.Time // no request is sent before
}

func newLimiter(parallel int, now func() time.Time, random func() float64) *limiter {
	return &limiter{slots: make(chan struct{}, parallel), now: now, random: random}
}

// enter waits for a slot and until the server takes requests again. Call leave after it, when
// it returned nil. The error is the context's, or [debrief.ErrUnavailable] when the wait would
// be longer than [longestHold].
func (l *limiter) enter(ctx context.Context) error {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		wait := l.held()
		if wait <= 0 {
			return nil
		}
		err := tooLong(wait)
		if err == nil {
			err = retry.Sleep(ctx, wait+time.Duration(l.random()*float64(spread)))
		}
		if err != nil {
			l.leave()
			return err
		}
	}
}

func (l *limiter) leave() { <-l.slots }

// held is how long no request may be sent.
func (l *limiter) held() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until.Sub(l.now())
}

func (l *limiter) hold(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.now().Add(d); until.After(l.until) {
		l.until = until
	}
}

// heed reads what an answer says about limits; limited is whether it was refused for one.
func (l *limiter) heed(h http.Header, limited bool) {
	if wait, ok := retry.After(h.Get("Retry-After"), l.now()); ok {
		l.hold(wait)
		return
	}
	for _, what := range []string{"Requests", "Tokens"} {
		left := h.Get("X-Ratelimit-Remaining-" + what)
		reset, ok := resetIn(h.Get("X-Ratelimit-Reset-" + what))
		if ok && (left == "0" || left == "" && limited) {
			// The reset is when all of the limit is there again; some of it is far earlier.
			l.hold(min(reset, longestHold))
		}
	}
}

// resetIn reads a time like 1s, 6m0s or 20ms; some compatible servers send bare seconds.
func resetIn(value string) (time.Duration, bool) {
	if wait, err := time.ParseDuration(value); err == nil && wait >= 0 {
		return wait, true
	}
	return retry.Seconds(value)
}

func tooLong(wait time.Duration) error {
	if wait <= longestHold {
		return nil
	}
	return debrief.WithHint(
		fmt.Errorf("wait for the server's limit, %s: %w", wait.Round(time.Second), debrief.ErrUnavailable),
		"run the same command again then; it goes on where it stopped")
}
