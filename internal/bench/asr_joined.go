package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"debrief"
	"debrief/internal/bench/figure"
)

// joinedLength is how long the joined recordings are: ten minutes.
const joinedLength = 600 * debrief.SampleRate

// joined is a recording made of files with pauses between them, and where each file lies.
type joined struct {
	spoken
	parts []debrief.Span
}

// join shuffles the set and joins it to ten-minute recordings with pauses of 0.5-60 s, short
// ones more often than long. Pauses hold a faint hiss, as a microphone's do. The same every time.
func join(set []spoken) []joined {
	r := rand.New(rand.NewPCG(4, 2026))
	set = slices.Clone(set)
	r.Shuffle(len(set), func(i, j int) { set[i], set[j] = set[j], set[i] })
	var out []joined
	var j joined
	var refs []string
	finish := func() {
		j.file, j.group, j.reference = fmt.Sprintf("joined_%d", len(out)+1), "joined", strings.Join(refs, " ")
		out = append(out, j)
		j, refs = joined{}, nil
	}
	for _, s := range set {
		pause := debrief.SamplesOf(0.5 * math.Pow(120, r.Float64()))
		for range pause {
			j.pcm = append(j.pcm, int16(r.IntN(5)-2))
		}
		start := debrief.Samples(len(j.pcm))
		j.pcm = append(j.pcm, s.pcm...)
		j.parts = append(j.parts, debrief.Span{Start: start, End: debrief.Samples(len(j.pcm))})
		refs = append(refs, s.reference)
		if len(j.pcm) >= joinedLength {
			finish()
		}
	}
	if len(refs) > 0 {
		finish()
	}
	return out
}

// asrJoined transcribes long recordings and compares where utterances begin and end with
// where the files were put.
func asrJoined(ctx context.Context, b *bed) ([]figure.Figure, error) {
	var refs []spoken
	var texts []string
	var off []float64
	for _, j := range join(b.set) {
		tr, err := b.hear(ctx, j.spoken)
		if err != nil {
			return nil, err
		}
		refs = append(refs, j.spoken)
		texts = append(texts, text(tr))
		off = append(off, boundaries(j, tr)...)
	}
	rates, err := b.score(ctx, refs, texts)
	if err != nil {
		return nil, err
	}
	slices.Sort(off)
	return []figure.Figure{
		figure.AtMost("word error rate, joined", rates["ALL-utt"], 11, "%"),
		figure.AtMost("boundaries off, median", off[len(off)/2], 0.3, "s"),
		figure.Told("boundaries off, 90 %", off[len(off)*9/10], "s", "against the files' ends, silence in them included"),
	}, nil
}

// boundaries is how far, in seconds, the first and last word inside each file's place are
// from the ends of its sound that is not silence.
func boundaries(j joined, tr *debrief.Transcript) []float64 {
	var off []float64
	for _, p := range j.parts {
		truth := loud(j.pcm, p)
		var first, last debrief.Samples = -1, -1
		for _, u := range tr.Utterances {
			for _, w := range u.Words {
				if middle := (w.Start + w.End) / 2; middle >= p.Start && middle < p.End {
					if first < 0 {
						first = w.Start
					}
					last = w.End
				}
			}
		}
		if first < 0 {
			off = append(off, truth.Len().Seconds())
			continue
		}
		off = append(off, math.Abs((first - truth.Start).Seconds()), math.Abs((last - truth.End).Seconds()))
	}
	return off
}

// loud is the span less the quiet at its ends: 20 ms frames below -46 dB of the loudest.
func loud(pcm []int16, s debrief.Span) debrief.Span {
	const step = debrief.SampleRate / 50
	var levels []float64
	most := 0.0
	for at := s.Start; at+step <= s.End; at += step {
		sum := 0.0
		for _, v := range pcm[at : at+step] {
			sum += float64(v) * float64(v)
		}
		levels = append(levels, sum)
		most = max(most, sum)
	}
	speaks := func(v float64) bool { return v > most*math.Pow(10, -4.6) }
	first := max(0, slices.IndexFunc(levels, speaks))
	last := len(levels) - 1
	for last > first && !speaks(levels[last]) {
		last--
	}
	return debrief.Span{Start: s.Start + debrief.Samples(first)*step, End: s.Start + debrief.Samples(last+1)*step}
}
