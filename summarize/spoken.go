package summarize

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
	"golang.org/x/text/unicode/norm"
)

// spokenWord is one word of speech, made comparable: lower case, plain apostrophes, contractions
// written out. Its place in the original text is kept, so that what is found is shown verbatim.
type spokenWord struct {
	text       string
	bare       string // of a word with an apostrophe, on its first half: how it looks without ("dont")
	start, end int    // bytes in the original text; both halves of "don't" share theirs
	joined     bool   // hangs on the word before: "n't", or what follows a hyphen
	capital    bool   // begins with a capital letter
	optional   bool   // part of a filler, or of the first go at what is said again: a quote may have it or not
	skip       int    // on the first word of such a run: its length; it is left out whole or not at all
	gap        gap    // what stands between the word before and this one
}

// gap is how strongly two neighbouring words are parted.
type gap int

const (
	gapNone     gap = iota // space, or a dash or dots: a speaker who falters says one thing
	gapClause              // a comma, semicolon or colon
	gapSentence            // a full stop, question mark or exclamation mark, or the text's edge
)

// spokenWords returns the words of a text. Fillers are marked optional, and so is what a speaker repeats
// while searching for words ("the, the quiet", "I was, I was"), all but the last time.
func spokenWords(text string) []spokenWord {
	ws := allWords(text)
	marked := slices.Clone(ws)
	for i := 0; i < len(ws); {
		n := fillerAt(ws, i)
		mark(marked[i : i+n])
		if next := i + n; n > 0 && next < len(ws) {
			// The commas around a filler are its own; a sentence's end is not.
			if marked[next].gap = max(ws[next].gap, marked[i].gap); marked[next].gap == gapClause {
				marked[next].gap = gapNone
			}
		}
		i += max(n, 1)
	}
	for i := range ws {
		if n := repeatAt(ws, i); n > 0 {
			mark(marked[i : i+n])
			marked[i+n].gap = marked[i].gap
		}
	}
	return marked
}

// mark makes a run of words optional.
func mark(run []spokenWord) {
	for k := range run {
		run[k].optional = true
	}
	if len(run) > 0 {
		run[0].skip = len(run)
	}
}

// essential returns the words without the optional ones.
func essential(ws []spokenWord) []spokenWord {
	return slices.DeleteFunc(slices.Clone(ws), func(w spokenWord) bool { return w.optional })
}

// allWords splits the text into words, with contractions written out.
func allWords(text string) []spokenWord {
	var out []spokenWord
	between := gapSentence
	prevEnd := 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !inWord(r) {
			i += n
			continue
		}
		start := i
		for i < len(text) {
			r, n = utf8.DecodeRuneInString(text[i:])
			if !inWord(r) && !insideWord(text, i, r, n) {
				break
			}
			i += n
		}
		if len(out) > 0 {
			between = gapOf(text[prevEnd:start])
		}
		joined := len(out) > 0 && text[prevEnd:start] == "-"
		word := plain(text[start:i])
		for k, part := range writtenOut(word) {
			w := spokenWord{text: part, start: start, end: i, joined: joined || k > 0}
			if k == 0 {
				if strings.Contains(word, "'") || part != word {
					w.bare = strings.ReplaceAll(word, "'", "")
				}
				first, _ := utf8.DecodeRuneInString(text[start:])
				w.capital, w.gap = unicode.IsUpper(first), between
			}
			out = append(out, w)
		}
		prevEnd = i
	}
	return out
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// insideWord reports whether the rune at i, no letter, holds two letters (don't) or two digits (3.5) together.
func insideWord(text string, i int, r rune, n int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i+n:])
	switch {
	case isApostrophe(r):
		return unicode.IsLetter(before) && unicode.IsLetter(after)
	case r == '.' && unicode.IsLetter(before) && unicode.IsLetter(after):
		return loneLetter.MatchString(text[max(0, i-2*utf8.UTFMax):i]) && letterAlone.MatchString(text[i+n:min(len(text), i+n+2*utf8.UTFMax)])
	case r == '.' || r == ',':
		return unicode.IsDigit(before) && unicode.IsDigit(after)
	}
	return false
}

// The letters around the dot of an abbreviation spoken letter by letter: "a.m."
var (
	loneLetter  = regexp.MustCompile(`(^|[^\pL\pM])\pL$`)
	letterAlone = regexp.MustCompile(`^\pL($|[^\pL\pM])`)
)

func isApostrophe(r rune) bool { return strings.ContainsRune("'’‘ʼ´`", r) }

// dots is how a transcript writes that somebody falters or trails off.
var dots = regexp.MustCompile(`\.{2,}|…`)

func gapOf(between string) gap {
	switch between = dots.ReplaceAllString(between, ""); {
	case strings.ContainsAny(between, ".?!\n"):
		return gapSentence
	case strings.ContainsAny(between, ",;:"):
		return gapClause
	}
	return gapNone
}

// plain folds what typing and typesetting do to a word.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if isApostrophe(r) {
			return '\''
		}
		return r
	}, norm.NFKC.String(s))
	s = strings.ToLower(s)
	if strings.ContainsFunc(s, unicode.IsLetter) {
		s = strings.ReplaceAll(s, ".", "") // a.m.
	}
	return s
}

