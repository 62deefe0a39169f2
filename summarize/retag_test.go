package summarize

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"debrief"

	"pgregory.net/rapid"
)

// settled is a tagger of one version whose answers are given.
type settled struct {
	model string
	tags  debrief.Tags
	calls int
}

func (s *settled) Version() (string, string) { return "scheme@1", s.model }

func (s *settled) Tag(_ context.Context, _ *debrief.Recording, t *debrief.Transcript) (*debrief.Tags, error) {
	s.calls++
	out := s.tags
	out.Scheme, out.Model, out.Input = "scheme@1", s.model, t.Hash()
	return &out, nil
}

var somePrompts = []debrief.PromptID{"body", "imagery", "standout", "breakthrough"}

// drawTags draws tags of a transcript, at most so many a line, from the given sources.
func drawTags(rt *rapid.T, label string, t *debrief.Transcript, sources ...debrief.TagSource) debrief.Tags {
	var out debrief.Tags
	for i := range t.Utterances {
		u := debrief.UtteranceTags{Index: i, Prompts: []debrief.Tag{}}
		ids := rapid.Permutation(somePrompts).Draw(rt, fmt.Sprint(label, "prompts", i))
		n := rapid.IntRange(0, debrief.MaxTags).Draw(rt, fmt.Sprint(label, "assigned", i))
		m := rapid.IntRange(n, len(ids)).Draw(rt, fmt.Sprint(label, "suggested", i))
		for k, id := range ids[:m] {
			tag := debrief.Tag{Prompt: id, Confidence: 0.7, Source: debrief.SourceModel, Evidence: "why"}
			if k < n {
				tag.Source = rapid.SampledFrom(sources).Draw(rt, fmt.Sprint(label, "source", i, k))
				u.Prompts = append(u.Prompts, tag)
			} else {
				u.Suggested = append(u.Suggested, tag)
			}
		}
		out.Utterances = append(out.Utterances, u)
	}
	return out
}

func tagged(tags *debrief.Tags, index int, id debrief.PromptID) bool {
	return slices.Contains(promptsByUtterance(tags)[index], id)
}

// What the product promises: retagging is idempotent and keeps every human decision, whatever the old tags, the new ones and the decisions are.
func TestRetagKeepsWhatPeopleDecided(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tr := &debrief.Transcript{}
		for i := range rapid.IntRange(1, 6).Draw(rt, "utterances") {
			at := debrief.Samples(i) * 1000
			tr.Utterances = append(tr.Utterances, debrief.Utterance{Span: debrief.Span{Start: at, End: at + 900}, Speaker: debrief.SpeakerClient, Text: fmt.Sprint("utterance ", i)})
		}
		old := drawTags(rt, "old", tr, debrief.SourceModel, debrief.SourceCoach)
		old.Scheme, old.Model, old.Input = "scheme@1", "old", tr.Hash()
		review := &debrief.Review{}
		last := map[TagChange]debrief.Verdict{}
		for k := range rapid.IntRange(0, 8).Draw(rt, "decisions") {
			i := rapid.IntRange(0, len(tr.Utterances)-1).Draw(rt, fmt.Sprint("where", k))
			d := debrief.Decision{
				Anchor:  debrief.AnchorOf(tr, i),
				Prompt:  rapid.SampledFrom(somePrompts).Draw(rt, fmt.Sprint("what", k)),
				Verdict: rapid.SampledFrom([]debrief.Verdict{debrief.Accepted, debrief.Rejected, debrief.Set}).Draw(rt, fmt.Sprint("verdict", k)),
				Author:  "ann",
			}
			review.Decisions = append(review.Decisions, d)
			last[TagChange{Index: i, Prompt: d.Prompt}] = d.Verdict
		}
		for k := range rapid.IntRange(0, 3).Draw(rt, "edits") {
			i := rapid.IntRange(0, len(tr.Utterances)-1).Draw(rt, fmt.Sprint("edited", k))
			text := rapid.SampledFrom([]string{"", "the sea", tr.Utterances[i].Text}).Draw(rt, fmt.Sprint("text", k))
			review.Edits = append(review.Edits, debrief.Edit{Anchor: debrief.AnchorOf(tr, i), Text: &text})
		}
		// The old tags may be of any state of the words.
		words, _ := (&debrief.Review{Edits: review.Edits[:rapid.IntRange(0, len(review.Edits)).Draw(rt, "seen")]}).Apply(tr, nil)
		old.Input = words.Hash()
		tagger := &settled{model: "new", tags: drawTags(rt, "new", tr, debrief.SourceModel)}
		oldBefore := old
		got, err := Retag(t.Context(), tagger, &debrief.Recording{}, tr, &old, review)
		if err != nil {
			rt.Fatal(err)
		}
		if got.Current || !reflect.DeepEqual(old, oldBefore) {
			rt.Fatal("the old tags were taken as current, or changed")
		}

		_, before := review.Apply(tr, &old)
		_, after := review.Apply(tr, got.Tags)
		for key, verdict := range last {
			if is := tagged(after, key.Index, key.Prompt); is != (verdict != debrief.Rejected) {
				rt.Errorf("%s of utterance %d was %s; it is there: %v", key.Prompt, key.Index, verdict, is)
			}
		}
		if got.Kept != len(last) {
			rt.Errorf("%d decisions kept, want %d", got.Kept, len(last))
		}
		for _, u := range old.Utterances {
			for _, tag := range u.Prompts {
				if tag.Source == debrief.SourceCoach && last[TagChange{Index: u.Index, Prompt: tag.Prompt}] == "" && !tagged(after, u.Index, tag.Prompt) {
					rt.Errorf("the coach's %s of utterance %d is gone", tag.Prompt, u.Index)
				}
			}
		}

		// The difference shown is exactly what turns the one into the other.
		for _, c := range got.Changes {
			if tagged(before, c.Index, c.Prompt) == c.Added || tagged(after, c.Index, c.Prompt) != c.Added {
				rt.Errorf("change %+v did not happen", c)
			}
		}
		changed := 0
		for i := range tr.Utterances {
			for _, id := range somePrompts {
				if tagged(before, i, id) != tagged(after, i, id) {
					changed++
				}
			}
		}
		if changed != len(got.Changes) {
			rt.Errorf("%d changes are shown, %d happened", len(got.Changes), changed)
		}

		again, err := Retag(t.Context(), tagger, &debrief.Recording{}, tr, got.Tags, review)
		if err != nil || !again.Current || again.Tags != got.Tags || len(again.Changes) > 0 || tagger.calls != 1 {
			rt.Errorf("doing it again: %+v, %v, %d calls", again, err, tagger.calls)
		}
		// Even by force: tags made again over the result are the result.
		got.Tags.Model = "forgotten"
		forced, err := Retag(t.Context(), tagger, &debrief.Recording{}, tr, got.Tags, review)
		if err != nil || len(forced.Changes) > 0 {
			rt.Errorf("made again it changes %+v, %v", forced.Changes, err)
		}
	})
}

