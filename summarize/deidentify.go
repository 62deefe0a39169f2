package summarize

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"debrief"

	"github.com/kljensen/snowball/english"
)

// alias replaces what could name a person or a place by placeholders, the same one for the same name, and turns
// placeholders back. It lives as long as one request and is never written down or sent.
//
// It would rather hide too much than too little: every word with a capital inside a sentence is hidden, and at
// the beginning of one every word that is not known to be ordinary. E-mail addresses, web addresses and long numbers go as well.
type alias struct {
	ordinary map[string]bool // words of this transcript that were said in small letters inside a sentence
	hidden   map[string]string
	names    []string // NAME_1 is names[0]
}

// newAlias learns the transcript's words. Known names are hidden however they are written.
func newAlias(t *debrief.Transcript, known []string) *alias {
	a := &alias{ordinary: map[string]bool{}, hidden: map[string]string{}}
	for _, name := range known {
		for _, w := range letterRuns(name) {
			if utf8.RuneCountInString(w.text) > 1 {
				a.placeholder(name[w.start:w.end])
			}
		}
	}
	for _, u := range t.Utterances {
		text := private.ReplaceAllString(u.Text, " ") // the small letters of an address make no word of a name
		for _, w := range letterRuns(text) {
			switch {
			case named(w):
				a.placeholder(text[w.start:w.end])
			case !w.capital:
				a.ordinary[w.text] = true
			}
		}
	}
	return a
}

// letterRuns splits a text into runs of letters: a name is found whatever hangs on it ("Gordon's", "Jean'd").
func letterRuns(text string) []spokenWord {
	var out []spokenWord
	last := 0
	for _, at := range letterRun.FindAllStringIndex(text, -1) {
		if at[0] > 0 && at[1]-at[0] <= maxUnit && text[at[0]-1] >= '0' && text[at[0]-1] <= '9' {
			continue
		}
		first, _ := utf8.DecodeRuneInString(text[at[0]:])
		w := spokenWord{text: plain(text[at[0]:at[1]]), start: at[0], end: at[1], capital: unicode.IsUpper(first), gap: gapSentence}
		if last > 0 {
			if w.gap = gapOf(text[last:at[0]]); titles[out[len(out)-1].text] {
				w.gap = gapNone // the stop of "Dr. Klein" ends no sentence
			}
		}
		out = append(out, w)
		last = at[1]
	}
	return out
}

// maxUnit is how many letters behind a digit belong to the number: 4K, 5G, 20th.
const maxUnit = 2

var letterRun = regexp.MustCompile(`\p{L}[\p{L}\p{M}\d]*`)

// named reports whether a word is written like a name inside a sentence. Words of grammar are none; speech that is
// quoted begins with one.
func named(w spokenWord) bool {
	return w.name() && !plainCapitals[w.text] && (w.text == "will" || !english.IsStopWord(w.text))
}

// plainCapitals are written with a capital and name nobody: April, May, June and August are people too.
var plainCapitals = wordSet(`i monday tuesday wednesday thursday friday saturday sunday january february march july september october
	november december christmas easter god tv ok okay english mum mam mom mummy dad daddy gran nan`)

// placeholderForm tells placeholders in what comes back, however a model wrote them.
var placeholderForm = regexp.MustCompile(`(?i)\bNAME[_ ]?(\d+)\b`)

// private is what is hidden by its form: e-mail and web addresses, names of accounts, and numbers of five digits or more, however they are parted.
var private = regexp.MustCompile(`\S*@\S+|https?://\S+|www\.\S+|\+?\d(?:[ ./-]?\d){4,}`)

func (a *alias) placeholder(name string) string {
	key := plain(name)
	if p, ok := a.hidden[key]; ok {
		return p
	}
	a.names = append(a.names, name)
	a.hidden[key] = fmt.Sprintf("NAME_%d", len(a.names))
	return a.hidden[key]
}

// hide returns the text without names.
func (a *alias) hide(text string) string {
	var b strings.Builder
	at := 0
	for _, p := range private.FindAllStringIndex(text, -1) {
		b.WriteString(a.hideNames(text[at:p[0]]))
		b.WriteString(a.placeholder(text[p[0]:p[1]]))
		at = p[1]
	}
	return b.String() + a.hideNames(text[at:])
}

func (a *alias) hideNames(text string) string {
	var b strings.Builder
	at := 0
	for _, w := range letterRuns(text) {
		if p := a.nameOf(text[w.start:w.end], w); p != "" {
			b.WriteString(text[at:w.start])
			b.WriteString(p)
			at = w.end
		}
	}
	return b.String() + text[at:]
}

// nameOf is the placeholder of a word, "" when it names nothing.
func (a *alias) nameOf(original string, w spokenWord) string {
	if p, ok := a.hidden[w.text]; ok && (w.capital || !english.IsStopWord(w.text) && !looseWords[w.text]) {
		return p
	}
	if named(w) {
		return a.placeholder(original)
	}
	// Only the beginning of a sentence is left: names inside one are known by now.
	if !w.capital || a.ordinary[w.text] || plainCapitals[w.text] || knownWord(w) || utf8.RuneCountInString(w.text) == 1 {
		return ""
	}
	return a.placeholder(original)
}

// knownWord reports whether a word is ordinary in any transcript.
func knownWord(w spokenWord) bool {
	return english.IsStopWord(w.text) || contractionHeads[w.text] || looseWords[w.text] || emptyWords[w.text] || fillers[w.text] ||
		w.negates() || w.number() || looseWords[w.stem()]
}

// contractionHeads are what is left of a contraction before its apostrophe and is no word itself.
var contractionHeads = wordSet("ain don isn wasn aren weren didn doesn hadn hasn haven couldn wouldn shouldn mustn won shan ye")

// show turns placeholders back into what they stand for; one that was never given stays, and will not verify.
func (a *alias) show(text string) string {
	return placeholderForm.ReplaceAllStringFunc(text, func(p string) string {
		n, err := strconv.Atoi(placeholderForm.FindStringSubmatch(p)[1])
		if err != nil || n < 1 || n > len(a.names) {
			return p
		}
		return a.names[n-1]
	})
}

// tellsNames reports whether names can be told from other words at all: a transcript written without capitals hides
// them, and nothing of it may leave.
func tellsNames(t *debrief.Transcript) bool { return capitalShare(t) >= leastCapitals }

// leastCapitals is the share of utterances that begin with a capital in a transcript that uses them. Recognisers begin nearly all
// of theirs with one; a transcript typed in small letters begins hardly any.
const leastCapitals = 0.8

func capitalShare(t *debrief.Transcript) float64 {
	n, capital := 0, 0
	for _, u := range t.Utterances {
		if ws := allWords(u.Text); u.Usable() && len(ws) > 0 {
			n++
			if ws[0].capital || ws[0].number() {
				capital++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return float64(capital) / float64(n)
}

// stripped takes off the possessive.
func stripped(word string) string { return strings.TrimSuffix(word, "'s") }
