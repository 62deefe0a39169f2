package main

import (
	"context"

	"debrief/internal/bench/figure"
	"debrief/internal/testsound"
)

// asrNothing listens to ten minutes each of what is not speech.
func asrNothing(ctx context.Context, b *bed) ([]figure.Figure, error) {
	var out []figure.Figure
	for _, s := range testsound.Nothing() {
		tr, err := b.hear(ctx, spoken{file: s.Name, pcm: s.PCM(joinedLength)})
		if err != nil {
			return nil, err
		}
		words := 0
		for _, u := range tr.Utterances {
			if u.Usable() {
				words += len(u.Words)
			}
		}
		out = append(out, figure.AtMost("invented words, "+s.Name, float64(words), 0, "in 10 minutes"))
	}
	return out, nil
}