func TestRetagWhen(t *testing.T) {
	tr := oneUtterance("My hands were heavy.")
	tags := debrief.Tags{Utterances: []debrief.UtteranceTags{{Prompts: []debrief.Tag{{Prompt: "body", Confidence: 0.9}}}}}
	current := tags
	current.Scheme, current.Model, current.Input = "scheme@1", "m", tr.Hash()
	for name, c := range map[string]struct {
		old  func() *debrief.Tags
		want int // calls
	}{
		"NeverTagged": {func() *debrief.Tags { return nil }, 1},
		"Current":     {func() *debrief.Tags { return &current }, 0},
		"OtherScheme": {func() *debrief.Tags { o := current; o.Scheme = "scheme@0"; return &o }, 1},
		"OtherModel":  {func() *debrief.Tags { o := current; o.Model = "l"; return &o }, 1},
		"OtherText":   {func() *debrief.Tags { o := current; o.Input = "x"; return &o }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			tagger := &settled{model: "m", tags: tags}
			got, err := Retag(t.Context(), tagger, &debrief.Recording{}, tr, c.old(), nil)
			if err != nil || tagger.calls != c.want || got.Current != (c.want == 0) || got.Tags.Input != tr.Hash() {
				t.Errorf("%+v, %v, %d calls", got, err, tagger.calls)
			}
		})
	}
}

func TestRetagReadsWhatTheCoachWrote(t *testing.T) {
	tr := oneUtterance("My hands were happy.")
	text := "My hands were heavy."
	review := &debrief.Review{Edits: []debrief.Edit{{Anchor: debrief.AnchorOf(tr, 0), Text: &text}}}
	old := &debrief.Tags{Scheme: "scheme@1", Model: "m", Input: tr.Hash()}
	tagger := &settled{model: "m"}
	got, err := Retag(t.Context(), tagger, &debrief.Recording{}, tr, old, review)
	if words, _ := review.Apply(tr, nil); err != nil || got.Current || got.Tags.Input != words.Hash() || words.Hash() == tr.Hash() {
		t.Errorf("%+v, %v", got, err)
	}
}
