package capture

import (
	"math/rand/v2"
	"testing"
	"time"

	"debrief"
)

const frame = debrief.SampleRate / 20

// deliveries feeds a pace with frames of 50 ms, each late by what late says, and returns what it
// finds lost.
func deliveries(p *pace, from debrief.Samples, n int, ppm float64, late func(i int) time.Duration) (lost time.Duration, at debrief.Samples) {
	for i := range n {
		heard := (from + debrief.Samples(i+1)*frame).Duration()
		heard += time.Duration(float64(heard) * ppm / 1e6)
		f := p.add(time.Hour+heard+late(i), frame)
		lost -= f.regained
		if f.lost > 0 {
			lost += f.lost
			at = f.at
		}
	}
	return lost, at
}

func near(got, want, by time.Duration) bool { return got >= want-by && got <= want+by }

func TestPace(t *testing.T) {
	jitter := func(seed uint64) func(int) time.Duration {
		rnd := rand.New(rand.NewPCG(seed, 1))
		return func(int) time.Duration {
			d := time.Duration(rnd.ExpFloat64() * float64(20*time.Millisecond))
			return min(d, 440*time.Millisecond)
		}
	}
	t.Run("finds the beginning behind jitter", func(t *testing.T) {
		var p pace
		deliveries(&p, 0, 60, 0, jitter(1))
		if !p.settled || !near(p.origin, time.Hour, 5*time.Millisecond) {
			t.Errorf("origin %v, settled %v", p.origin, p.settled)
		}
	})
	t.Run("jitter and drift of an hour lose nothing", func(t *testing.T) {
		for _, ppm := range []float64{-300, 0, 300} {
			var p pace
			if lost, _ := deliveries(&p, 0, 3600*20, ppm, jitter(2)); lost != 0 {
				t.Errorf("%v ppm: %v lost", ppm, lost)
			}
		}
	})
	t.Run("samples that never came are found where the stall was", func(t *testing.T) {
		var p pace
		deliveries(&p, 0, 100, 0, jitter(3))
		lost, at := deliveries(&p, 100*frame+3*debrief.SampleRate, 100, 0, jitter(4))
		if !near(lost, 3*time.Second, 30*time.Millisecond) || at != 100*frame {
			t.Errorf("%v lost at %d", lost, int64(at))
		}
	})
	t.Run("a backlog after a stall makes up for it", func(t *testing.T) {
		var p pace
		deliveries(&p, 0, 100, 0, jitter(3))
		lost, _ := deliveries(&p, 100*frame, 100, 0, func(i int) time.Duration {
			return max(0, 4*time.Second-time.Duration(i)*50*time.Millisecond)
		})
		if lost != 0 {
			t.Errorf("%v lost", lost)
		}
	})
	t.Run("a server that is slower for a while has lost nothing", func(t *testing.T) {
		var p pace
		deliveries(&p, 0, 100, 0, jitter(3))
		slow := jitter(6)
		lost, _ := deliveries(&p, 100*frame, 100, 0, func(i int) time.Duration { return 300*time.Millisecond + slow(i) })
		if lost == 0 {
			t.Error("lateness for 5 s must be believed at first")
		}
		again, _ := deliveries(&p, 200*frame, 100, 0, jitter(7))
		if total := lost + again; !near(total, 0, 10*time.Millisecond) {
			t.Errorf("%v remains lost", total)
		}
	})
	t.Run("small losses add up and are found", func(t *testing.T) {
		var p pace
		var lost time.Duration
		from := debrief.Samples(0)
		for range 100 { // 5 ms every 3 s: 1667 ppm, no crystal is that bad
			l, _ := deliveries(&p, from, 60, 0, jitter(5))
			lost += l
			from += 60*frame + debrief.SampleRate/200
		}
		if lost < 200*time.Millisecond {
			t.Errorf("%v of 500 ms found", lost)
		}
	})
}