// writtenOut splits a contraction, so that "don't" and "do not" are the same words. Possessives
// look like "is" and are split only where a possessive cannot stand.
func writtenOut(w string) []string {
	if parts, ok := shortForms[w]; ok {
		return parts
	}
	if stem, ok := strings.CutSuffix(w, "n't"); ok && stem != "" {
		return []string{stem, "not"}
	}
	for _, e := range [...]struct{ end, full string }{{"'m", "am"}, {"'re", "are"}, {"'ve", "have"}, {"'ll", "will"}, {"'d", "'d"}} {
		if stem, ok := strings.CutSuffix(w, e.end); ok && stem != "" {
			return []string{stem, e.full}
		}
	}
	if stem, ok := strings.CutSuffix(w, "'s"); ok && slices.Contains(takesIs, stem) {
		return []string{stem, "is"}
	}
	return []string{w}
}

// shortForms are contractions whose parts their letters do not tell. Recognisers and typists leave apostrophes out;
// a negation must be seen all the same.
var shortForms = func() map[string][]string {
	forms := map[string][]string{
		"can't": {"can", "not"}, "won't": {"will", "not"}, "shan't": {"shall", "not"}, "cannot": {"can", "not"},
		"cant": {"can", "not"}, "wont": {"will", "not"},
		"gonna": {"going", "to"}, "wanna": {"want", "to"}, "let's": {"let", "us"},
	}
	for _, head := range strings.Fields("do does did is are was were has have had could would should must need ai") {
		forms[head+"nt"] = []string{head, "not"}
	}
	return forms
}()

var takesIs = strings.Fields("it that he she there here what who where how this everything nothing everyone nobody")

// fillers carry no meaning in any place. Hedges ("sort of", "a bit", "I think") do, and are no fillers.
var fillers = wordSet("um umm uh uhm uhh er erm ah eh hm hmm mm mmm mhm oh")

// phraseFillers are fillers only where commas or sentence ends set them off: "it was, like, warm".
var phraseFillers = [][]string{{"you", "know"}, {"i", "mean"}, {"like"}}

// fillerAt returns how many words of filler begin at i.
func fillerAt(ws []spokenWord, i int) int {
	if fillers[ws[i].text] && !ws[i].joined {
		return 1
	}
	for _, p := range phraseFillers {
		end := i + len(p)
		if end > len(ws) || ws[i].gap == gapNone || end < len(ws) && ws[end].gap == gapNone {
			continue
		}
		if slices.EqualFunc(ws[i:end], p, func(w spokenWord, s string) bool { return w.text == s }) {
			// A whole sentence of it ("You know.") is the speaker's own; only what is set off inside one is filler.
			if ws[i].gap == gapSentence && (end == len(ws) || ws[end].gap == gapSentence) {
				continue
			}
			return len(p)
		}
	}
	return 0
}

// maxRepeat is the longest run, in words, that a faltering speaker begins again.
const maxRepeat = 3

// repeatAt returns the length of a run at i that stands a second time directly after it. Numbers and
// negations are never taken for a stutter: "two two" and "not not" may be meant. Nor is anything across a sentence's end.
func repeatAt(ws []spokenWord, i int) int {
	for n := maxRepeat; n >= 1; n-- {
		if i+2*n > len(ws) {
			continue
		}
		same := true
		for k := range n {
			a, b := ws[i+k], ws[i+n+k]
			if a.text != b.text || a.number() || a.negates() || b.gap == gapSentence || k > 0 && a.gap == gapSentence {
				same = false
				break
			}
		}
		if same && !(n == 1 && twoClauses(ws, i)) {
			return n
		}
	}
	return 0
}

// twoClauses tells "I did not open it, it was open" from "and then it, it was open": the first ends one clause and the
// second begins the next.
func twoClauses(ws []spokenWord, i int) bool {
	return eitherEnd[ws[i].text] && ws[i+1].gap == gapClause && ws[i].gap == gapNone && i > 0 && !connectives[ws[i-1].text]
}

var (
	eitherEnd   = wordSet("it that this you her")
	connectives = wordSet("and but so or because cause when while where then if as like than for")
)

// wordSet makes a set of the words in a space-separated list.
func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// negations turn the meaning of what follows, or make it a mere thought.
var negations = wordSet("not no never none nobody nothing nowhere neither nor nope nah without hardly barely scarcely nowt nae")

// suppositions make what follows something other than a statement.
var suppositions = wordSet("if unless wish whether")

func (w spokenWord) negates() bool { return negations[w.text] }

var numberWords = wordSet(`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
	fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand
	million billion half quarter third first second fourth fifth sixth seventh eighth ninth tenth once twice thrice
	dozen couple double both`)

func (w spokenWord) number() bool {
	return numberWords[w.text] || strings.ContainsFunc(w.text, unicode.IsDigit)
}

// name reports whether the word is written like a name. At the start of a sentence nothing tells.
func (w spokenWord) name() bool { return w.capital && w.text != "i" && w.gap != gapSentence }

// content reports whether the word carries meaning of its own.
func (w spokenWord) content() bool {
	return !english.IsStopWord(w.text) && !emptyWords[w.text] && !w.number() && !w.negates() && utf8.RuneCountInString(w.text) > 2
}

// emptyWords are as empty as stop words are, in speech.
var emptyWords = wordSet(`yes yeah yep okay sure well really actually just quite rather maybe perhaps thing things something anything
	everything somebody anybody sort kind bit lot got get gets getting went going goes come came like know mean think thought
	said say says would could should much many also even still will shall might may let want wanted one way`)

// stem is the word's stem: what "walked", "walking" and "walks" share.
func (w spokenWord) stem() string { return english.Stem(strings.TrimSuffix(w.text, "'s"), false) }

// contentStems returns the stems of the content words, in order, each once.
func contentStems(text string) []string {
	var out []string
	for _, w := range essential(spokenWords(text)) {
		if w.content() {
			if s := w.stem(); !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}
