package transcribe

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"debrief"
)

// cutAll runs the cutter over sound whose windows have the given probabilities, in blocks.
func cutAll(pcm []int16, probs []float32, windows int) []Island {
	var c cutter
	var out []Island
	for len(probs) > 0 {
		n := min(windows, len(probs))
		m := min(n*window, len(pcm))
		out = append(out, c.write(pcm[:m], probs[:n])...)
		pcm, probs = pcm[m:], probs[n:]
	}
	return append(out, c.flush()...)
}

// speechPattern draws a recording: probabilities of its windows, and sound in which every
// sample tells its position.
func speechPattern(t *rapid.T) (pcm []int16, probs []float32) {
	for range rapid.IntRange(0, 12).Draw(t, "stretches") {
		length := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, 300), rapid.IntRange(800, 2500)).Draw(t, "windows")
		level := rapid.Float32Range(0, 1).Draw(t, "level")
		wobble := rapid.Float32Range(0, 0.3).Draw(t, "wobble")
		for i := range length {
			probs = append(probs, min(1, max(0, level+wobble*float32(i%5-2)/2)))
		}
	}
	samples := len(probs) * window
	if len(probs) > 0 {
		samples -= rapid.IntRange(0, window-1).Draw(t, "missing at the end")
	}
	pcm = make([]int16, samples)
	for i := range pcm {
		pcm[i] = int16(i * 7919)
	}
	return pcm, probs
}

func TestIslandsOfAnyPattern(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pcm, probs := speechPattern(t)
		blocks := rapid.IntRange(1, 64).Draw(t, "windows a block")
		islands := cutAll(pcm, probs, blocks)
		var end debrief.Samples
		for n, i := range islands {
			if i.Start < end {
				t.Fatalf("island %d starts at %d, inside the one before, which ends at %d", n, i.Start, end)
			}
			end = i.End
			if i.End > debrief.Samples(len(pcm)) {
				t.Fatalf("island %d ends at %d, after the sound's end %d", n, i.End, len(pcm))
			}
			if i.Len() > maxIsland {
				t.Fatalf("island %d is %d samples long, more than %d", n, i.Len(), maxIsland)
			}
			if !slices.Equal(i.PCM, pcm[i.Start:i.End]) {
				t.Fatalf("island %d holds other sound than the recording at %d-%d", n, i.Start, i.End)
			}
			if len(i.Speech) == 0 {
				t.Fatalf("island %d holds no speech", n)
			}
			from := i.Start
			for _, s := range i.Speech {
				if s.Start < from || s.End <= s.Start || s.End > i.End {
					t.Fatalf("speech %v is out of order in island %v", s, i.Span)
				}
				from = s.End
			}
			if i.Speech[0].Start-i.Start > islandPad || i.End-i.Speech[len(i.Speech)-1].End > islandPad {
				t.Fatalf("island %v keeps more than %d samples around its speech %v", i.Span, islandPad, i.Speech)
			}
		}
		if again := cutAll(pcm, probs, 64-blocks+1); !slices.EqualFunc(islands, again, func(a, b Island) bool { return a.Span == b.Span }) {
			t.Fatal("the same sound in other blocks gives other islands")
		}
	})
}

// Every window that is surely speech, in a run long enough to count, lies in an island.
func TestIslandsDropNoSpeech(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pcm, probs := speechPattern(t)
		islands := cutAll(pcm, probs, windowsAtOnce)
		covered := func(at debrief.Samples) bool {
			return slices.ContainsFunc(islands, func(i Island) bool { return at >= i.Start && at < i.End })
		}
		run := 0
		for w, p := range probs {
			if p < speechOn {
				run = 0
				continue
			}
			if run++; run*window < minSpeech+window {
				continue
			}
			if at := debrief.Samples(w * window); at < debrief.Samples(len(pcm)) && !covered(at) {
				t.Fatalf("window %d (at %d) is speech and in no island of %d", w, at, len(islands))
			}
		}
	})
}

func TestCutterForgetsSilence(t *testing.T) {
	var c cutter
	block := make([]int16, windowsAtOnce*window)
	quiet := make([]float32, windowsAtOnce)
	for range 3600 {
		if got := c.write(block, quiet); len(got) != 0 {
			t.Fatalf("%d islands in silence", len(got))
		}
	}
	if most := islandPad + len(block); len(c.pcm) > most {
		t.Errorf("an hour of silence leaves %d samples in memory, want at most %d", len(c.pcm), most)
	}
}
