package summarize

import (
	"slices"
	"strings"
	"unicode/utf8"

	"debrief"
)

// The bound of the last way to find a quote, in whole words: none in a quote of fewer than eight,
// then one in eight, never more than three. It lets a lost "and" or a misspelling pass, and nothing else:
// an edit is a light word or a spelling (see editable), so that no number of edits can
// change a negation, a number, a name, a person or a content word.
const (
	wordsPerEdit = 8
	maxEdits     = 3
)

// minQuoteWords is the least a quote may have when it is no whole sentence: two words ("I was")
// stand in every transcript and prove nothing.
const minQuoteWords = 3

// FindQuote looks for a passage in one utterance of the transcript, as it reads now, and returns it
// verbatim with its place and times. It tries an exact match, then one that ignores case, punctuation, fillers,
// stutters and typographic quotes, then one within a bounded edit distance. It fails when the utterance is another speaker's or
// doubtful, and when the passage leaves out what turns its meaning: a negation or an "if" before it in the same clause, part of a number or of a name.
func FindQuote(t *debrief.Transcript, speaker debrief.Speaker, utterance int, passage string) (debrief.Quote, bool) {
	if utterance < 0 || utterance >= len(t.Utterances) {
		return debrief.Quote{}, false
	}
	u := &t.Utterances[utterance]
	if u.Speaker != speaker || !u.Usable() {
		return debrief.Quote{}, false
	}
	start, end, ok := locate(u.Text, passage)
	if !ok {
		return debrief.Quote{}, false
	}
	return quoteAt(u, utterance, start, end), true
}

// quoteAt makes a quote of text[start:end) of an utterance.
func quoteAt(u *debrief.Utterance, index, start, end int) debrief.Quote {
	return debrief.Quote{Span: spanOf(u, start, end), Utterance: index, Text: u.Text[start:end]}
}

// locate finds the passage in the text and returns its bytes.
func locate(text, passage string) (start, end int, ok bool) {
	passage = strings.TrimSpace(passage)
	said, quoted := spokenWords(text), spokenWords(passage)
	if len(essential(quoted)) == 0 {
		return 0, 0, false
	}
	if start, end, ok = locateExact(text, passage, said); ok {
		return start, end, true
	}
	edits := min(len(essential(quoted))/wordsPerEdit, maxEdits)
	for _, edits := range []int{0, edits} {
		a := newAlignment(said, quoted)
		for i := range said {
			j, ok := a.from(i, 0, edits)
			if !ok {
				continue
			}
			for n := said[i].skip; n > 0 && i+n < j && a.matches(i+n, edits); n = said[i].skip {
				i += n // a stutter before the passage is not part of it
			}
			if fairCut(said, i, j) {
				start, end = widen(text, said, i, j)
				return start, end, true
			}
		}
	}
	return 0, 0, false
}

func locateExact(text, passage string, said []spokenWord) (start, end int, ok bool) {
	for from := 0; from+len(passage) <= len(text); {
		at := strings.Index(text[from:], passage)
		if at < 0 {
			return 0, 0, false
		}
		start, end = from+at, from+at+len(passage)
		i, j, whole := wordsIn(said, start, end)
		if whole && wholeRunes(text, start, end) && i < j && fairCut(said, i, j) {
			return start, end, true
		}
		_, n := utf8.DecodeRuneInString(text[start:])
		from = start + n
	}
	return 0, 0, false
}

// wordsIn returns which words lie in text[start:end); whole is false when the cut goes through one.
func wordsIn(said []spokenWord, start, end int) (i, j int, whole bool) {
	for i < len(said) && said[i].start < start {
		if said[i].end > start {
			return 0, 0, false
		}
		i++
	}
	for j = i; j < len(said) && said[j].start < end; j++ {
		if said[j].end > end {
			return 0, 0, false
		}
	}
	return i, j, true
}

// wholeRunes guards against a cut through a filler or a stutter, which are no words of said.
func wholeRunes(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	first, _ := utf8.DecodeRuneInString(text[start:])
	last, _ := utf8.DecodeLastRuneInString(text[:end])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return !(start > 0 && inWord(before) && inWord(first)) && !(end < len(text) && inWord(last) && inWord(after))
}

// widen returns the bytes of words i to j with the punctuation that closes them.
func widen(text string, said []spokenWord, i, j int) (start, end int) {
	start, end = said[i].start, said[j-1].end
	for end < len(text) {
		r, n := utf8.DecodeRuneInString(text[end:])
		if !strings.ContainsRune(".?!…", r) {
			break
		}
		end += n
	}
	return start, end
}

