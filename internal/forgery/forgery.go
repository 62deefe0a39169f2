// Package forgery makes quotes as a careless or lying writer would - words altered, invented, put in another
// mouth - and true ones written down differently, to try what verifies quotes. Start with [New]. It works at the
// level of plain words and knows nothing of how quotes are verified.
package forgery

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"debrief"
)

// Claim is a quote that somebody says was spoken by the client in an utterance of a transcript.
type Claim struct {
	Transcript *debrief.Transcript
	Utterance  int // index
	Text       string
}

// Forger makes claims about transcripts, the same ones for the same seed.
type Forger struct {
	rng    *rand.Rand
	corpus []*debrief.Transcript
}

// New takes transcripts that hold clients' utterances of eight words and more, and some of coaches.
func New(seed uint64, corpus []*debrief.Transcript) *Forger {
	return &Forger{rand.New(rand.NewPCG(seed, 2)), corpus}
}

// clientLine picks an utterance of a client with at least so many words.
func (f *Forger) clientLine(words int) (tr *debrief.Transcript, index int) {
	for {
		tr = f.corpus[f.rng.IntN(len(f.corpus))]
		if len(tr.Utterances) == 0 {
			continue
		}
		index = f.rng.IntN(len(tr.Utterances))
		u := tr.Utterances[index]
		if u.Speaker == debrief.SpeakerClient && len(strings.Fields(u.Text)) >= words {
			return tr, index
		}
	}
}

// where picks one of the words for which ok holds; -1 when there is none.
func (f *Forger) where(ws []string, ok func(i int) bool) int {
	var at []int
	for i := range ws {
		if ok(i) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return -1
	}
	return at[f.rng.IntN(len(at))]
}

