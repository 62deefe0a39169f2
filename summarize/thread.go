package summarize

import (
	"cmp"
	"slices"

	"debrief"
)

// The bounds of threads.
const (
	maxThreads     = 8   // more than eight threads is a list of words, not a message
	maxThreadWords = 4   // shown to name a thread
	mergeMentions  = 2   // two words that stand together so often ...
	mergeOverlap   = 0.5 // ... and in half of the mentions of the rarer one tell one thread
	sameSense      = 0.4 // least cosine to the nearest other mention of a thread: the arm of a sofa is no arm put out
)

// strand is a thread while it is being found: the words that tie it and the mentions they stand in, by index.
type strand struct {
	stems    []string
	mentions []int
}

// threads finds what returns across recordings: a telling word the client uses in answers of at least two of them.
// Words that stand in the same mentions are one thread. What belongs to comfort in the room or is a mood of the day is no thread.
func threads(mentions []*mention) []debrief.Thread {
	where := map[string][]int{}
	var stems []string
	for i, r := range mentions {
		if slices.Equal(r.prompts, []debrief.PromptID{promptSetting}) || slices.Equal(r.prompts, []debrief.PromptID{promptMood}) {
			continue
		}
		for _, s := range r.stems {
			if telling(s) {
				if where[s] == nil {
					stems = append(stems, s)
				}
				where[s] = append(where[s], i)
			}
		}
	}
	var strands []strand
	for _, s := range stems {
		if at := inOneSense(mentions, where[s]); recordings(mentions, at) >= 2 {
			strands = append(strands, strand{[]string{s}, at})
		}
	}
	byWeight := func(a, b strand) int {
		return cmp.Or(
			cmp.Compare(recordings(mentions, b.mentions), recordings(mentions, a.mentions)),
			cmp.Compare(len(b.mentions), len(a.mentions)),
			cmp.Compare(len(b.stems), len(a.stems)),
			cmp.Compare(a.mentions[0], b.mentions[0]),
			cmp.Compare(a.stems[0], b.stems[0]),
		)
	}
	slices.SortFunc(strands, byWeight)
	strands = mergeStrands(strands)
	slices.SortFunc(strands, byWeight)

	out := []debrief.Thread{}
	for _, s := range strands[:min(len(strands), maxThreads)] {
		out = append(out, s.thread(mentions))
	}
	return out
}

// inOneSense leaves out mentions that use the word but are near no other of them. Without vectors all stay.
func inOneSense(mentions []*mention, at []int) []int {
	return slices.DeleteFunc(slices.Clone(at), func(i int) bool {
		return mentions[i].vector != nil && !slices.ContainsFunc(at, func(k int) bool {
			return k != i && dot(mentions[i].vector, mentions[k].vector) >= sameSense
		})
	})
}

// mergeStrands joins each strand to the first one before it that shares enough mentions. Only the mentions a strand was
// made of count, so that threads do not grow into each other link by link.
func mergeStrands(strands []strand) []strand {
	var out []strand
	var seeds [][]int
	for _, s := range strands {
		at := slices.IndexFunc(seeds, func(seed []int) bool {
			n := common(seed, s.mentions)
			return n >= mergeMentions && float64(n) >= mergeOverlap*float64(min(len(seed), len(s.mentions)))
		})
		if at < 0 {
			out, seeds = append(out, s), append(seeds, s.mentions)
			continue
		}
		out[at].stems = append(out[at].stems, s.stems...)
		out[at].mentions = slices.Compact(slices.Sorted(slices.Values(slices.Concat(out[at].mentions, s.mentions))))
	}
	return out
}

func (s strand) thread(mentions []*mention) debrief.Thread {
	var t debrief.Thread
	for _, stem := range s.stems[:min(len(s.stems), maxThreadWords)] {
		t.Words = append(t.Words, commonest(mentions, s.mentions, stem))
	}
	for _, i := range s.mentions {
		t.Citations = append(t.Citations, mentions[i].cite)
	}
	return t
}

// commonest is the form of the stem the client uses most; of equals the first.
func commonest(mentions []*mention, at []int, stem string) string {
	counts := map[string]int{}
	best := ""
	for _, i := range at {
		if w := mentions[i].words[stem]; w != "" {
			if counts[w]++; counts[w] > counts[best] {
				best = w
			}
		}
	}
	return best
}

func recordings(mentions []*mention, at []int) int {
	seen := map[debrief.RecordingID]bool{}
	for _, i := range at {
		seen[mentions[i].cite.Recording] = true
	}
	return len(seen)
}

func common(a, b []int) int {
	n := 0
	for _, x := range a {
		if slices.Contains(b, x) {
			n++
		}
	}
	return n
}
