package capture

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"debrief"
	"debrief/capture/sound"
	"debrief/internal/testsound"
)

// scripted gives microphones that hear the ramp of the true time and deliver it late. The clock is
// that of a synctest bubble, so that no other load of the machine plays a part.
type scripted struct {
	begun   time.Time
	streams []script // one for each Open
}

// script is the life of one stream.
type script struct {
	length time.Duration                           // how long it hears; then it is lost
	late   func(heard time.Duration) time.Duration // of a frame, by the time in the stream at which it ends
}

func (s *scripted) Devices(context.Context) ([]sound.Device, error) {
	return []sound.Device{{Name: "lapel"}}, nil
}
func (s *scripted) Changed() <-chan struct{} { return nil }

func (s *scripted) Open(context.Context, sound.Device) (sound.Stream, error) {
	if len(s.streams) == 0 {
		return nil, debrief.ErrUnavailable
	}
	now := s.streams[0]
	s.streams = s.streams[1:]
	p := &scriptedStream{frames: make(chan sound.Frame, 1000), quit: make(chan struct{})}
	go p.play(s.begun, now)
	return p, nil
}

type scriptedStream struct {
	frames chan sound.Frame
	quit   chan struct{}
}

const scriptedFrame = debrief.SampleRate / 10

func (p *scriptedStream) play(begun time.Time, s script) {
	defer close(p.frames)
	from := time.Since(begun)
	first := int64(debrief.SamplesOf(from.Seconds()))
	for n := int64(0); ; n++ {
		heard := debrief.Samples((n + 1) * scriptedFrame).Duration()
		if heard > s.length {
			return
		}
		select {
		case <-time.After(time.Until(begun.Add(from + heard + s.late(heard)))):
		case <-p.quit:
			return
		}
		pcm := make([]int16, scriptedFrame)
		for i := range pcm {
			pcm[i] = testsound.RampValue(first + n*scriptedFrame + int64(i))
		}
		p.frames <- sound.Frame{At: time.Since(begun), PCM: pcm}
	}
}

func (p *scriptedStream) Frames() <-chan sound.Frame { return p.frames }
func (p *scriptedStream) Moved() <-chan string       { return nil }
func (p *scriptedStream) Err() error                 { return errors.New("lost") }
func (p *scriptedStream) Stop()                      { p.Close() }
func (p *scriptedStream) Close() {
	select {
	case <-p.quit:
	default:
		close(p.quit)
	}
}

// onTime is a machine that has time.
func onTime(time.Duration) time.Duration { return 10 * time.Millisecond }

// TestStreamsThatAreLate loses the microphone between streams that a loaded machine delivers late.
// Every stretch must lie where it was heard all the same.
func TestStreamsThatAreLate(t *testing.T) {
	const backlog = 1600 * time.Millisecond
	for name, streams := range map[string][]script{
		"by the start, for longer than it takes to settle": {
			{4 * time.Second, onTime},
			{6 * time.Second, func(heard time.Duration) time.Duration {
				if heard < 3*time.Second {
					return backlog
				}
				return max(10*time.Millisecond, backlog-(heard-3*time.Second)*9) // it clears quickly
			}},
			{4 * time.Second, onTime},
		},
		"and shorter than it takes to settle": {
			{4 * time.Second, onTime},
			{1500 * time.Millisecond, func(heard time.Duration) time.Duration { return max(10*time.Millisecond, 800*time.Millisecond-heard) }},
			{1200 * time.Millisecond, onTime},
			{4 * time.Second, onTime},
		},
		"by jitter alone": {
			{20 * time.Second, func(heard time.Duration) time.Duration { return heard % 440 * time.Millisecond / 440 }},
			{20 * time.Second, func(heard time.Duration) time.Duration { return (heard / 7) % (90 * time.Millisecond) }},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var rec *debrief.Recording
			var pcm []int16
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				var heard, want time.Duration
				for _, s := range streams {
					want += s.length
				}
				r, err := New(Config{Spool: t.TempDir(), Who: someone, Devices: []string{"lapel"},
					Microphones: &scripted{begun: begun, streams: streams},
					Uptime:      func() time.Duration { return time.Since(begun) }})
				if err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- r.Run(ctx) }()
				for heard < want && time.Since(begun) < time.Hour {
					time.Sleep(time.Second)
					heard = r.Status().Samples.Duration()
				}
				stop()
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				rec, pcm = spooled(t, r.w.Dir())
			})
			if worst := checkTimeline(t, rec, ramped(pcm), len(streams)); !t.Failed() {
				t.Logf("at most %v off", worst)
			}
		})
	}
}

// checkTimeline compares where the runs of the ramp lie on the recording's clock, gaps included,
// with where the ramp itself says. It returns the worst difference.
func checkTimeline(t *testing.T, rec *debrief.Recording, runs []rampRun, want int) (worst time.Duration) {
	t.Helper()
	if len(runs) != want {
		t.Errorf("%d runs of the ramp, want %d: %+v, gaps %+v", len(runs), want, runs, rec.Gaps)
		return 0
	}
	place := func(at int) time.Duration {
		d := debrief.Samples(at).Duration()
		for _, g := range rec.Gaps {
			if int(g.At) <= at {
				d += g.Length
			}
		}
		return d
	}
	period := debrief.Samples(testsound.RampPeriod).Duration()
	for i := 1; i < len(runs); i++ {
		clock := place(runs[i].at) - place(runs[i-1].at)
		ramp := debrief.Samples(runs[i].phase - runs[i-1].phase).Duration()
		off := (clock - ramp) % period
		if off < -period/2 {
			off += period
		} else if off > period/2 {
			off -= period
		}
		worst = max(worst, off.Abs())
		if off.Abs() > 100*time.Millisecond {
			t.Errorf("run %d at sample %d lies %v off its true place", i, runs[i].at, off)
		}
	}
	return worst
}