func bare(w string) string {
	return strings.ToLower(strings.TrimFunc(strings.ReplaceAll(w, "’", "'"), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
}

// steady is the text in plain words, without fillers and without what is said twice in a row: neither is a forgery.
func steady(s string) (text string, repeats bool) {
	s = strings.NewReplacer("’", "'").Replace(strings.ToLower(s))
	s = strings.NewReplacer("'s ", " is ", "n't", " not").Replace(s)
	ws := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	ws = slices.DeleteFunc(ws, func(w string) bool { return slices.Contains([]string{"um", "uh", "er", "ah", "oh"}, w) })
	for n := 3; n >= 1; n-- {
		for i := 0; i+2*n <= len(ws); {
			if slices.Equal(ws[i:i+n], ws[i+n:i+2*n]) {
				ws, repeats = slices.Delete(ws, i, i+n), true
			} else {
				i++
			}
		}
	}
	return " " + strings.Join(ws, " ") + " ", repeats
}

var swaps = map[string]string{
	"i": "she", "he": "she", "she": "he", "my": "her", "his": "her", "her": "his", "we": "they", "they": "we", "me": "him", "him": "me",
	"mother": "father", "father": "mother", "brother": "sister", "sister": "brother", "dad": "mum", "mum": "dad",
	"one": "two", "two": "three", "three": "four", "four": "six", "six": "seven", "ten": "nine", "twenty": "thirty", "seven": "eight", "five": "four",
	"always": "never", "never": "always", "more": "less", "less": "more", "better": "worse", "can": "cannot", "could": "couldn't", "is": "isn't",
	"was": "wasn't", "did": "didn't", "do": "don't", "am": "am not", "were": "weren't", "would": "wouldn't", "had": "hadn't", "have": "haven't",
}

var forgeries = map[string]func(f *Forger, ws []string) []string{
	"DroppedNot": func(f *Forger, ws []string) []string {
		i := f.where(ws, func(i int) bool {
			return slices.Contains([]string{"not", "never", "nobody", "nothing", "hardly"}, ws[i]) // no comma after it
		})
		if i < 0 {
			return nil
		}
		return slices.Delete(slices.Clone(ws), i, i+1)
	},
	"UncontractedNot": func(f *Forger, ws []string) []string {
		i := f.where(ws, func(i int) bool { return strings.HasSuffix(ws[i], "n't") && len(ws[i]) > 5 })
		if i < 0 {
			return nil
		}
		ws = slices.Clone(ws)
		ws[i] = strings.TrimSuffix(ws[i], "n't")
		return ws
	},
	"Swapped": func(f *Forger, ws []string) []string { // person, number, kin, negation
		i := f.where(ws, func(i int) bool { return swaps[bare(ws[i])] != "" })
		if i < 0 {
			return nil
		}
		ws = slices.Clone(ws)
		ws[i] = swaps[bare(ws[i])]
		return ws
	},
	"OtherContentWord": func(f *Forger, ws []string) []string {
		i := f.where(ws, func(i int) bool { return len(bare(ws[i])) >= 5 })
		tr, k := f.clientLine(5)
		other := strings.Fields(tr.Utterances[k].Text)
		j := f.where(other, func(j int) bool { return len(bare(other[j])) >= 5 })
		if i < 0 || j < 0 || bare(other[j]) == bare(ws[i]) {
			return nil
		}
		ws = slices.Clone(ws)
		ws[i] = other[j]
		return ws
	},
	"LostContentWord": func(f *Forger, ws []string) []string {
		i := f.where(ws, func(i int) bool {
			return i > 0 && i < len(ws)-1 && len(bare(ws[i])) >= 6 && bare(ws[i]) != bare(ws[i-1])
		})
		if i < 0 {
			return nil
		}
		return slices.Delete(slices.Clone(ws), i, i+1)
	},
	"AddedWord": func(f *Forger, ws []string) []string {
		tr, k := f.clientLine(5)
		other := strings.Fields(tr.Utterances[k].Text)
		j := f.where(other, func(j int) bool { return len(bare(other[j])) >= 5 })
		if j < 0 {
			return nil
		}
		return slices.Insert(slices.Clone(ws), 1+f.rng.IntN(len(ws)-1), other[j])
	},
	"OtherOrder": func(f *Forger, ws []string) []string {
		i := f.where(ws, func(i int) bool {
			return i+1 < len(ws) && len(bare(ws[i])) > 4 && len(bare(ws[i+1])) > 4
		})
		if i < 0 {
			return nil
		}
		ws = slices.Clone(ws)
		ws[i], ws[i+1] = ws[i+1], ws[i]
		return ws
	},
	"OtherEnding": func(f *Forger, ws []string) []string { // tense, plural
		i := f.where(ws, func(i int) bool { return len(bare(ws[i])) >= 5 && strings.HasSuffix(ws[i], "ed") })
		if i < 0 {
			return nil
		}
		ws = slices.Clone(ws)
		ws[i] = strings.TrimSuffix(ws[i], "ed") + "ing"
		return ws
	},
	"OtherName": func(f *Forger, ws []string) []string {
		i := f.where(ws, func(i int) bool { return i > 0 && unicode.IsUpper(rune(ws[i][0])) && len(bare(ws[i])) > 3 })
		if i < 0 {
			return nil
		}
		ws = slices.Clone(ws)
		ws[i] = "Rosamund"
		return ws
	},
	"Spliced": func(f *Forger, ws []string) []string {
		tr, k := f.clientLine(8)
		other := strings.Fields(tr.Utterances[k].Text)
		return append(slices.Clone(ws[:len(ws)/2]), other[len(other)/2:]...)
	},
}

// Forged returns n quotes that were not said by the client where they claim to be.
func (f *Forger) Forged(n int) []Claim {
	kinds := make([]string, 0, len(forgeries))
	for k := range forgeries {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	var out []Claim
	for len(out) < n {
		tr, i := f.clientLine(8)
		c := Claim{tr, i, ""}
		switch kind := len(out) % (len(kinds) + 3); kind {
		case len(kinds): // said by the client of another debrief
			other, k := f.clientLine(4)
			c.Text = other.Utterances[k].Text
		case len(kinds) + 1: // said elsewhere in this debrief
			c.Text = tr.Utterances[f.rng.IntN(len(tr.Utterances))].Text
		case len(kinds) + 2: // the coach's, given out as the client's
			c.Utterance = f.where(make([]string, len(tr.Utterances)), func(k int) bool { return tr.Utterances[k].Speaker == debrief.SpeakerCoach })
			if c.Utterance < 0 {
				continue
			}
			out = append(out, Claim{tr, c.Utterance, tr.Utterances[c.Utterance].Text})
			continue
		default:
			ws := forgeries[kinds[kind]](f, strings.Fields(tr.Utterances[i].Text))
			if ws == nil {
				continue
			}
			c.Text = strings.Join(ws, " ")
		}
		was, _ := steady(tr.Utterances[i].Text)
		if is, repeats := steady(c.Text); !repeats && !strings.Contains(was, is) {
			out = append(out, c)
		}
	}
	return out
}

// sentence is at least four words up to a full stop, roughly.
var sentence = regexp.MustCompile(`(?:[^\s.?!]+\s+){3,}[^\s.?!]+[.?!]+`)

// Real returns n quotes that were said, written down differently.
func (f *Forger) Real(n int) []Claim {
	var out []Claim
	for len(out) < n {
		tr, i := f.clientLine(4)
		text := tr.Utterances[i].Text
		if len(out)%3 == 0 { // one sentence of it
			if ss := sentence.FindAllString(text, -1); len(ss) > 0 {
				text = ss[f.rng.IntN(len(ss))]
			}
		}
		out = append(out, Claim{tr, i, f.rewrite(strings.TrimSpace(text))})
	}
	return out
}

// rewrite changes case, punctuation, quotes, spaces and fillers, but no word.
func (f *Forger) rewrite(s string) string {
	for _, change := range []func(string) string{
		strings.ToLower,
		strings.ToUpper,
		func(s string) string {
			return strings.Map(func(r rune) rune {
				if unicode.IsPunct(r) && r != '-' && r != '—' && r != '–' {
					return -1
				}
				return r
			}, s)
		},
		func(s string) string { return strings.ReplaceAll(s, "'", "’") },
		func(s string) string {
			return strings.NewReplacer(",", "", ".", "", "!", "", "?", "", ";", "").Replace(s)
		},
		func(s string) string { return strings.TrimRight(s, ".!?") },
		func(s string) string { return strings.ReplaceAll(s, " ", "  ") },
		func(s string) string { return "“" + s + "”" },
		func(s string) string {
			ws := strings.Fields(s)
			return strings.Join(slices.Insert(ws, f.rng.IntN(len(ws)), "um,"), " ")
		},
		func(s string) string {
			return strings.NewReplacer(" um, ", " ", " uh, ", " ", ", um,", ",", ", uh,", ",").Replace(s)
		},
	} {
		if f.rng.IntN(3) == 0 {
			s = change(s)
		}
	}
	return s
}
