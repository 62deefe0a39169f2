// Package retry is what asking a server again has in common: [Sleep] between two attempts, and
// [After], how long the server wants that to be.
//
// Whether and how often to ask again is for the caller to say; nothing here sends a request.
package retry

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Sleep waits, or returns the context's error as soon as it is done.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// After reads the two forms of a Retry-After header: seconds and an HTTP date (RFC 9110, 10.2.3).
func After(value string, now time.Time) (time.Duration, bool) {
	if wait, ok := Seconds(value); ok {
		return wait, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}

// Seconds reads a number of seconds that is not negative, with or without a fraction.
func Seconds(value string) (time.Duration, bool) {
	const most = 1e9 // 30 years; beyond it a duration overflows
	s, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(s >= 0) {
		return 0, false
	}
	return time.Duration(min(s, most) * float64(time.Second)), true
}
