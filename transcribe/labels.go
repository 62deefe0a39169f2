package transcribe

import (
	"cmp"
	"slices"
)

// labelTrust is how sure an engine's own labels count as, within one chunk.
const labelTrust = 0.9

// labelled are the voices an engine told apart in one chunk, the one it named most first.
type labelled struct {
	chunk  int
	voices []labelVoice
}

type labelVoice struct {
	name  string
	count int // utterances
	voice
}

// sidesByLabel takes the two voices an engine names most in each chunk. Engines label voices
// anew in every chunk, so the same label in two chunks says nothing: which of them is whose
// follows from how the voices sound. nil when the engine told no two apart, or when they
// cannot be found again in another chunk.
func sidesByLabel(drafts []draft) (side []int, sure []float64) {
	chunks := labelledChunks(drafts)
	best := -1 // the chunk in which the two voices are heard best
	for i, c := range chunks {
		if len(c.voices) > 1 && (best < 0 || c.clear() > chunks[best].clear()) {
			best = i
		}
	}
	if best < 0 || len(chunks) > 1 && chunks[best].clear() < steady {
		return nil, nil
	}
	a, b := &chunks[best].voices[0].voice, &chunks[best].voices[1].voice
	sides := make([]map[string]int, len(chunks))
	trust := make([]float64, len(chunks))
	// The voices are made anew from what was given to them, and every chunk is asked again.
	for range 3 {
		var next [2]voice
		for i, c := range chunks {
			sides[i], trust[i] = c.match(a, b)
			for _, v := range c.voices {
				if s, ok := sides[i][v.name]; ok {
					next[s].add(&v.voice)
				}
			}
		}
		if len(chunks) == 1 {
			trust[0] = 1
			break
		}
		if next[0].frames < steady || next[1].frames < steady {
			break
		}
		a, b = &next[0], &next[1]
	}
	for _, d := range drafts {
		i := slices.IndexFunc(chunks, func(c labelled) bool { return c.chunk == d.chunk })
		if i >= 0 {
			if s, ok := sides[i][d.label()]; ok {
				side, sure = append(side, s), append(sure, labelTrust*trust[i])
				continue
			}
		}
		side, sure = append(side, 0), append(sure, 0.5)
	}
	return side, sure
}

// label is what the engine calls the voice, within the chunk.
func (d *draft) label() string { return d.words[0].passage.Speaker }

// labelledChunks lists the chunks with labels, in order.
func labelledChunks(drafts []draft) []labelled {
	var out []labelled
	for i := range drafts {
		d := &drafts[i]
		if d.label() == "" {
			continue
		}
		if len(out) == 0 || out[len(out)-1].chunk != d.chunk {
			out = append(out, labelled{chunk: d.chunk})
		}
		c := &out[len(out)-1]
		n := slices.IndexFunc(c.voices, func(v labelVoice) bool { return v.name == d.label() })
		if n < 0 {
			n = len(c.voices)
			c.voices = append(c.voices, labelVoice{name: d.label()})
		}
		c.voices[n].count++
		c.voices[n].add(&d.sound)
	}
	for _, c := range out {
		slices.SortStableFunc(c.voices, func(a, b labelVoice) int {
			return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.name, b.name))
		})
	}
	return out
}

// clear is how many voiced frames there are of the lesser heard of the chunk's two voices.
func (c labelled) clear() float64 { return min(c.voices[0].frames, c.voices[1].frames) }

// match says which of the chunk's first two labels is which of two voices, and how sure that is.
func (c labelled) match(a, b *voice) (sides map[string]int, sure float64) {
	first := &c.voices[0]
	margin, frames := 0.0, 0.0 // for: the first is b
	if first.frames > 0 {
		margin, frames = fit(b, &first.voice)-fit(a, &first.voice), first.frames
	}
	sides = map[string]int{}
	if len(c.voices) > 1 {
		second := &c.voices[1]
		if second.frames > 0 {
			margin, frames = margin+fit(a, &second.voice)-fit(b, &second.voice), frames+second.frames
		}
		sides[second.name] = 1 - b2i(margin > 0)
	}
	sides[first.name] = b2i(margin > 0)
	if frames == 0 {
		return sides, 0.5 / labelTrust
	}
	return sides, trusted(margin, frames)
}
