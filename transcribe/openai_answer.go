package transcribe

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"debrief"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// answer is what servers send, in all forms known: with words beside the segments (the vendor),
// inside them (whisper.cpp), or without either. Kinds that vary between servers are read
// leniently; whatever is not needed, such as ids, is not read at all.
type answer struct {
	Text      *string         `json:"text"`
	Language  label           `json:"language"`
	Languages []label         `json:"languages"`
	Segments  []answerSegment `json:"segments"`
	Words     []answerWord    `json:"words"`
}

type answerSegment struct {
	Start    number       `json:"start"`
	End      number       `json:"end"`
	Text     string       `json:"text"`
	LogProb  number       `json:"avg_logprob"`
	NoSpeech number       `json:"no_speech_prob"`
	Speaker  label        `json:"speaker"`
	Words    []answerWord `json:"words"`
}

type answerWord struct {
	Word        string `json:"word"`
	Start       number `json:"start"`
	End         number `json:"end"`
	Probability number `json:"probability"`
}

// number is a number, also one in quotes. Anything else is not told.
type number struct {
	value float64
	told  bool
}

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	if err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		*n = number{v, true}
	}
	return nil
}

// probability is the number between 0 and 1, 0 when it is not told.
func (n number) probability() float64 { return min(1, max(0, n.value)) }

// label is a string, or a number as one. Anything else is "".
type label string

func (l *label) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*l = label(s)
		return nil
	}
	if _, err := strconv.ParseFloat(string(b), 64); err == nil {
		*l = label(b)
	}
	return nil
}

var errNoText = errors.New("neither text nor segments in it")

// readAnswer decodes a body. It fails on anything that is no transcription, as an error sent
// with a good status, and on one that is cut.
func readAnswer(body []byte) (*answer, error) {
	a := &answer{}
	if err := json.Unmarshal(body, a); err != nil {
		return nil, err
	}
	if a.Text == nil && a.Segments == nil && a.Words == nil {
		return nil, errNoText
	}
	return a, nil
}

// heard puts an answer on the recording's clock. Every letter of the answer's text comes out
// again, in order.
func (a *answer) heard(c *Chunk) *Heard {
	h := &Heard{Language: a.language(), Passages: []Passage{}}
	segments := a.Segments
	if a.textless() {
		segments = []answerSegment{{Text: a.whole()}} // the text of all is all there is
	}
	rest := a.Words
	at := debrief.Samples(0)
	for _, s := range segments {
		words := s.Words
		if len(words) == 0 {
			words, rest = s.take(rest)
		}
		p := s.passage(words)
		if p.Text == "" {
			continue
		}
		at = p.onto(c, at)
		h.Passages = append(h.Passages, p)
	}
	return h
}

// textless reports whether the segments, if there are any, hold no text.
func (a *answer) textless() bool {
	for _, s := range a.Segments {
		if strings.TrimSpace(s.Text) != "" {
			return false
		}
	}
	return true
}

// whole is the text of all, or the words' when only they are there.
func (a *answer) whole() string {
	if a.Text != nil && strings.TrimSpace(*a.Text) != "" {
		return *a.Text
	}
	var words []string
	for _, w := range a.Words {
		words = append(words, w.Word)
	}
	return strings.Join(words, " ")
}

func (a *answer) language() string {
	if a.Language == "" && len(a.Languages) == 1 {
		return isoCode(string(a.Languages[0]))
	}
	return isoCode(string(a.Language))
}

// take splits off the words of a segment from a list for all segments. They are found by
// spelling; where the list spells otherwise, by time.
func (s answerSegment) take(words []answerWord) (mine, rest []answerWord) {
	want, got := len(letters(s.Text)), 0
	for i, w := range words {
		if got >= want {
			break
		}
		got += len(letters(w.Word))
		if got == want && spelling(words[:i+1]) == letters(s.Text) {
			return words[:i+1], words[i+1:]
		}
	}
	if !s.End.told {
		return words, nil // the only segment
	}
	n := 0
	for n < len(words) && (words[n].Start.value+words[n].End.value)/2 < s.End.value {
		n++
	}
	return words[:n], words[n:]
}

