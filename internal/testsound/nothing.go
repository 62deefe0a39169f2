package testsound

import (
	"math"
	"math/rand/v2"

	"debrief"
)

// Speechless is a sound in which nobody speaks.
type Speechless struct {
	Name string
	at   func(i int) float64 // sample i, in 16 bit units
}

// Nothing lists sounds in which nobody speaks and in which recognisers invent words: silence,
// noise, hum, breathing and music. The same every time.
func Nothing() []Speechless {
	r := rand.New(rand.NewPCG(5, 2026))
	tone := func(i int, hz, level float64) float64 {
		return level * math.Sin(2*math.Pi*hz*float64(i)/debrief.SampleRate)
	}
	breath := 0.0
	return []Speechless{
		{"silence", func(int) float64 { return 0 }},
		{"white noise", func(int) float64 { return 3000 * r.NormFloat64() }},
		{"faint noise", func(int) float64 { return 20 * r.NormFloat64() }}, // of a quiet room
		{"hum", func(i int) float64 { return tone(i, 50, 3000) + tone(i, 150, 1000) }},
		{"faint hum", func(i int) float64 { return tone(i, 50, 60) + tone(i, 150, 20) }},
		{"breathing", func(i int) float64 { // noise without highs that swells every four seconds
			breath = 0.9*breath + 0.1*r.NormFloat64()
			return 9000 * breath * math.Pow(math.Sin(math.Pi*float64(i)/(4*debrief.SampleRate)), 4)
		}},
		{"chords", func(i int) float64 {
			root := 220 * math.Pow(2, float64(i/(2*debrief.SampleRate)%5)/12)
			return tone(i, root, 2000) + tone(i, root*5/4, 1500) + tone(i, root*3/2, 1500)
		}},
	}
}

// PCM is the sound's first samples.
func (s Speechless) PCM(length debrief.Samples) []int16 {
	pcm := make([]int16, length)
	for i := range pcm {
		pcm[i] = int16(max(math.MinInt16, min(math.MaxInt16, s.at(i))))
	}
	return pcm
}
