package tagnet

import (
	"hash/fnv"
	"slices"
	"strings"
	"unicode"
)

// Vocabulary is the words, pairs of words and parts of words that the network has weights for,
// as sorted hashes: it can tell whether it knows one, not list them.
type Vocabulary []uint32

// NewVocabulary keeps what occurs in at least least of the recordings, given as the texts of
// their utterances. What one speaker alone says teaches nothing about the next.
func NewVocabulary(recordings [][]string, least int) Vocabulary {
	in := map[uint32]int{}
	for _, texts := range recordings {
		here := map[uint32]bool{}
		for _, text := range texts {
			for _, f := range features(tokens(text)) {
				here[f] = true
			}
		}
		for f := range here {
			in[f]++
		}
	}
	var v Vocabulary
	for f, n := range in {
		if n >= least {
			v = append(v, f)
		}
	}
	slices.Sort(v)
	return v
}

// of numbers the known features of a text, each once.
func (v Vocabulary) of(words []string) []uint32 {
	var out []uint32
	for _, f := range features(words) {
		if i, ok := slices.BinarySearch(v, f); ok {
			out = append(out, uint32(i))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// tokens are the words in small letters, without punctuation, as a recogniser may or may not
// have put it.
func tokens(text string) []string {
	text = strings.ReplaceAll(strings.ToLower(text), "\u2019", "'")
	return strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	})
}

// features hashes words, pairs of words, and four letters in a row of longer words, so that
// "dissolving" and a misheard "disolving" share most of theirs.
func features(words []string) []uint32 {
	var out []uint32
	add := func(parts ...string) {
		h := fnv.New32a()
		for _, p := range parts {
			h.Write([]byte(p))
		}
		out = append(out, h.Sum32())
	}
	for i, w := range words {
		add("w", w)
		if i > 0 {
			add("p", words[i-1], " ", w)
		}
		if r := []rune("^" + w + "$"); len(r) > 6 {
			for k := 0; k+4 <= len(r); k++ {
				add("c", string(r[k:k+4]))
			}
		}
	}
	return out
}
