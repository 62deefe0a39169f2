package transcribe

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"debrief"
)

// say makes words of 0.25 s, one after the other; "|0.9" is a pause of so many seconds.
func say(text string) []spoken {
	var out []spoken
	p := &Passage{}
	at := debrief.Samples(0)
	for _, f := range strings.Fields(text) {
		if seconds, ok := strings.CutPrefix(f, "|"); ok {
			n, err := strconv.ParseFloat(seconds, 64)
			if err != nil {
				panic(err)
			}
			at += debrief.SamplesOf(n)
			continue
		}
		out = append(out, spoken{passage: p, Word: Word{Word: debrief.Word{Text: f, Span: debrief.Span{Start: at, End: at + 4000}}, Confidence: 0.9}})
		at += 4000
	}
	return out
}

func TestSplit(t *testing.T) {
	for _, c := range []struct{ name, said, want string }{
		{"a long pause starts a new one", "I was there |1.0 and then gone", "I was there/and then gone"},
		{"a short pause does not", "I was there |0.5 and then gone", "I was there and then gone"},
		{"a sentence and a breath", "It was dark. |0.4 Then came light.", "It was dark./Then came light."},
		{"two sentences in one breath", "It was dark. Then came light.", "It was dark. Then came light."},
		{"after a question", "How was it? Very strange.", "How was it?/Very strange."},
		{"one word goes with what follows", "Well. |0.4 It was dark.", "Well. It was dark."},
		{"one word alone stays", "Yes. |2.0 It was dark.", "Yes./It was dark."},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, d := range split(say(c.said)) {
				got = append(got, d.utterance().Text)
			}
			if s := strings.Join(got, "/"); s != c.want {
				t.Errorf("split %q = %q, want %q", c.said, s, c.want)
			}
		})
	}
}

func TestSplitKeepsEveryWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		said := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"so", "dark,", "there.", "why?", "|0.4", "|1.5"}), 0, 200).Draw(t, "said"), " ")
		words := say(said)
		n := 0
		for _, d := range split(words) {
			if len(d.words) == 0 || len(d.words) > maxWords {
				t.Fatalf("an utterance of %d words", len(d.words))
			}
			for _, w := range d.words {
				if w.Word.Word != words[n].Word.Word {
					t.Fatalf("word %d is %v, want %v", n, w.Word.Word, words[n].Word.Word)
				}
				n++
			}
		}
		if n != len(words) {
			t.Fatalf("%d words of %d are left", n, len(words))
		}
	})
}
