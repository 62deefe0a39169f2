package summarize

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"debrief"

	"pgregory.net/rapid"
)

func newTagger(t testing.TB, scheme debrief.Scheme) *Tagger {
	t.Helper()
	tagger, err := NewTagger(Config{
		Models: modelsDir(t), Scheme: scheme,
		Clock: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tagger.Close() })
	return tagger
}

// said makes a transcript of lines "speaker: text", ten seconds apart.
func said(lines ...string) *debrief.Transcript {
	tr := &debrief.Transcript{Recording: "01ARZ3NDEKTSV4RRFFQ69G5FAV"}
	for i, line := range lines {
		speaker, text, _ := strings.Cut(line, ": ")
		at := debrief.Samples(i) * 10 * debrief.SampleRate
		tr.Utterances = append(tr.Utterances, debrief.Utterance{
			Span: debrief.Span{Start: at, End: at + 8*debrief.SampleRate}, Speaker: debrief.Speaker(speaker), Text: text, Confidence: 0.9,
		})
	}
	return tr
}

func tag(t testing.TB, tagger *Tagger, rec *debrief.Recording, tr *debrief.Transcript) *debrief.Tags {
	t.Helper()
	tags, err := tagger.Tag(context.Background(), rec, tr)
	if err != nil {
		t.Fatal(err)
	}
	return tags
}

func has(tags []debrief.Tag, id debrief.PromptID) *debrief.Tag {
	for i := range tags {
		if tags[i].Prompt == id {
			return &tags[i]
		}
	}
	return nil
}

func TestTagFindsPlainAnswers(t *testing.T) {
	tagger := newTagger(t, debrief.Scheme{})
	tr := said(
		"coach: How did your body feel while you were under?",
		"client: My arms were so heavy, I could hardly feel my hands, and my chest went warm.",
		"coach: Would you like some water?",
		"client: Yes please, just a sip.",
	)
	tags := tag(t, tagger, &debrief.Recording{Phase: debrief.Immediate, Session: 1}, tr)
	question, answer := has(tags.Utterances[0].Prompts, "body"), has(tags.Utterances[1].Prompts, "body")
	if question == nil || question.Source != debrief.SourceModel {
		t.Errorf("the question is tagged %+v, want body", tags.Utterances[0].Prompts)
	}
	if answer == nil || answer.Source != debrief.SourceQuestion || answer.Evidence != "after the question at 0:00" {
		t.Errorf("the answer is tagged %+v, want body after the question at 0:00", tags.Utterances[1].Prompts)
	}
	for _, i := range []int{2, 3} {
		if len(tags.Utterances[i].Prompts) > 0 {
			t.Errorf("talk of water is tagged %+v", tags.Utterances[i].Prompts)
		}
	}
	if tags.Scheme != "ketamine-debrief@1" || tags.Model != taggerVersion || tags.Input != tr.Hash() || tags.Recording != tr.Recording {
		t.Errorf("tags do not say what they were made from: %+v", tags)
	}
}

// TestCoachAsksInTheSchemesOwnWords reads the questions off the page, as a coach does who has them before her.
func TestCoachAsksInTheSchemesOwnWords(t *testing.T) {
	scheme := DefaultScheme()
	tagger := newTagger(t, scheme)
	for _, p := range scheme.Prompts {
		for _, before := range []string{"", "Okay. ", "Thank you for that. "} {
			rec := &debrief.Recording{Phase: p.Phase, Session: 3}
			tags := tag(t, tagger, rec, said("coach: Hello, how are you?", "client: I am okay, thank you.", "coach: "+before+p.Question))
			if got := tags.Utterances[2]; has(got.Prompts, p.ID) == nil {
				t.Errorf("%q is tagged %v", before+p.Question, got.Prompts)
			}
		}
	}
}

