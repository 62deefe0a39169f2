package summarize

import (
	"slices"
	"strings"
)

// saysGone reports whether the text states that what it is about, named by its stems, is gone: "the gate has faded", and not "the
// pain has faded, the gate is open", "if the gate faded" or "did the gate fade?". A wrong "gone" misleads more than a missed one, so
// what is in doubt is not said.
func saysGone(text string, about []string) bool {
	ws := essential(spokenWords(text))
	from := 0
	for i, w := range ws {
		if w.gap == gapSentence {
			from = i
		}
		if !goneWords[w.text] && !goneWords[w.stem()] || goesSomewhere(ws, i) || goesOtherwise(ws, i) {
			continue
		}
		to := i + 1
		for to < len(ws) && ws[to].gap != gapSentence {
			to++
		}
		if stated(text, ws, from, i, to) && itself(ws, from, i, to, about) {
			return true
		}
	}
	return false
}

// saysOtherwise reports whether the text says that something has gone quiet, or flat.
func saysOtherwise(text string) bool {
	ws := essential(spokenWords(text))
	for i := range ws {
		if goesOtherwise(ws, i) && !negatedAt(ws, i) {
			return true
		}
	}
	return false
}

var (
	// supposing words before a verb make it no statement; reporting ones make it somebody else's, unless it is "I said".
	supposing = wordSet("if unless wish whether would will might could may should afraid worried scared when until before")
	reporting = wordSet("said says saying told tells asked asks thought thinks")
	// headless words are talked of in place of what they are of: "the idea of the gate".
	headless = wordSet("idea thought image picture memory feeling sense insight vision part meaning thing bit lot little one whole")
	ownerOf  = wordSet("of about from for with")
	pointers = wordSet("the my a an his her our their your this that these those")
	pronouns = wordSet("it that this they these those one")
	objects  = wordSet("me him us them my his our their you your")
)

// stated reports whether word i of the sentence from-to is a plain statement of the speaker.
func stated(text string, ws []spokenWord, from, i, to int) bool {
	end := len(text)
	if to < len(ws) {
		end = ws[to].start
	}
	if strings.Contains(text[ws[to-1].end:end], "?") || negatedAt(ws, i) {
		return false
	}
	for k := clauseOf(ws, from, i); k < i; k++ {
		if ws[k].negates() {
			return false
		}
	}
	for k := from; k < i; k++ {
		if supposing[ws[k].text] || reporting[ws[k].text] && (k == 0 || ws[k-1].text != "i") {
			return false
		}
	}
	for k := i + 1; k+1 < to; k++ { // "I have forgotten most of it but not the gate"
		if ws[k].text == "but" && ws[k+1].negates() {
			return false
		}
	}
	return true
}

// itself reports whether what the text is about is what word i is said of: its subject, or what was forgotten.
func itself(ws []spokenWord, from, i, to int, about []string) bool {
	if len(about) == 0 {
		return true // alike as a whole, with no word in common
	}
	named := func(w spokenWord) bool { return slices.Contains(about, w.stem()) }
	if ws[i].text == "forgotten" { // who had forgotten it remembers it now
		return (i == 0 || ws[i-1].text != "had") && slices.ContainsFunc(ws[from:to], named)
	}
	if i+1 < to && ws[i+1].gap == gapNone && objects[ws[i+1].text] {
		return false
	}
	first := slices.IndexFunc(ws[from:to], named)
	if first < 0 {
		return slices.ContainsFunc(ws[clauseOf(ws, from, i):i], func(w spokenWord) bool { return pronouns[w.text] })
	}
	if first += from; first > i {
		return false
	}
	for k := clauseOf(ws, from, first) + 1; k < first; k++ { // "the fear of the gate" is not the gate
		if ownerOf[ws[k].text] && ws[k-1].content() && !headless[ws[k-1].text] {
			return false
		}
	}
	// The noun phrase nearest before the word is its subject.
	for k := i - 1; k >= from; k-- {
		if pointers[ws[k].text] {
			return pronouns[ws[k].text] && (k+1 == i || !ws[k+1].content()) || slices.ContainsFunc(ws[k:i], func(w spokenWord) bool { return named(w) || headless[w.text] })
		}
	}
	return true
}

// clauseOf is where the clause of word i begins.
func clauseOf(ws []spokenWord, from, i int) int {
	for i > from && ws[i].gap < gapClause {
		i--
	}
	return i
}
