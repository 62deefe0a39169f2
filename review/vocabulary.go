package review

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// vocabulary numbers every word anybody said, so that an index holds numbers instead of words.
// It only grows, and is safe for concurrent use.
type vocabulary struct {
	mu     sync.RWMutex
	ids    map[string]uint32
	words  []string // by id
	sorted []uint32 // ids in the order of their words, but for the newest
}

// vocabularyTail is how many new words are looked through one by one before all are sorted again.
const vocabularyTail = 2048

// id returns the number of a word, a new one for a new word. The word is not kept: it may be
// a part of a much longer text.
func (v *vocabulary) id(word string) uint32 {
	v.mu.RLock()
	id, ok := v.ids[word]
	v.mu.RUnlock()
	if ok {
		return id
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if id, ok = v.ids[word]; ok {
		return id
	}
	if v.ids == nil {
		v.ids = map[string]uint32{}
	}
	word = strings.Clone(word)
	id = uint32(len(v.words))
	v.ids[word], v.words = id, append(v.words, word)
	return id
}

// exactly returns the number of a word, or none when nobody said it.
func (v *vocabulary) exactly(word string) []uint32 {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if id, ok := v.ids[word]; ok {
		return []uint32{id}
	}
	return nil
}

// beginning returns the numbers of all words that begin so, in ascending order.
func (v *vocabulary) beginning(prefix string) []uint32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.words)-len(v.sorted) > vocabularyTail {
		v.sorted = make([]uint32, len(v.words))
		for i := range v.sorted {
			v.sorted[i] = uint32(i)
		}
		slices.SortFunc(v.sorted, func(a, b uint32) int { return strings.Compare(v.words[a], v.words[b]) })
	}
	var out []uint32
	at, _ := slices.BinarySearchFunc(v.sorted, prefix, func(id uint32, p string) int { return strings.Compare(v.words[id], p) })
	for ; at < len(v.sorted) && strings.HasPrefix(v.words[v.sorted[at]], prefix); at++ {
		out = append(out, v.sorted[at])
	}
	for id := len(v.sorted); id < len(v.words); id++ { // what is newer than the order
		if strings.HasPrefix(v.words[id], prefix) {
			out = append(out, uint32(id))
		}
	}
	slices.Sort(out)
	return out
}

// eachWord calls a function with every word of a text, in lower case, and where it stands: runs of
// letters, digits and apostrophes within them. A query is read the same way.
func eachWord(text string, do func(word string, start, end int)) {
	start, plain := -1, true // plain: already in lower case
	flush := func(end int) {
		if start < 0 {
			return
		}
		word := strings.TrimRight(text[start:end], "'’")
		if end = start + len(word); !plain {
			word = strings.ReplaceAll(strings.ToLower(word), "’", "'")
		}
		do(word, start, end)
		start, plain = -1, true
	}
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '\'' && start >= 0:
			if start < 0 {
				start = i
			}
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.M, r) && start >= 0, r == '’' && start >= 0:
			if start < 0 {
				start = i
			}
			plain = false
		default:
			flush(i)
		}
		i += n
	}
	flush(len(text))
}
