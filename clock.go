package debrief

import (
	"fmt"
	"math"
	"time"
)

// SampleRate is the rate of all canonical audio, in samples per second. 16 kHz is what
// speech recognisers and wide-band Bluetooth microphones use; more would be stored for nothing.
const SampleRate = 16000

// Samples is a position or a length on a recording's own clock, in samples at [SampleRate].
type Samples int64

// SamplesOf converts seconds to the nearest sample.
func SamplesOf(seconds float64) Samples { return Samples(math.Round(seconds * SampleRate)) }

// Seconds converts to seconds.
func (s Samples) Seconds() float64 { return float64(s) / SampleRate }

// Duration converts to a time.Duration, exact to the nanosecond.
func (s Samples) Duration() time.Duration {
	return time.Duration(s) * (time.Second / SampleRate)
}

// String prints the position as people read it on a player: m:ss, or h:mm:ss from an hour on.
func (s Samples) String() string {
	sec := int64(s) / SampleRate
	if sec >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", sec/3600, sec/60%60, sec%60)
	}
	return fmt.Sprintf("%d:%02d", sec/60, sec%60)
}

// Span is a stretch of a recording: Start is inside, End is the first sample after it.
type Span struct {
	Start Samples `json:"start"`
	End   Samples `json:"end"`
}

// Len is the length of the span; a span that ends before it starts has length 0.
func (s Span) Len() Samples { return max(0, s.End-s.Start) }

// Overlap is the number of samples the two spans share.
func (s Span) Overlap(t Span) Samples {
	return max(0, min(s.End, t.End)-max(s.Start, t.Start))
}