func TestMarkerIsEvidence(t *testing.T) {
	tagger := newTagger(t, debrief.Scheme{})
	tr := said("client: Well, mostly a kind of, I don't know, it was just there.")
	rec := &debrief.Recording{Phase: debrief.Immediate, Session: 1}
	belief := func(id debrief.PromptID) float64 {
		u := tag(t, tagger, rec, tr).Utterances[0]
		if found := has(append(u.Prompts, u.Suggested...), id); found != nil {
			return found.Confidence
		}
		return 0
	}
	without := belief("body")
	rec.Markers = []debrief.Marker{{At: 0, Kind: "bookmark"}, {At: 0, Kind: "prompt", Prompt: "body"}}
	if with := belief("body"); with <= without {
		t.Errorf("belief in body is %.3f with its question shown, %.3f without", with, without)
	}
	u := tag(t, tagger, rec, tr).Utterances[0]
	if found := has(append(u.Prompts, u.Suggested...), "body"); found == nil || found.Source != debrief.SourceMarker || found.Evidence != "after the question shown at 0:00" {
		t.Errorf("tag = %+v, want it to name the marker", found)
	}
}

func TestDoubtfulWordsAreAsIfNotSaid(t *testing.T) {
	tagger := newTagger(t, debrief.Scheme{})
	rec := &debrief.Recording{Phase: debrief.Immediate, Session: 1}
	lines := []string{"coach: How did your body feel?", "client: My hands were heavy, like wet sand.", "client: And my legs were gone."}
	clean := tag(t, tagger, rec, said(lines[0], lines[2]))
	for name, spoil := range map[string]func(*debrief.Utterance){
		"Flagged": func(u *debrief.Utterance) { u.Flags = []debrief.Flag{debrief.FlagPhantom} },
		"Blank":   func(u *debrief.Utterance) { u.Text = " \n" },
	} {
		t.Run(name, func(t *testing.T) {
			tr := said(lines...)
			spoil(&tr.Utterances[1])
			got := tag(t, tagger, rec, tr)
			if u := got.Utterances[1]; len(u.Prompts)+len(u.Suggested) > 0 || u.Prompts == nil {
				t.Errorf("tagged %+v", u)
			}
			if a, b := got.Utterances[2].Prompts, clean.Utterances[1].Prompts; !reflect.DeepEqual(a, b) {
				t.Errorf("it changed its neighbour: %+v, without it %+v", a, b)
			}
		})
	}
}

func TestTagErrors(t *testing.T) {
	tagger := newTagger(t, debrief.Scheme{})
	t.Run("UnknownPhase", func(t *testing.T) {
		if _, err := tagger.Tag(t.Context(), &debrief.Recording{Phase: "noon"}, said("client: Hello.")); !errors.Is(err, debrief.ErrInvalid) {
			t.Errorf("error = %v, want ErrInvalid", err)
		}
	})
	t.Run("Cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := tagger.Tag(ctx, &debrief.Recording{Phase: debrief.Immediate}, said("client: Hello.")); !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want Canceled", err)
		}
	})
	t.Run("NothingSaid", func(t *testing.T) {
		tags := tag(t, tagger, &debrief.Recording{Phase: debrief.Immediate}, said())
		if len(tags.Utterances) != 0 {
			t.Errorf("tags of nothing: %+v", tags.Utterances)
		}
	})
	t.Run("BadScheme", func(t *testing.T) {
		if _, err := NewTagger(Config{Models: modelsDir(t), Scheme: debrief.Scheme{Prompts: []debrief.Prompt{{ID: "x"}}}}); !errors.Is(err, debrief.ErrBadScheme) {
			t.Errorf("error = %v, want ErrBadScheme", err)
		}
	})
}

