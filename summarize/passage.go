package summarize

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// minPassageWords glues shorter sentences to their neighbour: "The boat." means something only
// with what follows it.
const minPassageWords = 4

// passage is a stretch of whole sentences of one utterance, the unit a summary quotes.
type passage struct {
	start, end int // bytes in the utterance's text
}

// passages splits a text into sentences and glues short ones to the next, or at the end to the one before.
func passages(text string) []passage {
	var out []passage
	open := -1 // start of short sentences waiting for the next one
	for _, s := range sentences(text) {
		if open >= 0 {
			s.start = open
		}
		if len(essential(spokenWords(text[s.start:s.end]))) < minPassageWords {
			open = s.start
			continue
		}
		open = -1
		out = append(out, s)
	}
	switch last := len(out) - 1; {
	case open < 0:
	case last >= 0:
		out[last].end = trimmedEnd(text, len(text))
	default:
		out = append(out, passage{open, trimmedEnd(text, len(text))})
	}
	return out
}

// grouped joins neighbouring passages as long as they have no more words together than the limit.
func grouped(text string, limit int) []passage {
	var out []passage
	words := 0
	for _, p := range passages(text) {
		n := len(essential(spokenWords(text[p.start:p.end])))
		if len(out) > 0 && words+n <= limit {
			out[len(out)-1].end = p.end
			words += n
			continue
		}
		out, words = append(out, p), n
	}
	return out
}

// sentences cuts after . ? ! and their repetitions where a space follows. Dots of faltering ("I was ... well") and the
// dot of "Dr. Lee" stand before what goes on, and do not cut: a sentence begins with a capital or a digit.
func sentences(text string) []passage {
	var out []passage
	start := 0
	for i, r := range text {
		if !unicode.IsSpace(r) || !endsSentence(text[:i]) {
			continue
		}
		rest := strings.TrimLeftFunc(text[i:], unicode.IsSpace)
		next, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(rest, func(r rune) bool { return !inWord(r) }))
		if rest == "" || unicode.IsLower(next) {
			continue
		}
		out = appendPassage(out, text, start, i)
		start = i
	}
	return appendPassage(out, text, start, len(text))
}

var titles = wordSet("dr mr mrs ms st prof vs")

func endsSentence(before string) bool {
	before = strings.TrimRightFunc(before, func(r rune) bool { return strings.ContainsRune(`"'”’)`, r) })
	if !strings.HasSuffix(before, ".") {
		return strings.HasSuffix(before, "?") || strings.HasSuffix(before, "!")
	}
	if strings.HasSuffix(before, "..") {
		return false
	}
	word := before[strings.LastIndexAny(before, " \t\n")+1 : len(before)-1]
	return !titles[strings.ToLower(word)]
}

func appendPassage(out []passage, text string, start, end int) []passage {
	start += len(text[start:end]) - len(strings.TrimLeftFunc(text[start:end], unicode.IsSpace))
	end = trimmedEnd(text, end)
	if start >= end {
		return out
	}
	return append(out, passage{start, end})
}

func trimmedEnd(text string, end int) int {
	return len(strings.TrimRightFunc(text[:end], unicode.IsSpace))
}

var (
	firstPerson   = wordSet("i me my mine myself we us our ours")
	secondPerson  = wordSet("you your yours yourself")
	questionWords = wordSet("how what which who why")
	auxiliaries   = wordSet("do does did is are was were has have had can could would will")
)

// questionWithin is how far into a sentence its question word may stand: "And, um, how does today fit?"
const questionWithin = 3

// asksListener reports whether a passage is a question to the other person: it speaks of "you" and not of "I". Such a
// passage answers no prompt, even where a recogniser took the coach's voice for the client's. Recognisers lose question marks, so the order of words
// counts as well: "how does", "would you", but not "what you see".
func asksListener(text string) bool {
	asks, you := strings.HasSuffix(strings.TrimRight(text, "\"'”’ "), "?"), false
	ws := essential(spokenWords(text))
	for i, w := range ws {
		if firstPerson[w.text] {
			return false
		}
		you = you || secondPerson[w.text]
		beforeYou := i+1 < len(ws) && secondPerson[ws[i+1].text]
		asks = asks || i < questionWithin && (questionWords[w.text] && !beforeYou || auxiliaries[w.text] && beforeYou)
	}
	return asks && you
}

// smooth returns the text without fillers and stutters, for reading. The words that count stay the same, in the
// same order and spelling: whoever compares by spokenWords finds no difference.
func smooth(text string) string {
	kept := essential(spokenWords(text))
	if len(kept) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, w := range kept {
		if w.start < at {
			continue // the second half of a contraction
		}
		b.WriteString(withoutWords(text[at:w.start], at == 0))
		b.WriteString(text[w.start:w.end])
		at = w.end
	}
	tail := text[at:]
	if strings.ContainsFunc(tail, inWord) {
		tail = text[trimmedEnd(text, len(text))-lastRune(text):]
		if !strings.ContainsAny(tail, ".?!…") {
			tail = ""
		}
	}
	out := upperFirst(strings.TrimSpace(b.String() + tail))
	if !slices.EqualFunc(essential(spokenWords(out)), kept, func(a, b spokenWord) bool { return a.text == b.text }) {
		return text
	}
	return out
}

// withoutWords is what stays between two words when what was said between them goes: a sentence's end, or a space.
func withoutWords(between string, first bool) string {
	if !strings.ContainsFunc(between, inWord) {
		return between
	}
	if first {
		return ""
	}
	if gapOf(between) == gapSentence {
		return between[:strings.IndexFunc(between, func(r rune) bool { return unicode.IsSpace(r) || inWord(r) })] + " "
	}
	return " "
}

func lastRune(s string) int {
	_, n := utf8.DecodeLastRuneInString(strings.TrimRightFunc(s, unicode.IsSpace))
	return n
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
