package summarize

import (
	"bufio"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"debrief"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sampleDebrief reads one of the voiced samples as a transcript with the tags its author gave it.
func sampleDebrief(t testing.TB, name string, phase debrief.Phase) (*debrief.Recording, *debrief.Transcript, *debrief.Tags) {
	t.Helper()
	f, err := os.Open("../samples/" + name + ".tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rec := &debrief.Recording{ID: "00000000000000000000000001", Client: "c01", Session: 2, Phase: phase}
	tr, tags := &debrief.Transcript{Recording: rec.ID}, &debrief.Tags{Recording: rec.ID}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		col := strings.Split(lines.Text(), "\t")
		start, err1 := strconv.Atoi(col[0])
		end, err2 := strconv.Atoi(col[1])
		if err1 != nil || err2 != nil || len(col) != 5 {
			t.Fatalf("%s: %q", name, lines.Text())
		}
		tr.Utterances = append(tr.Utterances, debrief.Utterance{
			Span:    debrief.Span{Start: debrief.Samples(start), End: debrief.Samples(end)},
			Speaker: debrief.Speaker(col[2]), Text: col[4], Confidence: 0.9,
		})
		ut := debrief.UtteranceTags{Index: len(tr.Utterances) - 1}
		if col[3] != "-" {
			ut.Prompts = []debrief.Tag{{Prompt: debrief.PromptID(col[3]), Confidence: 0.9, Source: debrief.SourceModel}}
		}
		tags.Utterances = append(tags.Utterances, ut)
	}
	return rec, tr, tags
}

func newSummarizer(t testing.TB) *Summarizer {
	t.Helper()
	s, err := NewSummarizer(SummarizerConfig{Scheme: DefaultScheme(), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func summarizeIt(t testing.TB, rec *debrief.Recording, tr *debrief.Transcript, tags *debrief.Tags) *debrief.Summary {
	t.Helper()
	sum, err := newSummarizer(t).Summarize(t.Context(), rec, tr, tags)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func quotesIn(s *debrief.Summary) map[debrief.PromptID][]string {
	out := map[debrief.PromptID][]string{}
	for _, p := range s.Prompts {
		for _, x := range p.Sentences {
			out[p.Prompt] = append(out[p.Prompt], x.Quote.Text)
		}
	}
	return out
}

func TestSummarizeSample(t *testing.T) {
	rec, tr, tags := sampleDebrief(t, "c01_s2_followup", debrief.Followup)
	sum := summarizeIt(t, rec, tr, tags)
	want := map[debrief.PromptID][]string{
		"still_meaningful": {"The boat. I keep coming back to that boat, and the sound of the oars in the water.", "And the sentence is still there, that he was never angry with me. It has not faded at all."},
		"mood":             {"I am calmer. If this morning was a three, I would call it a six now.", "There was a wobble after lunch, when I felt quite low for half an hour, and then it lifted again."},
		"small_changes":    {"I want to ring my brother on Sunday. Nothing big, just ten minutes.", "And I could leave my phone in the kitchen at night, so that I do not read the news in bed."},
		"alignment":        {"After the first one I was exhausted and I did not want to talk to anybody for two days.", "Both times it was about my father, though. The first time he was far away, and today he was close."},
	}
	got := quotesIn(sum)
	for prompt, quotes := range want {
		for _, q := range quotes {
			if !slices.Contains(got[prompt], q) {
				t.Errorf("%s: %q is missing in %q", prompt, q, got[prompt])
			}
		}
		if len(got[prompt]) > sentencesPerPrompt {
			t.Errorf("%s has %d sentences", prompt, len(got[prompt]))
		}
	}
	if len(sum.Open) > 0 || sum.Empty != "" || sum.Input != debrief.SummaryInput(tr, tags) || sum.Engine != ExtractiveEngine || !sum.Made.Equal(noon) {
		t.Errorf("open %v, empty %q, input %q, engine %q, made %v", sum.Open, sum.Empty, sum.Input, sum.Engine, sum.Made)
	}
}

func TestSummarizeOpenPrompt(t *testing.T) {
	rec, tr, tags := sampleDebrief(t, "c01_s2_immediate", debrief.Immediate)
	for i := range tags.Utterances {
		tags.Utterances[i].Prompts = slices.DeleteFunc(tags.Utterances[i].Prompts, func(p debrief.Tag) bool {
			return (p.Prompt == "body" || p.Prompt == "alignment") && tr.Utterances[i].Speaker == debrief.SpeakerClient
		})
	}
	sum := summarizeIt(t, rec, tr, tags)
	if want := []debrief.PromptID{"body"}; !slices.Equal(sum.Open, want) {
		t.Errorf("open %v, want %v: the coach's question is no answer, and alignment is not asked in this phase", sum.Open, want)
	}
}

// TestSummarizeFirstTreatment: alignment is asked at a follow-up, but not before there is a treatment to compare with.
func TestSummarizeFirstTreatment(t *testing.T) {
	for session, want := range map[int]int{1: 4, 2: 5} {
		rec := &debrief.Recording{Session: session, Phase: debrief.Followup}
		sum := summarizeIt(t, rec, &debrief.Transcript{}, &debrief.Tags{})
		if len(sum.Open) != want || slices.Contains(sum.Open, promptAlign) != (session > 1) {
			t.Errorf("treatment %d: open %v, want %d", session, sum.Open, want)
		}
	}
}

func TestSummarizeEmpty(t *testing.T) {
	rec, tr, tags := sampleDebrief(t, "c01_s2_immediate", debrief.Immediate)
	flagged := *tr
	flagged.Utterances = slices.Clone(tr.Utterances)
	for i := range flagged.Utterances {
		flagged.Utterances[i].Flags = []debrief.Flag{debrief.FlagPhantom}
	}
	coachOnly := *tr
	coachOnly.Utterances = slices.Clone(tr.Utterances)
	for i := range coachOnly.Utterances {
		coachOnly.Utterances[i].Speaker = debrief.SpeakerCoach
	}
	for name, c := range map[string]struct {
		transcript *debrief.Transcript
		tags       *debrief.Tags
	}{
		"Speechless":    {&debrief.Transcript{}, tags},
		"AllDoubtful":   {&flagged, tags},
		"OnlyTheCoach":  {&coachOnly, tags},
		"NothingTagged": {tr, &debrief.Tags{}},
	} {
		t.Run(name, func(t *testing.T) {
			sum := summarizeIt(t, rec, c.transcript, c.tags)
			if len(sum.Prompts) > 0 || sum.Empty == "" || len(sum.Open) != 4 {
				t.Errorf("prompts %v, empty %q, open %v", sum.Prompts, sum.Empty, sum.Open)
			}
		})
	}
}

func TestSummarizeNeverTwiceTheSame(t *testing.T) {
	tr := &debrief.Transcript{}
	tags := &debrief.Tags{}
	for i, text := range []string{
		"My hands were heavy like warm sand.", "Hands like warm sand, so heavy they were.", "Yes.", "Did my hands look heavy and warm to you?", "My jaw was loose the whole time.",
	} {
		at := debrief.Samples(i) * 100000
		tr.Utterances = append(tr.Utterances, debrief.Utterance{Span: debrief.Span{Start: at, End: at + 90000}, Speaker: debrief.SpeakerClient, Text: text})
		tags.Utterances = append(tags.Utterances, debrief.UtteranceTags{Index: i, Prompts: []debrief.Tag{{Prompt: "body", Confidence: 0.9}}})
	}
	got := quotesIn(summarizeIt(t, &debrief.Recording{Session: 1, Phase: debrief.Immediate}, tr, tags))
	want := map[debrief.PromptID][]string{"body": {"My hands were heavy like warm sand.", "My jaw was loose the whole time."}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What a summary quotes must pass the same verification that judges everybody else's quotes, whatever was said.
func TestSummaryVerifiesItself(t *testing.T) {
	for _, tr := range corpusTranscripts(t) {
		tags := &debrief.Tags{}
		for i := range tr.Utterances {
			tags.Utterances = append(tags.Utterances, debrief.UtteranceTags{Index: i, Prompts: []debrief.Tag{{Prompt: DefaultScheme().Prompts[i%13].ID, Confidence: 0.9}}})
		}
		sum := summarizeIt(t, &debrief.Recording{Session: 2, Phase: debrief.Followup}, tr, tags)
		again, lost := Verify(tr, sum)
		if len(lost) > 0 {
			t.Fatalf("lost %q", lost[0].Quote.Text)
		}
		if diff := cmp.Diff(sum, again); diff != "" {
			t.Fatalf("verification changed a true summary:\n%s", diff)
		}
		for _, p := range sum.Prompts {
			for _, s := range p.Sentences {
				if tr.Utterances[s.Quote.Utterance].Speaker != debrief.SpeakerClient {
					t.Errorf("quotes the coach: %q", s.Quote.Text)
				}
			}
		}
	}
}

func TestVerifyAfterAnEdit(t *testing.T) {
	rec, tr, tags := sampleDebrief(t, "c01_s2_followup", debrief.Followup)
	sum := summarizeIt(t, rec, tr, tags)
	edited := *tr
	edited.Utterances = slices.Clone(tr.Utterances)
	replace := func(i int, old, new string) {
		if !strings.Contains(edited.Utterances[i].Text, old) {
			t.Fatalf("%q is not in %q", old, edited.Utterances[i].Text)
		}
		edited.Utterances[i].Text = strings.Replace(edited.Utterances[i].Text, old, new, 1)
	}
	replace(3, "The boat. I", "The boat, I")
	replace(7, "a six now", "a seven now")
	for i := range edited.Utterances {
		if strings.HasPrefix(edited.Utterances[i].Text, "After the first") {
			edited.Utterances[i].Speaker = debrief.SpeakerCoach
		}
	}
	got, lost := Verify(&edited, sum)
	if q := quotesIn(got)["still_meaningful"]; len(q) == 0 || !strings.HasPrefix(q[0], "The boat, I keep") {
		t.Errorf("a comma lost the quote: %q", q)
	}
	for _, q := range append(quotesIn(got)["mood"], quotesIn(got)["alignment"]...) {
		if strings.Contains(q, "six") || strings.HasPrefix(q, "After the first") {
			t.Errorf("still says %q", q)
		}
	}
	if len(lost) != 2 {
		t.Errorf("lost %d sentences, want 2", len(lost))
	}
}

func TestNewSummarizerRefusesABadScheme(t *testing.T) {
	if _, err := NewSummarizer(SummarizerConfig{}); err == nil {
		t.Error("no error")
	}
}