// TestTagProperties holds for any talk: prompts of the phase only, at most two, best first, none
// both assigned and suggested, and the same tags when asked again.
func TestTagProperties(t *testing.T) {
	tagger := newTagger(t, debrief.Scheme{})
	scheme := DefaultScheme()
	pool := []string{
		"My hands were heavy.", "There was a green staircase.", "How are you feeling now?", "I rang my sister.", "Same as last time, only slower.",
		"um", "What would you like to let go of?", "no punctuation no capitals just words", "Is there any tea?", "It hasn't gone, the checking.", "",
	}
	rapid.Check(t, func(rt *rapid.T) {
		rec := &debrief.Recording{
			Phase:   rapid.SampledFrom(debrief.Phases()).Draw(rt, "phase"),
			Session: rapid.IntRange(0, 6).Draw(rt, "session"),
		}
		tr := said()
		for i := range rapid.IntRange(1, 8).Draw(rt, "n") {
			at := debrief.Samples(i) * debrief.SampleRate
			tr.Utterances = append(tr.Utterances, debrief.Utterance{
				Span:    debrief.Span{Start: at, End: at + debrief.SampleRate},
				Speaker: rapid.SampledFrom([]debrief.Speaker{debrief.SpeakerClient, debrief.SpeakerCoach, debrief.SpeakerUnknown}).Draw(rt, "speaker"),
				Text:    rapid.SampledFrom(pool).Draw(rt, "text"),
			})
		}
		if rapid.Bool().Draw(rt, "marker") {
			rec.Markers = []debrief.Marker{{At: debrief.SampleRate, Kind: "prompt", Prompt: rapid.SampledFrom(scheme.Prompts).Draw(rt, "shown").ID}}
		}
		tags := tag(t, tagger, rec, tr)
		if again := tag(t, tagger, rec, tr); !reflect.DeepEqual(tags, again) {
			rt.Fatalf("two runs differ: %+v, %+v", tags, again)
		}
		allowed := Allowed(scheme, rec.Phase, rec.Session)
		if len(tags.Utterances) != len(tr.Utterances) {
			rt.Fatalf("%d entries for %d utterances", len(tags.Utterances), len(tr.Utterances))
		}
		for i, u := range tags.Utterances {
			all := append(slices.Clone(u.Prompts), u.Suggested...)
			if u.Index != i || len(u.Prompts) > debrief.MaxTags || len(u.Suggested) > maxSuggested {
				rt.Fatalf("entry %d: %+v", i, u)
			}
			seen := map[debrief.PromptID]bool{}
			for k, p := range all {
				at := slices.IndexFunc(scheme.Prompts, func(q debrief.Prompt) bool { return q.ID == p.Prompt })
				if at < 0 || !allowed[at] || seen[p.Prompt] || p.Evidence == "" || p.Source == "" || p.Confidence < 0 || p.Confidence > 1 {
					rt.Fatalf("entry %d: %+v", i, p)
				}
				if k > 0 && p.Confidence > all[k-1].Confidence {
					rt.Fatalf("entry %d is not best first: %+v", i, all)
				}
				seen[p.Prompt] = true
			}
		}
	})
}

// TestStrangePrompt: a scheme nobody trained for works from its examples and questions.
func TestStrangePrompt(t *testing.T) {
	tagger := newTagger(t, debrief.Scheme{Name: "gardens", Version: "3", Prompts: []debrief.Prompt{
		{
			ID: "garden", Name: "Garden", Phase: debrief.Followup, Question: "What did you do in the garden today?",
			Examples: []string{"I planted the tomatoes by the wall.", "I pulled up weeds for an hour and watered the roses."},
		},
		{
			ID: "meal", Name: "Meal", Phase: debrief.Followup, Question: "What did you eat today?",
			Examples: []string{"I had soup and a bit of bread.", "We cooked rice with beans for dinner."},
		},
	}})
	tr := said(
		"coach: So what did you do in the garden today?",
		"client: I dug over the bed and planted out the beans, then watered the roses.",
		"coach: And what did you eat today?",
		"client: Only a bowl of soup and some bread.",
		"coach: I see. Did you find somewhere to park?",
		"client: My brother has bought a second-hand car.",
	)
	tags := tag(t, tagger, &debrief.Recording{Phase: debrief.Followup, Session: 1}, tr)
	for i, want := range []debrief.PromptID{"garden", "garden", "meal", "meal", "", ""} {
		u := tags.Utterances[i]
		switch {
		case want == "" && len(u.Prompts) > 0:
			t.Errorf("%q is tagged %+v", tr.Utterances[i].Text, u.Prompts)
		case want != "" && (len(u.Prompts) != 1 || u.Prompts[0].Prompt != want):
			t.Errorf("%q is tagged %+v and suggested %+v, want %s", tr.Utterances[i].Text, u.Prompts, u.Suggested, want)
		}
	}
	if scheme, _ := tagger.Version(); scheme != "gardens@3" || tags.Scheme != scheme {
		t.Errorf("scheme is named %q and %q", scheme, tags.Scheme)
	}
	other := tag(t, tagger, &debrief.Recording{Phase: debrief.Immediate, Session: 1}, tr)
	if other.Count() > 0 {
		t.Error("prompts of another phase were tagged")
	}
}