// fairCut reports whether the words i to j may stand alone without meaning something else than in
// their sentence.
func fairCut(said []spokenWord, i, j int) bool {
	opens := said[i].gap == gapSentence
	closes := j == len(said) || said[j].gap == gapSentence
	if i >= j || len(essential(said[i:j])) < minQuoteWords && !(opens && closes) {
		return false
	}
	if said[i].joined || j < len(said) && said[j].joined {
		return false
	}
	if !opens && halves(said[i-1], said[i]) || !closes && halves(said[j-1], said[j]) {
		return false
	}
	if !closes && said[j].gap == gapNone && said[j].negates() {
		return false
	}
	// What stands before in the same clause may turn the meaning; "but" opens a new one.
	for k := i; k > 0 && said[k].gap == gapNone && said[k].text != "but"; k-- {
		if before := said[k-1]; before.negates() || suppositions[before.text] {
			return false
		}
	}
	return true
}

// halves reports whether a cut between two words would halve a number or a name.
func halves(a, b spokenWord) bool {
	return b.gap == gapNone && (a.number() && b.number() || a.name() && b.name())
}

// alignment lays a quote's words over those said.
type alignment struct {
	said, quoted []spokenWord
	first, last  int             // quoted words that are not optional begin and end here
	failed       map[[3]int]bool // what was tried in vain: each is tried once
}

func newAlignment(said, quoted []spokenWord) *alignment {
	a := &alignment{said: said, quoted: quoted, first: -1, failed: map[[3]int]bool{}}
	for i, w := range quoted {
		if !w.optional {
			if a.last = i; a.first < 0 {
				a.first = i
			}
		}
	}
	return a
}

func (a *alignment) matches(i, edits int) bool {
	_, ok := a.from(i, 0, edits)
	return ok
}

// from matches the quote from its word q on with what was said from word i on, in at most so many edits, and returns where it ends.
// Optional runs may be missing on either side.
func (a *alignment) from(i, q, edits int) (end int, ok bool) {
	if q == len(a.quoted) {
		return i, true
	}
	key := [3]int{i, q, edits}
	if a.failed[key] {
		return 0, false
	}
	try := func(allowed bool, i, q, edits int) bool {
		if allowed && !ok && edits >= 0 {
			end, ok = a.from(i, q, edits)
		}
		return ok
	}
	quoted := a.quoted[q]
	inside := q > a.first && q < a.last // an edit at the edge would hide what stands just beyond it
	if i < len(a.said) {
		said := a.said[i]
		try(said.text == quoted.text, i+1, q+1, edits)
		try(said.bare != "" && said.bare == quoted.text, i+parts(a.said, i), q+1, edits)
		try(quoted.bare == said.text && !otherWords[quoted.bare], i+1, q+parts(a.quoted, q), edits)
		try(said.skip > 0, i+said.skip, q, edits)
		try(inside && editable(said, quoted), i+1, q+1, edits-1)
		try(inside && lightWords[said.text], i+1, q, edits-1)
	}
	try(quoted.skip > 0, i, q+quoted.skip, edits)
	if !try(inside && lightWords[quoted.text], i, q+1, edits-1) {
		a.failed[key] = true
	}
	return end, ok
}

// parts is how many words the one at i was split into.
func parts(ws []spokenWord, i int) int {
	n := 1
	for i+n < len(ws) && ws[i+n].start == ws[i].start {
		n++
	}
	return n
}

// otherWords are what contractions become without their apostrophe when that is another word: a quote of "we're" must
// not be found in "were".
var otherWords = wordSet("were well hell shell shed wed ill id")

// lightWords may be lost, added or exchanged without changing what was said.
var lightWords = wordSet("a an the and so")

// editable reports whether one word may stand for the other: both light, or one a misspelling of the other.
func editable(a, b spokenWord) bool {
	if lightWords[a.text] && lightWords[b.text] {
		return true
	}
	for _, w := range []spokenWord{a, b} {
		if w.capital || w.number() || w.negates() || !w.content() {
			return false
		}
	}
	return misspelt(a.text, b.text)
}

// minSpelling is the shortest word, in letters, taken for a misspelling of another. Shorter words one letter
// apart are mostly two words: calm and calf.
const minSpelling = 6

// misspelt reports whether two words differ by one doubled letter or two swapped ones, not in their first or last two letters:
// an ending is grammar (loved, loves), a beginning another word (mother, brother), and so is an exchanged letter (sadness, madness).
func misspelt(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < minSpelling || len(y)-len(x) > 1 {
		return false
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if i < 2 || i > len(x)-2 {
		return false
	}
	if len(x) == len(y) {
		return i+1 < len(x)-1 && x[i] == y[i+1] && x[i+1] == y[i] && slices.Equal(x[i+2:], y[i+2:])
	}
	return y[i] == y[i-1] && slices.Equal(x[i:], y[i+1:])
}