// passage is the segment with its words, in seconds of the chunk still: see onto.
func (s answerSegment) passage(words []answerWord) Passage {
	p := Passage{
		Text:     strings.TrimSpace(s.Text),
		NoSpeech: s.NoSpeech.probability(),
		Speaker:  string(s.Speaker),
	}
	if s.LogProb.told && s.LogProb.value < 0 { // a 0 is a server that does not know
		p.Confidence = math.Exp(s.LogProb.value)
	}
	p.Span = secondsSpan(s.Start, s.End)
	p.Words = spell(p.Text, words)
	if len(p.Words) == 0 {
		return p
	}
	if p.Len() == 0 {
		p.Span = debrief.Span{Start: p.Words[0].Start, End: p.Words[len(p.Words)-1].End}
	}
	if p.Confidence == 0 {
		for _, w := range p.Words {
			p.Confidence += w.Confidence / float64(len(p.Words))
		}
	}
	return p
}

// onto moves a passage from the chunk's sound to the recording's clock, its words in order,
// not before at. It returns the start of its last word.
func (p *Passage) onto(c *Chunk, at debrief.Samples) debrief.Samples {
	place := func(s debrief.Span) debrief.Span {
		start := c.At(s.Start)
		// The end is looked up by the last sample inside: at the end of an island, the next
		// sample is far away on the recording's clock.
		return debrief.Span{Start: start, End: max(start, c.At(s.End-1)+1)}
	}
	if p.Len() > 0 {
		p.Span = place(p.Span)
		p.End = min(p.End, c.Span().End)
	}
	for i := range p.Words {
		w := &p.Words[i]
		w.Span = place(w.Span)
		w.Start = max(w.Start, at)
		w.End = min(max(w.End, w.Start), c.Span().End)
		at = w.Start
	}
	return at
}

// secondsSpan reads two times; without both, in order, the span is empty.
func secondsSpan(start, end number) debrief.Span {
	const most = 1e6 // seconds, 11 days: no chunk is so long, and no number of samples overflows
	if !start.told || !end.told || end.value <= start.value {
		return debrief.Span{}
	}
	clamp := func(s float64) debrief.Samples { return debrief.SamplesOf(min(most, max(0, s))) }
	return debrief.Span{Start: clamp(start.value), End: clamp(end.value)}
}

// spell gives the words of a text the times of the words a server told beside it: those may
// lack punctuation (the vendor's) or be pieces of words (whisper.cpp's). When the two are not
// spelled alike, there are no words: the text counts, and its times are estimated.
func spell(text string, told []answerWord) []Word {
	if len(told) == 0 || spelling(told) != letters(text) || !anyTime(told) {
		return nil
	}
	var (
		out   []Word
		from  int // letters of the text before the field
		first int // word told that holds the letter at from
		until int // letters told before the word first
	)
	lead := ""
	for _, field := range strings.Fields(text) {
		n := len(letters(field))
		if n == 0 { // a dash standing alone
			if len(out) > 0 {
				out[len(out)-1].Text += " " + field
			} else {
				lead += field + " "
			}
			continue
		}
		for until+len(letters(told[first].Word)) <= from {
			until += len(letters(told[first].Word))
			first++
		}
		last, end, sure := first, until+len(letters(told[first].Word)), told[first].Probability.probability()
		for end < from+n {
			last++
			end += len(letters(told[last].Word))
			sure += told[last].Probability.probability()
		}
		w := Word{Confidence: sure / float64(last-first+1)}
		w.Text = lead + field
		w.Span = wordSpan(told[first].Start, told[last].End)
		out = append(out, w)
		from, lead = from+n, ""
	}
	return out
}

// wordSpan is a word's time; one that ends as it starts has a place all the same.
func wordSpan(start, end number) debrief.Span {
	if s := secondsSpan(start, end); s.Len() > 0 {
		return s
	}
	return secondsSpan(start, number{start.value + 1.0/debrief.SampleRate, start.told})
}

func anyTime(words []answerWord) bool {
	for _, w := range words {
		if w.End.value > 0 {
			return true
		}
	}
	return false
}

func spelling(words []answerWord) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(letters(w.Word))
	}
	return b.String()
}

// letters keeps the letters, the marks on them and the digits, small.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// isoCode is the ISO 639-1 code of a language: some servers tell "en", the vendor "english".
// It is "" for what is neither.
func isoCode(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if code := languageNames()[name]; code != "" {
		return code
	}
	tag, err := language.Parse(name)
	if err != nil || tag == language.Und {
		return ""
	}
	base, _ := tag.Base()
	return base.String()
}

// languageNames are the codes by English name.
var languageNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, base := range display.Supported.BaseLanguages() {
		tag, err := language.Compose(base)
		if err == nil {
			names[strings.ToLower(display.English.Languages().Name(tag))] = base.String()
		}
	}
	return names
})
