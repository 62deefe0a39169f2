package main

import (
	"context"
	"math"
	"slices"

	"debrief/internal/bench/figure"
	"debrief/internal/espeak"
)

// wordVoices are the synthesiser's. None was listened to when the word times were made: those
// come from 40 recorded sentences of people.
var wordVoices = []string{"en", "en-us+f3", "en-gb-scotland"}

// asrWords compares where words start with where a synthesiser put them.
func asrWords(ctx context.Context, b *bed) ([]figure.Figure, error) {
	var sentences []string
	for _, s := range b.set {
		sentences = append(sentences, s.reference)
	}
	var late []float64
	said := 0
	for _, voice := range wordVoices {
		pcm, words, err := espeak.Speak(ctx, voice, sentences)
		if err != nil {
			return nil, err
		}
		tr, err := b.hear(ctx, spoken{file: voice, pcm: pcm})
		if err != nil {
			return nil, err
		}
		var heard []espeak.Word
		for _, u := range tr.Utterances {
			for _, w := range u.Words {
				heard = append(heard, espeak.Word{Start: w.Start.Seconds(), Text: espeak.Plain(w.Text)})
			}
		}
		said += len(words)
		late = append(late, espeak.Late(words, heard)...)
	}
	within := func(s float64) float64 {
		n := 0
		for _, l := range late {
			if math.Abs(l) <= s {
				n++
			}
		}
		return 100 * float64(n) / float64(max(1, len(late)))
	}
	slices.Sort(late)
	figures := []figure.Figure{
		figure.AtLeast("word starts within 0.1 s", within(0.1), 90, "% of the words recognised"),
		figure.Told("word starts within 0.2 s", within(0.2), "%", ""),
		figure.Told("  words of the synthesiser recognised", 100*float64(len(late))/float64(said), "%", "three voices"),
	}
	if len(late) > 0 {
		figures = append(figures, figure.Told("  words start late by, median", late[len(late)/2], "s", ""))
	}
	return figures, nil
}
