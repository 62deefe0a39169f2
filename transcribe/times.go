package transcribe

import (
	"strings"
	"unicode/utf8"

	"debrief"
)

// snap is how far, in samples, the first word of a run of speech may be looked for behind
// its start: attention finds a word's start within 0.1 s, the detector speech's within a window.
const snap = debrief.SampleRate / 4

// shortestWord is the least a word is given, in samples.
const shortestWord = debrief.SampleRate / 16

// settle puts the starts of words, which an engine found by looking, where speech is, in
// order, and gives each word an end: the next word's start or the end of the speech it is in.
func settle(words []Word, speech []debrief.Span) {
	inOrder(words)
	last := -1
	for i := range words {
		at := intoSpeech(words[i].Start, speech)
		if i > 0 {
			at = max(at, words[i-1].Start)
		}
		run := runAt(at, speech)
		if run > last && at-speech[run].Start < snap {
			at = speech[run].Start
		}
		last = max(last, run)
		words[i].Start = at
	}
	for i := len(words) - 1; i >= 0; i-- {
		run := speech[max(0, runAt(words[i].Start, speech))]
		end := run.End
		if i+1 < len(words) {
			end = min(end, words[i+1].Start)
		}
		words[i].Start = min(words[i].Start, max(run.Start, end-shortestWord))
		words[i].End = max(end, words[i].Start)
	}
}

// inOrder mends starts that jump out of order, as a decoder's first look often does: the most
// words that are in order stay, the others take the start of the word after them.
func inOrder(words []Word) {
	length := make([]int, len(words)) // of the longest ordered list of words that begins with each
	next := make([]int, len(words))
	best := 0
	for i := len(words) - 1; i >= 0; i-- {
		length[i], next[i] = 1, len(words)
		for j := i + 1; j < len(words); j++ {
			if words[j].Start >= words[i].Start && length[j]+1 > length[i] {
				length[i], next[i] = length[j]+1, j
			}
		}
		if length[i] >= length[best] {
			best = i
		}
	}
	for i := 0; i < len(words); i++ {
		if i == best {
			best = next[i]
			continue
		}
		if best < len(words) {
			words[i].Start = words[best].Start
		} else if i > 0 {
			words[i].Start = words[i-1].Start
		}
	}
}

// runAt is the run of speech that holds a position, or -1.
func runAt(at debrief.Samples, speech []debrief.Span) int {
	for i, r := range speech {
		if at >= r.Start && at < r.End {
			return i
		}
	}
	return -1
}

// intoSpeech moves a position that lies in silence to the nearest speech.
func intoSpeech(at debrief.Samples, speech []debrief.Span) debrief.Samples {
	best, distance := at, debrief.Samples(-1)
	for _, r := range speech {
		near := min(max(at, r.Start), max(r.Start, r.End-1))
		if d := max(near-at, at-near); distance < 0 || d < distance {
			best, distance = near, d
		}
	}
	return best
}

// estimate lays the words of a text over the speech inside a span, each as long as it has
// letters: within 0.1 s of the truth for 71 % of words in short sentences, and without an
// idea of pauses within speech, so the times are marked as a guess.
func estimate(text string, span debrief.Span, speech []debrief.Span) []Word {
	fields := strings.Fields(text)
	var inside []debrief.Span
	var total debrief.Samples
	for _, r := range speech {
		if n := r.Overlap(span); n > 0 {
			inside = append(inside, debrief.Span{Start: max(r.Start, span.Start), End: min(r.End, span.End)})
			total += n
		}
	}
	if len(inside) == 0 {
		inside, total = []debrief.Span{span}, span.Len()
	}
	letters := 0
	for _, f := range fields {
		letters += utf8.RuneCountInString(f) + 1
	}
	words := make([]Word, 0, len(fields))
	done := 0
	for _, f := range fields {
		start := alongSpeech(inside, total*debrief.Samples(done)/debrief.Samples(letters))
		done += utf8.RuneCountInString(f) + 1
		end := alongSpeech(inside, total*debrief.Samples(done)/debrief.Samples(letters)-1) + 1
		if run := runAt(start, inside); run >= 0 {
			end = min(end, inside[run].End)
		}
		words = append(words, Word{Word: debrief.Word{Span: debrief.Span{Start: start, End: max(start, end)}, Text: f}})
	}
	return words
}

// alongSpeech is the position after so much speech.
func alongSpeech(runs []debrief.Span, n debrief.Samples) debrief.Samples {
	n = max(n, 0)
	for _, r := range runs {
		if n < r.Len() {
			return r.Start + n
		}
		n -= r.Len()
	}
	return runs[len(runs)-1].End
}

// halves cuts an island at its longest pause, or in the quietest tenth of a second of its
// middle half. It reports false when the halves would be too short to be worth hearing again.
func (i Island) halves() (a, b Island, ok bool) {
	if i.Len() < 2*minHalf {
		return a, b, false
	}
	at := i.longestPause()
	if at == 0 {
		at = i.quietest()
	}
	return i.part(i.Start, at), i.part(at, i.End), true
}

// minHalf is the least a half of an island may be: a short sentence.
const minHalf = 2 * debrief.SampleRate

func (i Island) longestPause() debrief.Samples {
	var at, longest debrief.Samples
	for n := 1; n < len(i.Speech); n++ {
		from, to := i.Speech[n-1].End, i.Speech[n].Start
		middle := (from + to) / 2
		if to-from > longest && middle-i.Start >= minHalf && i.End-middle >= minHalf {
			at, longest = middle, to-from
		}
	}
	return at
}

func (i Island) quietest() debrief.Samples {
	const step = debrief.SampleRate / 10
	best, least := i.Start+i.Len()/2, int64(-1)
	for at := i.Len() / 4; at+step <= i.Len()*3/4; at += step {
		var energy int64
		for _, s := range i.PCM[at : at+step] {
			energy += int64(s) * int64(s)
		}
		if least < 0 || energy < least {
			best, least = i.Start+at+step/2, energy
		}
	}
	return best
}

// part is the island between two positions.
func (i Island) part(from, to debrief.Samples) Island {
	p := Island{Span: debrief.Span{Start: from, End: to}, PCM: i.PCM[from-i.Start : to-i.Start]}
	for _, r := range i.Speech {
		if r.Overlap(p.Span) > 0 {
			p.Speech = append(p.Speech, debrief.Span{Start: max(r.Start, from), End: min(r.End, to)})
		}
	}
	if p.Speech == nil {
		p.Speech = []debrief.Span{p.Span}
	}
	return p
}
