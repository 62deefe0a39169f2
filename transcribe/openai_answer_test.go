package transcribe

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"debrief"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestReadAnswer reads what servers really send, for the sound of apiChunk: second 2 of the
// chunk is second 60 of the recording.
func TestReadAnswer(t *testing.T) {
	span := func(start, end float64) debrief.Span {
		return debrief.Span{Start: debrief.SamplesOf(start), End: debrief.SamplesOf(end)}
	}
	word := func(text string, start, end, sure float64) Word {
		return Word{Word: debrief.Word{Text: text, Span: span(start, end)}, Confidence: sure}
	}
	for file, want := range map[string]Heard{
		"vendor.json": {Language: "en", Passages: []Passage{
			{Span: span(10, 11.9), Text: "My shoulder feels lighter, I think.", Confidence: math.Exp(-0.25), NoSpeech: 0.02, Words: []Word{
				word("My", 10.1, 10.3, 0), word("shoulder", 10.3, 10.8, 0), word("feels", 10.8, 11.1, 0),
				word("lighter,", 11.1, 11.5, 0), word("I", 11.6, 11.7, 0), word("think.", 11.7, 11.95, 0),
			}},
			{Span: span(11.9, 62), Text: "The left one's at 25 %.", Confidence: math.Exp(-1.5), NoSpeech: 0.7, Words: []Word{
				word("The", 60.1, 60.3, 0), word("left", 60.3, 60.6, 0), word("one's", 60.6, 61, 0),
				word("at", 61, 61.1, 0), word("25 %.", 61.2, 61.9, 0),
			}},
		}},
		"whispercpp.json": {Language: "en", Passages: []Passage{
			{Span: span(10, 60.5), Text: "Acupuncture helped.", Confidence: math.Exp(-0.5), NoSpeech: 0.01, Words: []Word{
				word("Acupuncture", 10.2, 11, 0.8), word("helped.", 11.2, 11.6, 0.6),
			}},
		}},
		"segments.json": {Language: "en", Passages: []Passage{
			{Span: span(10.5, 11.5), Text: "I slept well."}, {Span: span(60.5, 61.5), Text: "No pain."},
		}},
		"diarized.json": {Passages: []Passage{
			{Span: span(10.2, 11.2), Text: "How was it?", Speaker: "A"},
			{Span: span(11.6, 60.8), Text: "Very calm.", Speaker: "B"},
		}},
		"text.json":    {Language: "en", Passages: []Passage{{Text: "My hands are warm now."}}},
		"silence.json": {Passages: []Passage{}},
	} {
		t.Run(strings.TrimSuffix(file, ".json"), func(t *testing.T) {
			a, err := readAnswer([]byte(answerFile(t, file)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&want, a.heard(apiChunk()), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestReadAnswerOddities(t *testing.T) {
	for name, test := range map[string]struct {
		body  string
		words []string // of all passages
		texts []string
	}{
		"WordsWithoutSegments":     {`{"text":"Hello, you.","words":[{"word":"hello","start":0,"end":1},{"word":"you","start":1,"end":1.5}]}`, []string{"Hello,", "you."}, []string{"Hello, you."}},
		"WordsOnly":                {`{"words":[{"word":"hello","start":0,"end":1}]}`, []string{"hello"}, []string{"hello"}},
		"WordsSpeltOtherwise":      {`{"text":"Ten needles.","words":[{"word":"10","start":0,"end":1},{"word":"needles","start":1,"end":2}]}`, nil, []string{"Ten needles."}},
		"WordsWithoutTimes":        {`{"text":"Hello.","words":[{"word":"Hello"}]}`, nil, []string{"Hello."}},
		"OneSegmentSpeltOtherwise": {`{"segments":[{"text":"Ten.","start":0,"end":1},{"text":"Good.","start":1,"end":2}],"words":[{"word":"10","start":0,"end":1},{"word":"good","start":1,"end":2}]}`, []string{"Good."}, []string{"Ten.", "Good."}},
		"IDsOfAnyKind":             {`{"segments":[{"id":"a","text":"One.","start":0,"end":1,"speaker":3},{"id":2,"text":"Two.","start":1,"end":2,"speaker":null}]}`, nil, []string{"One.", "Two."}},
		"SegmentsWithoutText":      {`{"text":"Hello.","segments":[{"id":0,"start":0,"end":4,"text":""}]}`, nil, []string{"Hello."}},
		"DashesStayWithWords":      {`{"text":"- Yes - no.","words":[{"word":"yes","start":0,"end":1},{"word":"no","start":1,"end":2}]}`, []string{"- Yes -", "no."}, []string{"- Yes - no."}},
		"TimesBeyondTheSound":      {`{"segments":[{"text":"Late.","start":1e300,"end":2e300}]}`, nil, []string{"Late."}},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := readAnswer([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			var words, texts []string
			for _, p := range a.heard(apiChunk()).Passages {
				texts = append(texts, p.Text)
				for _, w := range p.Words {
					words = append(words, w.Text)
				}
			}
			if diff := cmp.Diff(test.words, words); diff != "" {
				t.Errorf("words: -want +got\n%s", diff)
			}
			if diff := cmp.Diff(test.texts, texts); diff != "" {
				t.Errorf("texts: -want +got\n%s", diff)
			}
		})
	}
}

func TestIsoCode(t *testing.T) {
	for name, want := range map[string]string{
		"english": "en", "English": "en", "en": "en", "en-US": "en", "german": "de", "welsh": "cy", "chinese": "zh",
		"": "", "klingonese": "", "auto": "", "und": "",
	} {
		if got := isoCode(name); got != want {
			t.Errorf("isoCode(%q) = %q, want %q", name, got, want)
		}
	}
}

// FuzzReadAnswer: whatever a server sends, the words are inside the chunk, in order, and spell
// the text they belong to.
func FuzzReadAnswer(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "answers", "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"segments":[{"text":"a b","start":3,"end":1}],"words":[{"word":"ab","start":9,"end":-1}]}`))
	chunk := apiChunk()
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := readAnswer(body)
		if err != nil {
			return
		}
		all := chunk.Span()
		inside := func(s debrief.Span) bool { return s.Start >= all.Start && s.Start <= s.End && s.End <= all.End }
		at := debrief.Samples(0)
		for _, p := range a.heard(chunk).Passages {
			if p.Span != (debrief.Span{}) && !inside(p.Span) {
				t.Errorf("passage at %v", p.Span)
			}
			if p.Text == "" || p.Confidence < 0 || p.Confidence > 1+1e-9 || p.NoSpeech < 0 || p.NoSpeech > 1 {
				t.Errorf("passage %+v", p)
			}
			var spelt strings.Builder
			for _, w := range p.Words {
				if !inside(w.Span) || w.Start < at {
					t.Errorf("word at %v after %v", w.Span, at)
				}
				at = w.Start
				spelt.WriteString(w.Text)
			}
			if got := strings.Join(strings.Fields(spelt.String()), ""); len(p.Words) > 0 && got != strings.Join(strings.Fields(p.Text), "") {
				t.Errorf("words %q of text %q", got, p.Text)
			}
		}
	})
}
