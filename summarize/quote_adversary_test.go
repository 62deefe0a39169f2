package summarize

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"debrief"
)

// The adversary makes quotes of the corpus' utterances that a careless or lying writer would make. Each is made
// at the level of plain words, by other code than what verifies.

type claim struct {
	transcript *debrief.Transcript
	utterance  int
	text       string
}

type forger struct {
	rng    *rand.Rand
	corpus []*debrief.Transcript
}

func newForger(t testing.TB) *forger {
	return &forger{rand.New(rand.NewPCG(1, 2)), corpusTranscripts(t)}
}

// clientLine picks an utterance of a client with at least so many words.
func (f *forger) clientLine(words int) (tr *debrief.Transcript, index int) {
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
func (f *forger) where(ws []string, ok func(i int) bool) int {
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

var forgeries = map[string]func(f *forger, ws []string) []string{
	"DroppedNot": func(f *forger, ws []string) []string {
		i := f.where(ws, func(i int) bool {
			return slices.Contains([]string{"not", "never", "nobody", "nothing", "hardly"}, ws[i]) // no comma after it
		})
		if i < 0 {
			return nil
		}
		return slices.Delete(slices.Clone(ws), i, i+1)
	},
	"UncontractedNot": func(f *forger, ws []string) []string {
		i := f.where(ws, func(i int) bool { return strings.HasSuffix(ws[i], "n't") && len(ws[i]) > 5 })
		if i < 0 {
			return nil
		}
		ws = slices.Clone(ws)
		ws[i] = strings.TrimSuffix(ws[i], "n't")
		return ws
	},
	"Swapped": func(f *forger, ws []string) []string { // person, number, kin, negation
		i := f.where(ws, func(i int) bool { return swaps[bare(ws[i])] != "" })
		if i < 0 {
			return nil
		}
		ws = slices.Clone(ws)
		ws[i] = swaps[bare(ws[i])]
		return ws
	},
	"OtherContentWord": func(f *forger, ws []string) []string {
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
	"LostContentWord": func(f *forger, ws []string) []string {
		i := f.where(ws, func(i int) bool {
			return i > 0 && i < len(ws)-1 && len(bare(ws[i])) >= 6 && bare(ws[i]) != bare(ws[i-1])
		})
		if i < 0 {
			return nil
		}
		return slices.Delete(slices.Clone(ws), i, i+1)
	},
	"AddedWord": func(f *forger, ws []string) []string {
		tr, k := f.clientLine(5)
		other := strings.Fields(tr.Utterances[k].Text)
		j := f.where(other, func(j int) bool { return len(bare(other[j])) >= 5 })
		if j < 0 {
			return nil
		}
		return slices.Insert(slices.Clone(ws), 1+f.rng.IntN(len(ws)-1), other[j])
	},
	"OtherOrder": func(f *forger, ws []string) []string {
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
	"OtherEnding": func(f *forger, ws []string) []string { // tense, plural
		i := f.where(ws, func(i int) bool { return len(bare(ws[i])) >= 5 && strings.HasSuffix(ws[i], "ed") })
		if i < 0 {
			return nil
		}
		ws = slices.Clone(ws)
		ws[i] = strings.TrimSuffix(ws[i], "ed") + "ing"
		return ws
	},
	"OtherName": func(f *forger, ws []string) []string {
		i := f.where(ws, func(i int) bool { return i > 0 && unicode.IsUpper(rune(ws[i][0])) && len(bare(ws[i])) > 3 })
		if i < 0 {
			return nil
		}
		ws = slices.Clone(ws)
		ws[i] = "Rosamund"
		return ws
	},
	"Spliced": func(f *forger, ws []string) []string {
		tr, k := f.clientLine(8)
		other := strings.Fields(tr.Utterances[k].Text)
		return append(slices.Clone(ws[:len(ws)/2]), other[len(other)/2:]...)
	},
}

// forged returns n quotes that were not said by the client where they claim to be.
func (f *forger) forged(n int) []claim {
	kinds := make([]string, 0, len(forgeries))
	for k := range forgeries {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	var out []claim
	for len(out) < n {
		tr, i := f.clientLine(8)
		c := claim{tr, i, ""}
		switch kind := len(out) % (len(kinds) + 3); kind {
		case len(kinds): // said by the client of another debrief
			other, k := f.clientLine(4)
			c.text = other.Utterances[k].Text
		case len(kinds) + 1: // said elsewhere in this debrief
			c.text = tr.Utterances[f.rng.IntN(len(tr.Utterances))].Text
		case len(kinds) + 2: // the coach's, given out as the client's
			c.utterance = f.where(make([]string, len(tr.Utterances)), func(k int) bool { return tr.Utterances[k].Speaker == debrief.SpeakerCoach })
			if c.utterance < 0 {
				continue
			}
			out = append(out, claim{tr, c.utterance, tr.Utterances[c.utterance].Text})
			continue
		default:
			ws := forgeries[kinds[kind]](f, strings.Fields(tr.Utterances[i].Text))
			if ws == nil {
				continue
			}
			c.text = strings.Join(ws, " ")
		}
		was, _ := steady(tr.Utterances[i].Text)
		if is, repeats := steady(c.text); !repeats && !strings.Contains(was, is) {
			out = append(out, c)
		}
	}
	return out
}

// real returns n quotes that were said, written down differently.
func (f *forger) real(n int) []claim {
	var out []claim
	for len(out) < n {
		tr, i := f.clientLine(4)
		text := tr.Utterances[i].Text
		ps := passages(text)
		p := ps[f.rng.IntN(len(ps))]
		if len(out)%3 > 0 {
			p = passage{0, len(text)}
		}
		out = append(out, claim{tr, i, f.rewrite(text[p.start:p.end])})
	}
	return out
}

// rewrite changes case, punctuation, quotes, spaces and fillers, but no word.
func (f *forger) rewrite(s string) string {
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

func TestForgedQuotesNeverPass(t *testing.T) {
	const n = 2000 // twice what the product promises
	forged := newForger(t).forged(n)
	t.Logf("%d forged quotes", len(forged))
	for _, c := range forged {
		if q, ok := FindQuote(c.transcript, debrief.SpeakerClient, c.utterance, c.text); ok {
			t.Errorf("passed:\n claim %q\n said  %q\n as    %q", c.text, c.transcript.Utterances[c.utterance].Text, q.Text)
		}
	}
}

func TestRealQuotesPass(t *testing.T) {
	const n, atLeast = 2000, 0.99
	passed := 0
	for _, c := range newForger(t).real(n) {
		if _, ok := FindQuote(c.transcript, debrief.SpeakerClient, c.utterance, c.text); ok {
			passed++
		} else {
			t.Logf("refused:\n claim %q\n said  %q", c.text, c.transcript.Utterances[c.utterance].Text)
		}
	}
	if share := float64(passed) / n; share < atLeast {
		t.Errorf("%.4f of real quotes pass, want %.2f", share, atLeast)
	} else {
		t.Logf("%.4f of real quotes pass", share)
	}
}
