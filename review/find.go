package review

import (
	"math/bits"
	"slices"
	"time"

	"debrief"
)

// query is what a search asks for. Empty fields ask for nothing.
type query struct {
	words    []string // as [eachWord] gives them
	client   debrief.ClientID
	prompt   debrief.PromptID
	phase    debrief.Phase
	from, to time.Time // days, UTC midnight
}

// found is an utterance that a query asked for.
type found struct {
	*sheet
	at int
}

// shortPrefix is the length up to which a word means itself alone: "a" is not every word with an a in front.
const shortPrefix = 2

// asks reports whether anything is asked for; the empty query is not everything.
func (q query) asks() bool {
	return len(q.words) > 0 || q.prompt != "" || q.client != "" || q.phase != "" || !q.from.IsZero() || !q.to.IsZero()
}

// find returns the first of the utterances that hold every word, or one beginning with it, and how many
// there are. Without words and prompt it is every utterance of the recordings asked for. Sheets are
// looked through in their order.
func (q query) find(sheets []*sheet, v *vocabulary, limit int) (hits []found, total int) {
	var wanted []terms
	for _, w := range q.words {
		if len(w) <= shortPrefix {
			wanted = append(wanted, newTerms(v.exactly(w)))
		} else {
			wanted = append(wanted, newTerms(v.beginning(w)))
		}
	}
	if q.prompt != "" {
		wanted = append(wanted, newTerms(v.exactly(promptTerm(q.prompt))))
	}
	if !q.asks() || slices.ContainsFunc(wanted, func(t terms) bool { return len(t.ids) == 0 }) {
		return nil, 0
	}
	var all, one lineSet
	for _, s := range sheets {
		if !q.takes(s) || len(s.terms) == 0 {
			continue
		}
		if len(wanted) == 0 {
			all = s.spoken(all)
		} else {
			all = wanted[0].lines(s, all)
		}
		for _, t := range wanted[min(1, len(wanted)):] {
			if all.empty() {
				break
			}
			one = t.lines(s, one)
			all.and(one)
		}
		n := all.count()
		for i := 0; i < len(s.lines) && len(hits) < limit && n > 0; i++ {
			if all.has(i) {
				hits = append(hits, found{s, i})
			}
		}
		total += n
	}
	return hits, total
}

// takes reports whether a recording is one the query asks about.
func (q query) takes(s *sheet) bool {
	if q.client != "" && s.client.ID != q.client || q.phase != "" && s.phase != q.phase {
		return false
	}
	if q.from.IsZero() && q.to.IsZero() {
		return true
	}
	if s.started.IsZero() {
		return false
	}
	y, m, d := s.started.In(zone(*s.client)).Date()
	date := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	return (q.from.IsZero() || !date.Before(q.from)) && (q.to.IsZero() || !date.After(q.to))
}

// terms are the words a word of the query may stand for.
type terms struct {
	ids  []uint32
	bits []uint64 // the same as a set, when there are many
}

// fewTerms is how many are looked up one by one; looking through all words of a recording costs about as much.
const fewTerms = 24

func newTerms(ids []uint32) terms {
	t := terms{ids: ids}
	if len(ids) > fewTerms {
		t.bits = make([]uint64, ids[len(ids)-1]/64+1)
		for _, id := range ids {
			t.bits[id/64] |= 1 << (id % 64)
		}
	}
	return t
}

// lines returns the utterances of a sheet in which one of the terms stands; it uses the memory of into.
func (t terms) lines(s *sheet, into lineSet) lineSet {
	into = into.cleared(len(s.lines))
	if t.bits == nil {
		for _, id := range t.ids {
			into.add(s.in(id))
		}
		return into
	}
	for i, id := range s.terms {
		if w := int(id / 64); w < len(t.bits) && t.bits[w]&(1<<(id%64)) != 0 {
			into.add(s.posts[s.first[i]:s.first[i+1]])
		}
	}
	return into
}

// spoken returns every utterance of a sheet that has words; it uses the memory of into.
func (s *sheet) spoken(into lineSet) lineSet {
	into = into.cleared(len(s.lines))
	from := uint32(0)
	for i := range s.lines {
		if s.lines[i].end > from {
			into[i/64] |= 1 << (i % 64)
		}
		from = s.lines[i].end
	}
	return into
}

// lineSet is a set of utterances of one recording.
type lineSet []uint64

func (l lineSet) cleared(n int) lineSet {
	l = slices.Grow(l[:0], (n+63)/64)[:(n+63)/64]
	clear(l)
	return l
}

func (l lineSet) add(lines []uint32) {
	for _, i := range lines {
		l[i/64] |= 1 << (i % 64)
	}
}

func (l lineSet) and(other lineSet) {
	for i := range l {
		l[i] &= other[i]
	}
}

func (l lineSet) has(i int) bool { return l[i/64]&(1<<(i%64)) != 0 }
func (l lineSet) empty() bool    { return l.count() == 0 }

func (l lineSet) count() int {
	n := 0
	for _, w := range l {
		n += bits.OnesCount64(w)
	}
	return n
}
