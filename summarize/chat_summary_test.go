package summarize

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"debrief"
)

// rowed is the debrief of [rower] with its tags.
func rowed() (*debrief.Recording, *debrief.Transcript, *debrief.Tags) {
	rec, tr := rower()
	return rec, tr, &debrief.Tags{Utterances: []debrief.UtteranceTags{
		{Index: 0, Prompts: []debrief.Tag{{Prompt: "imagery", Confidence: 0.9}}},
		{Index: 1, Prompts: []debrief.Tag{{Prompt: "imagery", Confidence: 0.9}}},
		{Index: 2, Prompts: []debrief.Tag{{Prompt: "body", Confidence: 0.9}}},
		{Index: 3, Prompts: []debrief.Tag{{Prompt: "body", Confidence: 0.9}}},
	}}
}

func summarizeByChat(t *testing.T, s *script, tags *debrief.Tags) *debrief.Summary {
	t.Helper()
	summarizer, err := NewChatSummarizer(s.config(t), newSummarizer(t))
	if err != nil {
		t.Fatal(err)
	}
	rec, tr, all := rowed()
	if tags != nil {
		all = tags
	}
	sum, err := summarizer.Summarize(t.Context(), rec, tr, all)
	if err != nil {
		t.Fatal(err)
	}
	if _, lost := Verify(tr, sum); len(lost) > 0 {
		t.Errorf("%q does not verify", lost[0].Quote.Text)
	}
	return sum
}

const (
	imagerySentence = `{"text":"The client saw NAME_1 rowing a boat.","index":1,"quote":"There was a boat, and NAME_1 was rowing it"}`
	bodySentence    = `{"text":"The client's hands were heavy.","index":2,"quote":"my hands were heavy"}`
)

func summaryOf(imagery, body string) string {
	return fmt.Sprintf(`{"prompts":[{"id":"body","sentences":[%s]},{"id":"imagery","sentences":[%s]}]}`, body, imagery)
}

func TestChatSummary(t *testing.T) {
	s := &script{replies: []reply{says(summaryOf(imagerySentence, bodySentence))}}
	sum := summarizeByChat(t, s, nil)
	if sum.Engine != "chat/m" || len(s.notes) > 0 {
		t.Fatalf("engine %s, notes %v", sum.Engine, s.notes)
	}
	if sum.Prompts[0].Prompt != "body" || sum.Prompts[1].Prompt != "imagery" || !slices.Equal(sum.Open, []debrief.PromptID{"standout", "breakthrough"}) {
		t.Errorf("prompts %+v, open %v", sum.Prompts, sum.Open)
	}
	got := sum.Prompts[1].Sentences[0]
	if got.Text != "The client saw Gordon rowing a boat." || got.Quote.Text != "There was a boat, and Gordon was rowing it" || got.Quote.Utterance != 1 {
		t.Errorf("sentence %+v", got)
	}
	body := s.sent()[0]
	for _, secret := range []string{"Gordon", "Thelonious", "watching", "What did you see"} {
		if strings.Contains(body, secret) {
			t.Errorf("%q was sent", secret)
		}
	}
}

func TestChatSummaryFallsBack(t *testing.T) {
	for name, answer := range map[string]string{
		"NotJSON":         "The client saw a boat.",
		"PromptMissing":   `{"prompts":[{"id":"body","sentences":[` + bodySentence + `]}]}`,
		"NoSentence":      summaryOf("", bodySentence),
		"UnknownPrompt":   strings.Replace(summaryOf(imagerySentence, bodySentence), `"id":"body"`, `"id":"mood"`, 1),
		"PromptTwice":     strings.Replace(summaryOf(imagerySentence, bodySentence), `"id":"body"`, `"id":"imagery"`, 1),
		"TooMany":         summaryOf(strings.Repeat(imagerySentence+",", sentencesPerPrompt)+imagerySentence, bodySentence),
		"CoachsLine":      summaryOf(strings.NewReplacer(`"index":1`, `"index":0`, "There was a boat, and NAME_1 was rowing it", "What did you see?").Replace(imagerySentence), bodySentence),
		"OtherPromptLine": summaryOf(bodySentence, bodySentence),
		"InventedQuote":   summaryOf(strings.Replace(imagerySentence, "There was a boat", "There was a ship", 1), bodySentence),
		"DroppedNot":      summaryOf(imagerySentence, `{"text":"Somebody came.","index":2,"quote":"never came, once"}`),
		"InventedNumber":  summaryOf(strings.Replace(imagerySentence, "a boat.", "a boat for five hours.", 1), bodySentence),
		"InventedName":    summaryOf(strings.Replace(imagerySentence, "saw NAME_1", "saw Margaret", 1), bodySentence),
		"NameOfElsewhere": summaryOf(strings.Replace(imagerySentence, "saw NAME_1", "saw NAME_2", 1), bodySentence),
		"NameNotGiven":    summaryOf(strings.Replace(imagerySentence, "saw NAME_1", "saw NAME_9", 1), bodySentence),
		"NoText":          summaryOf(strings.Replace(imagerySentence, "The client saw NAME_1 rowing a boat.", "", 1), bodySentence),
		"Rambling":        summaryOf(strings.Replace(imagerySentence, "a boat.", strings.Repeat("and a boat ", 20), 1), bodySentence),
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{replies: []reply{says(answer)}}
			sum := summarizeByChat(t, s, nil)
			if sum.Engine != ExtractiveEngine || len(s.notes) != 1 || len(sum.Prompts) != 2 {
				t.Errorf("engine %s, %d prompts, notes %v", sum.Engine, len(sum.Prompts), s.notes)
			}
			if len(s.sent()) != contentAttempts {
				t.Errorf("%d requests", len(s.sent()))
			}
		})
	}
}

func TestChatSummaryOfNothingIsNotAsked(t *testing.T) {
	s := &script{replies: []reply{says("no")}}
	if sum := summarizeByChat(t, s, &debrief.Tags{}); sum.Empty == "" || len(s.sent()) > 0 {
		t.Errorf("empty %q, %d requests", sum.Empty, len(s.sent()))
	}
}

// Whatever a model answers, what gets through is in the scheme and was said by the client.
func FuzzChatAnswers(f *testing.F) {
	f.Add(goodTags)
	f.Add(summaryOf(imagerySentence, bodySentence))
	f.Add(`{"lines":[{"index":-1,"prompts":null}],"prompts":[]}`)
	_, tr, tags := rowed()
	known := allowed(DefaultScheme().Prompts)
	f.Fuzz(func(t *testing.T, answer string) {
		a := newAlias(tr, nil)
		found, err := checkTags([]byte(answer), tr, a, known, 0, len(tr.Utterances))
		for i, tags := range found {
			for _, tag := range append(tags.Prompts, tags.Suggested...) {
				if err != nil || !known[tag.Prompt] || !tr.Utterances[i].Usable() || tag.Confidence <= 0 || tag.Confidence > 1 {
					t.Errorf("tag %+v of line %d, error %v", tag, i, err)
				}
			}
		}
		asked := []answered{{"imagery", clientLines(tr, tags, a, "imagery")}, {"body", clientLines(tr, tags, a, "body")}}
		prompts, err := checkSummary([]byte(answer), tr, a, asked)
		if err != nil {
			return
		}
		if _, lost := Verify(tr, &debrief.Summary{Prompts: prompts}); len(lost) > 0 || len(prompts) != len(asked) {
			t.Errorf("%d prompts, unproven %+v", len(prompts), lost)
		}
	})
}
