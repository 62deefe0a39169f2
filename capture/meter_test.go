package capture

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"debrief"
)

// sound makes seconds of 16 kHz sound from a function of time.
func makeSound(seconds float64, f func(t float64) float64) []int16 {
	out := make([]int16, debrief.SamplesOf(seconds))
	for i := range out {
		v := f(float64(i) / debrief.SampleRate)
		out[i] = int16(max(-32768, min(32767, math.Round(v*32768))))
	}
	return out
}

func sine(hz, amplitude float64) func(float64) float64 {
	return func(t float64) float64 { return amplitude * math.Sin(2*math.Pi*hz*t) }
}

func noise(amplitude float64) func(float64) float64 {
	rnd := rand.New(rand.NewPCG(1, 1))
	return func(float64) float64 { return amplitude * (2*rnd.Float64() - 1) }
}

// speechLike is louder and softer four times a second, as syllables are, with sibilants or without.
func speechLike(wide bool) func(float64) float64 {
	hiss := noise(0.1)
	low := sine(300, 0.2)
	mid := sine(3300, 0.05)
	return func(t float64) float64 {
		h := hiss(t)
		v := (low(t) + mid(t)) * (1 + math.Sin(2*math.Pi*4*t)) / 2
		if wide && math.Mod(t, 2) < 0.2 {
			v += h
		}
		return v
	}
}

func kinds(changes []change) (raised, ended []string) {
	for _, c := range changes {
		if c.ended {
			ended = append(ended, c.Kind)
		} else {
			raised = append(raised, c.Kind)
		}
	}
	return raised, ended
}

func TestMeter(t *testing.T) {
	healthy := makeSound(30, speechLike(true))
	for name, tc := range map[string]struct {
		pcm    []int16
		raised []string
		signal bool
	}{
		"healthy speech":              {healthy, nil, true},
		"digital silence":             {make([]int16, 3*debrief.SampleRate), []string{warnSilence}, false},
		"a stuck value":               {slices.Repeat([]int16{-7}, 3*debrief.SampleRate), []string{warnSilence}, false},
		"a short closed gate":         {make([]int16, 1.9*debrief.SampleRate), nil, false},
		"a microphone in a drawer":    {makeSound(31, noise(0.0004)), []string{warnLevel}, true},
		"noise of a converter":        {makeSound(31, noise(0.00008)), []string{warnLevel}, false},
		"a quiet room":                {makeSound(60, noise(0.003)), nil, true},
		"clipping":                    {makeSound(2, sine(200, 1.5)), []string{warnClipping}, true},
		"loud without clipping":       {makeSound(2, sine(200, 0.999)), nil, true},
		"telephone sound":             {makeSound(20, speechLike(false)), []string{warnNarrowBand}, true},
		"telephone sound but quietly": {makeSound(20, sine(400, 0.003)), nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMeter(0)
			raised, _ := kinds(m.add(tc.pcm))
			if !slices.Equal(raised, tc.raised) || m.signal != tc.signal {
				t.Errorf("raised %v, want %v; signal %v, want %v (rms %.1f dBFS)", raised, tc.raised, m.signal, tc.signal, m.rms)
			}
		})
	}
	t.Run("a warning has its place and its end", func(t *testing.T) {
		m := newMeter(8000)
		changes := m.add(slices.Concat(healthy[:16000], make([]int16, 4*debrief.SampleRate), healthy[:16000]))
		if len(changes) != 2 || changes[0].ended || !changes[1].ended {
			t.Fatalf("changes %+v", changes)
		}
		want := debrief.Span{Start: 8000 + 16000, End: 8000 + 5*16000}
		if changes[1].Span != want || changes[0].Start != want.Start {
			t.Errorf("%+v, want %+v", changes, want)
		}
	})
	t.Run("a link that falls back to telephone sound is told soon after", func(t *testing.T) {
		m := newMeter(0)
		if raised, _ := kinds(m.add(makeSound(5, speechLike(true)))); len(raised) != 0 {
			t.Fatalf("raised %v", raised)
		}
		telephone := makeSound(1, speechLike(false))
		for second := range 90 {
			if raised, _ := kinds(m.add(telephone)); slices.Contains(raised, warnNarrowBand) {
				t.Logf("after %d s", second)
				return
			}
		}
		t.Error("not told")
	})
	t.Run("levels are true", func(t *testing.T) {
		m := newMeter(0)
		m.add(makeSound(1, sine(440, 0.5)))
		if math.Abs(m.peak+6.02) > 0.05 || math.Abs(m.rms+9.03) > 0.05 {
			t.Errorf("peak %.2f, rms %.2f", m.peak, m.rms)
		}
	})
	t.Run("high band passes what telephones do not", func(t *testing.T) {
		for hz, floor := range map[float64][2]float64{300: {-200, -60}, 3400: {-200, -60}, 4000: {-200, -60}, 6000: {-10, -8}, 7500: {-10, -8}} {
			m := newMeter(0)
			m.add(makeSound(1, sine(hz, 0.5)))
			if got := m.highBandOf(makeSound(0.1, sine(hz, 0.5))); got < floor[0] || got > floor[1] {
				t.Errorf("%v Hz: %.1f dBFS", hz, got)
			}
		}
	})
}

// highBandOf is the level of a block that follows what was added.
func (m *meter) highBandOf(block []int16) float64 {
	m.block = append(m.block[:0], block...)
	return highBand(m.window())
}

func TestSoundCheck(t *testing.T) {
	s := NewSoundCheck()
	s.Add(makeSound(3, sine(200, 1.5)))
	if h := s.Heard(); !h.Signal || h.Peak < -0.1 || h.Samples != 3*debrief.SampleRate || !slices.Equal(h.Warnings, []string{Describe(warnClipping)}) {
		t.Errorf("%+v", h)
	}
	if h := NewSoundCheck().Heard(); h.Signal || h.Samples != 0 || h.Peak > -90 {
		t.Errorf("nothing heard: %+v", h)
	}
}
