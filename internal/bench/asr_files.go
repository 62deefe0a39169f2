package main

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"debrief/internal/bench/figure"
)

// asrFiles transcribes each file of the set by itself.
func asrFiles(ctx context.Context, b *bed) ([]figure.Figure, error) {
	before := cpu()
	texts, err := b.hearAll(ctx, b.set)
	if err != nil {
		return nil, err
	}
	used := cpu() - before
	rates, err := b.score(ctx, b.set, texts)
	if err != nil {
		return nil, err
	}
	figures := []figure.Figure{
		figure.AtMost("word error rate, files", rates["ALL-utt"], 9.8, "%"),
		figure.AtLeast("speed, files", seconds(b.set)/used.Seconds(), 15, "x real time per CPU second"),
	}
	delete(rates, "ALL-utt")
	for _, group := range slices.Sorted(maps.Keys(rates)) {
		figures = append(figures, figure.Told("  of which "+group, rates[group], "%", ""))
	}
	return figures, nil
}

// damages are what lapel microphones and telephones do to speech, as sox does it.
var damages = []struct {
	name    string
	effects string // of sox
}{
	{"clean", ""},
	{"quiet, -40 dBFS", "gain -n -40"},
	{"8 kHz", "rate 8000 rate 16000"},
	{"clipped, 12 dB over", "gain -n gain 12"},
}

// asrDamaged hears the set as it is and damaged.
func asrDamaged(ctx context.Context, b *bed) ([]figure.Figure, error) {
	var figures []figure.Figure
	for _, d := range damages {
		var set []spoken
		for _, s := range b.set {
			pcm, err := sox(ctx, s.pcm, d.effects)
			if err != nil {
				return nil, err
			}
			s.pcm = pcm
			set = append(set, s)
		}
		texts, err := b.hearAll(ctx, set)
		if err != nil {
			return nil, err
		}
		rates, err := b.score(ctx, set, texts)
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure.Told("word error rate, "+d.name, rates["ALL-utt"], "%", ""))
	}
	return figures, nil
}

// sox changes sound.
func sox(ctx context.Context, pcm []int16, effects string) ([]int16, error) {
	if effects == "" {
		return pcm, nil
	}
	raw := []string{"-t", "raw", "-r", "16000", "-e", "signed", "-b", "16", "-c", "1", "-"}
	cmd := exec.CommandContext(ctx, "sox", slices.Concat([]string{"-V0", "-D"}, raw, raw, strings.Fields(effects))...)
	cmd.Stdin = strings.NewReader(bytesOf(pcm))
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("sox %s: %w", effects, err)
	}
	changed := make([]int16, len(out)/2)
	for i := range changed {
		changed[i] = int16(uint16(out[2*i]) | uint16(out[2*i+1])<<8)
	}
	return changed, nil
}

// bytesOf are samples as 16 bit little-endian.
func bytesOf(pcm []int16) string {
	var b strings.Builder
	b.Grow(2 * len(pcm))
	for _, s := range pcm {
		b.WriteByte(byte(s))
		b.WriteByte(byte(s >> 8))
	}
	return b.String()
}
