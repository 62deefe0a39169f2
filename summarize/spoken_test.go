package summarize

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"debrief"
)

// corpusTranscripts reads the training texts as transcripts; each utterance lasts as long as its letters would.
func corpusTranscripts(t testing.TB) []*debrief.Transcript {
	t.Helper()
	files, err := filepath.Glob("corpus/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	var out []*debrief.Transcript
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var now debrief.Samples
		for lines := bufio.NewScanner(f); lines.Scan(); {
			line := lines.Text()
			if strings.HasPrefix(line, "# id:") {
				out = append(out, &debrief.Transcript{})
				now = 0
			}
			speaker, rest, ok := strings.Cut(line, " | ")
			_, text, ok2 := strings.Cut(rest, " | ")
			if !ok || !ok2 || len(out) == 0 {
				continue
			}
			length := debrief.Samples(len(text)) * debrief.SampleRate / 15 // about 15 letters a second
			tr := out[len(out)-1]
			tr.Utterances = append(tr.Utterances, debrief.Utterance{
				Span: debrief.Span{Start: now, End: now + length}, Speaker: debrief.Speaker(speaker), Text: text, Confidence: 1,
			})
			now += length + debrief.SampleRate
		}
	}
	return out
}

func texts(ws []spokenWord) string {
	var out []string
	for _, w := range essential(ws) {
		out = append(out, w.text)
	}
	return strings.Join(out, " ")
}

func TestSpokenWords(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "",
		"The, the quiet.":                   "the quiet",
		"I was, I was so heavy":             "i was so heavy",
		"No, no, it was not not there":      "no no it was not not there",
		"Um, it was, like, warm, you know?": "it was warm",
		"It was like warm bread.":           "it was like warm bread",
		"You know. It went.":                "you know it went",
		"You know the house":                "you know the house",
		"I don’t — I CAN'T do it":           "i do not i can not do it",
		"my father’s twenty-three boats":    "my father's twenty three boats",
		"it's 3.5, then 1,000 metres.":      "it is 3.5 then 1,000 metres",
		"ﬁne. Café Mary Ann":                "fine café mary ann",
		"at four a.m. in the U.S. It's on.": "at four am in the us it is on",
		"They dont, i cant":                 "they do not i can not",
		"Two two, he said":                  "two two he said",
	} {
		if got := texts(spokenWords(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestContentStems(t *testing.T) {
	got := contentStems("I was walking, we walked along the bottom of my father's lake, and I was not afraid.")
	if want := []string{"walk", "along", "bottom", "father", "lake", "afraid"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSmooth(t *testing.T) {
	for in, want := range map[string]string{
		"Um, so, uh, the, the quiet.":            "So the quiet.",
		"It was, like, warm, you know?":          "It was warm?",
		"It's, um, Derek. Uh. I can't. Um.":      "It's Derek. I can't.",
		"Nothing to mend here, my friend...":     "Nothing to mend here, my friend...",
		"Um.":                                    "Um.",
		"I did not open it, it was simply open.": "I did not open it, it was simply open.",
		"And then it, it was open.":              "And then it was open.",
	} {
		if got := smooth(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestSmoothKeepsEveryWord(t *testing.T) {
	for _, tr := range corpusTranscripts(t) {
		for _, u := range tr.Utterances {
			if got := smooth(u.Text); texts(spokenWords(got)) != texts(spokenWords(u.Text)) {
				t.Errorf("%q became %q", u.Text, got)
			}
		}
	}
}

func FuzzSpokenWords(f *testing.F) {
	for _, s := range []string{"", "I don't, I don't — um, know. 3.5!", "’tis the 'n' of it’s", "e\u0301 ﬁ \xff", "you know, like, I mean"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, w := range spokenWords(text) {
			if w.start < 0 || w.end > len(text) || w.start >= w.end {
				t.Fatalf("word %q lies at %d-%d of %d", w.text, w.start, w.end, len(text))
			}
			if w.start < last {
				t.Fatalf("word %q goes back", w.text)
			}
			last = w.start
		}
		if texts(spokenWords(smooth(text))) != texts(spokenWords(text)) {
			t.Errorf("smooth changed the words: %q", smooth(text))
		}
	})
}
