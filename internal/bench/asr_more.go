package main

import (
	"context"
	"math"
	"math/rand/v2"
	"syscall"
	"time"

	"debrief"
	"debrief/transcribe"
)

// asrNothing listens to ten minutes each of what is not speech.
func asrNothing(ctx context.Context, b *bed) ([]figure, error) {
	r := rand.New(rand.NewPCG(5, 2026))
	tone := func(i int, hz, level float64) float64 {
		return level * math.Sin(2*math.Pi*hz*float64(i)/debrief.SampleRate)
	}
	breath := 0.0
	var out []figure
	for _, s := range []struct {
		name string
		at   func(i int) float64
	}{
		{"silence", func(int) float64 { return 0 }},
		{"white noise", func(int) float64 { return 3000 * r.NormFloat64() }},
		{"hum", func(i int) float64 { return tone(i, 50, 3000) + tone(i, 150, 1000) }},
		{"breathing", func(i int) float64 { // noise without highs that swells every four seconds
			breath = 0.9*breath + 0.1*r.NormFloat64()
			return 9000 * breath * math.Pow(math.Sin(math.Pi*float64(i)/(4*debrief.SampleRate)), 4)
		}},
		{"chords", func(i int) float64 {
			root := 220 * math.Pow(2, float64(i/(2*debrief.SampleRate)%5)/12)
			return tone(i, root, 2000) + tone(i, root*5/4, 1500) + tone(i, root*3/2, 1500)
		}},
	} {
		pcm := make([]int16, joinedLength)
		for i := range pcm {
			pcm[i] = int16(max(-32768, min(32767, s.at(i))))
		}
		tr, err := b.hear(ctx, spoken{file: s.name, pcm: pcm})
		if err != nil {
			return nil, err
		}
		words := 0
		for _, u := range tr.Utterances {
			if u.Usable() {
				words += len(u.Words)
			}
		}
		out = append(out, atMost("invented words, "+s.name, float64(words), 0, "in 10 minutes"))
	}
	return out, nil
}

// asrLong transcribes three hours and tells the most memory this process ever held.
func asrLong(ctx context.Context, b *bed) ([]figure, error) {
	long := &looped{left: 3 * 3600 * debrief.SampleRate}
	for _, j := range join(b.set) {
		long.pcm = append(long.pcm, j.pcm...)
	}
	start := time.Now()
	if _, err := b.local.Transcribe(ctx, transcribe.Request{Audio: long}); err != nil {
		return nil, err
	}
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return nil, err
	}
	return []figure{
		atMost("memory at its peak, 3 hours", float64(r.Maxrss)/1024, 600, "MB"),
		told("3 hours took", time.Since(start).Minutes(), "minutes", ""),
	}, nil
}

// looped is sound over and over until a length is reached.
type looped struct {
	pcm  []int16
	at   int
	left int
}

func (l *looped) Read(dst []int16) (int, error) {
	if l.left == 0 {
		return (&sound{}).Read(dst)
	}
	n := copy(dst[:min(len(dst), l.left)], l.pcm[l.at:])
	l.at = (l.at + n) % len(l.pcm)
	l.left -= n
	return n, nil
}
