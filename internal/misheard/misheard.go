// Package misheard spoils text the way a speech recogniser does: words lost, doubled, run
// together, taken for others that sound alike; commas and capitals gone. The tagger learns from
// such text and is measured on it.
//
// Call [New] with the words a recogniser may hear, then [Ear.Hear]. The package never touches audio.
package misheard

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
)

// Ear knows which words sound alike.
type Ear struct {
	alike map[string][]string // by sound
}

// New takes running text; every word in it may be heard for another.
func New(texts []string) *Ear {
	seen := map[string]bool{}
	e := &Ear{alike: map[string][]string{}}
	for _, text := range texts {
		for _, w := range strings.Fields(text) {
			w = strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) }))
			if w == "" || seen[w] {
				continue
			}
			seen[w] = true
			for _, s := range sounds(w) {
				e.alike[s] = append(e.alike[s], w)
			}
		}
	}
	return e
}

// Shares of the kinds of error, as a small recogniser makes them: mostly substitutions, then
// words lost, then words added or run together.
const (
	shareLost    = 0.25
	shareAlike   = 0.55
	shareDoubled = 0.08
	// the rest: run together with the next
)

// Hear returns the text with each word spoilt with probability rate. Nothing is spoilt so much
// that no word is left.
func (e *Ear) Hear(rng *rand.Rand, text string, rate float64) string {
	var out []string
	words := strings.Fields(text)
	for i := 0; i < len(words); i++ {
		w := words[i]
		if rng.Float64() >= rate {
			out = append(out, w)
			continue
		}
		switch p := rng.Float64(); {
		case p < shareLost:
			if len(words) == 1 {
				out = append(out, w)
			}
		case p < shareLost+shareAlike:
			out = append(out, e.other(rng, w))
		case p < shareLost+shareAlike+shareDoubled:
			out = append(out, w, w)
		case i+1 < len(words):
			out = append(out, strings.TrimFunc(w, unicode.IsPunct)+strings.ToLower(words[i+1]))
			i++
		default:
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		return text
	}
	return strings.Join(out, " ")
}

// Plain drops what a recogniser may not write: punctuation but apostrophes, and capitals. Text that
// is nothing else stays.
func Plain(text string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) && r != '\'' && r != '\u2019' {
			return ' '
		}
		return unicode.ToLower(r)
	}, text)
	if words := strings.Fields(plain); len(words) > 0 {
		return strings.Join(words, " ")
	}
	return text
}

// other returns a word that sounds alike, with the punctuation of the one it stands for.
func (e *Ear) other(rng *rand.Rand, word string) string {
	core := strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) })
	if core == "" {
		return word
	}
	small := strings.ToLower(core)
	var near []string
	for _, s := range sounds(small) {
		near = append(near, e.alike[s]...)
	}
	near = slices.DeleteFunc(near, func(s string) bool { return s == small })
	if len(near) == 0 {
		return word
	}
	return strings.Replace(word, core, near[rng.IntN(len(near))], 1)
}

// classes gives letters that are easily heard for one another one sign; vowels are one class.
var classes = strings.NewReplacer(
	"ph", "f", "gh", "", "kn", "n", "wr", "r", "ck", "k", "tch", "J", "ch", "J", "sh", "J", "th", "t",
	"a", "o", "e", "o", "i", "o", "u", "o", "y", "o",
	"b", "p", "d", "t", "g", "k", "c", "k", "q", "k", "v", "f", "z", "s", "x", "ks", "m", "n", "j", "J", "h", "", "w", "", "'", "",
)

// sounds gives keys: two words that share one sound alike. The first is the word's own rough
// sound; for longer words also the sound without its last sign, as endings get lost.
func sounds(word string) []string {
	key := []rune{}
	for _, r := range classes.Replace(word) {
		if len(key) == 0 || key[len(key)-1] != r {
			key = append(key, r)
		}
	}
	out := []string{string(key)}
	if len(key) > 3 {
		out = append(out, string(key[:len(key)-1])+"~")
	}
	return out
}
