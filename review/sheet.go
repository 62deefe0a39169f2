package review

import (
	"slices"
	"strings"
	"time"

	"debrief"
)

// sheet is one recording as lists and the search know it: its place, and every word of it by
// number. It is never changed; another state is another sheet.
type sheet struct {
	id      debrief.RecordingID
	client  *debrief.Client
	session int
	phase   debrief.Phase
	started time.Time
	stamp   string // of the store's state it was made from; "" when this page has changed it since
	read    bool   // the words below have been read; otherwise it is known by its manifest only

	// The words: all utterances one behind the other, and for each term the utterances it is in.
	// A term is a word or a prompt. posts[first[i]:first[i+1]] belong to terms[i], ascending.
	text  string
	lines []sheetLine
	terms []uint32
	first []uint32
	posts []uint32

	doubts map[int][]debrief.Flag // of the utterances whose words are in doubt: few
}

// sheetLine is one utterance; its text ends at end and begins where the one before ends.
type sheetLine struct {
	span    debrief.Span
	end     uint32
	speaker debrief.Speaker
}

// promptTerm is how a prompt stands among the words; no word contains a space.
func promptTerm(id debrief.PromptID) string { return "prompt " + string(id) }

func newSheet(rec *debrief.Recording, client *debrief.Client, stamp string) *sheet {
	return &sheet{id: rec.ID, client: client, session: rec.Session, phase: rec.Phase, started: rec.Started, stamp: stamp}
}

// withWords returns the sheet with what was said.
func (s *sheet) withWords(d documents, v *vocabulary) *sheet {
	out := *s
	out.read = true
	out.text, out.lines, out.terms, out.first, out.posts, out.doubts = "", nil, nil, nil, nil, nil
	if d.transcript == nil {
		return &out
	}
	var text strings.Builder
	var pairs []uint64 // term and utterance, to be sorted by both at once
	out.lines = make([]sheetLine, len(d.transcript.Utterances))
	for i := range d.transcript.Utterances {
		u := &d.transcript.Utterances[i]
		text.WriteString(u.Text)
		out.lines[i] = sheetLine{u.Span, uint32(text.Len()), u.Speaker}
		if u.Doubtful() {
			if out.doubts == nil {
				out.doubts = map[int][]debrief.Flag{}
			}
			out.doubts[i] = u.Flags
		}
		eachWord(u.Text, func(word string, _, _ int) { pairs = append(pairs, uint64(v.id(word))<<32|uint64(i)) })
	}
	if d.tags != nil {
		for _, u := range d.tags.Utterances {
			for _, t := range u.Prompts {
				if u.Index >= 0 && u.Index < len(out.lines) {
					pairs = append(pairs, uint64(v.id(promptTerm(t.Prompt)))<<32|uint64(u.Index))
				}
			}
		}
	}
	slices.Sort(pairs)
	pairs = slices.Compact(pairs)
	out.text, out.posts = text.String(), make([]uint32, len(pairs))
	for i, p := range pairs {
		if term := uint32(p >> 32); len(out.terms) == 0 || out.terms[len(out.terms)-1] != term {
			out.terms, out.first = append(out.terms, term), append(out.first, uint32(i))
		}
		out.posts[i] = uint32(p)
	}
	out.first = append(out.first, uint32(len(pairs)))
	out.terms, out.first = slices.Clip(out.terms), slices.Clip(out.first)
	return &out
}

// size is about how many bytes the words take in memory.
func (s *sheet) size() int {
	return len(s.text) + 40*len(s.lines) + 4*(len(s.terms)+len(s.first)+len(s.posts))
}

// without is the sheet without its words.
func (s *sheet) without() *sheet {
	out := *s
	out.read, out.text, out.lines, out.terms, out.first, out.posts, out.doubts = false, "", nil, nil, nil, nil, nil
	return &out
}

// line returns the words of one utterance.
func (s *sheet) line(i int) string {
	from := uint32(0)
	if i > 0 {
		from = s.lines[i-1].end
	}
	return s.text[from:s.lines[i].end]
}

// in returns the utterances a term is in.
func (s *sheet) in(term uint32) []uint32 {
	at, ok := slices.BinarySearch(s.terms, term)
	if !ok {
		return nil
	}
	return s.posts[s.first[at]:s.first[at+1]]
}
