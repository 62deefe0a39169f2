package retry

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAfter(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, " 0.5 ": 500 * time.Millisecond, "0": 0, "1e300": 1e9 * time.Second,
		"Fri, 20 Nov 2026 12:00:20 GMT": 20 * time.Second, "Fri, 20 Nov 2026 11:00:00 GMT": 0,
		"": -1, "-1": -1, "NaN": -1, "soon": -1,
	} {
		if got, ok := After(value, now); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %v, %v", value, got, ok)
		}
	}
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := Sleep(t.Context(), time.Minute); err != nil || time.Since(began) != time.Minute {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := Sleep(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute+time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}
