package summarize

import (
	"context"
	"fmt"
	"slices"

	"debrief"
)

// TagMaker is what retagging needs of a tagger.
type TagMaker interface {
	// Version names the scheme (name@version) and the model that Tag uses.
	Version() (scheme, model string)
	Tag(ctx context.Context, rec *debrief.Recording, t *debrief.Transcript) (*debrief.Tags, error)
}

// Retagged is what became of a recording's tags.
type Retagged struct {
	Tags    *debrief.Tags // what is to be stored; the old ones when they are current
	Current bool          // the old ones are current: nothing was made, nothing needs to be stored
	Changes []TagChange   // what a coach sees differently, by utterance
	Kept    int           // decisions of a coach that stand as they stood
}

// TagChange is a prompt an utterance got or lost.
type TagChange struct {
	Index  int              `json:"index"` // into [debrief.Transcript.Utterances]
	Prompt debrief.PromptID `json:"prompt"`
	Added  bool             `json:"added"`
}

// Retag tags a transcript again when the scheme, the model or the words are others than those of the old tags, which may be nil. The words
// are those that count now: with what a coach corrected. What a coach decided stays: it lies in the review, which is laid over the new tags
// as over the old, and a tag of the coach among the old ones is carried over. Doing it again changes nothing. No argument is changed.
func Retag(ctx context.Context, tagger TagMaker, rec *debrief.Recording, t *debrief.Transcript, old *debrief.Tags, review *debrief.Review) (*Retagged, error) {
	out := &Retagged{Tags: old, Kept: standing(t, review)}
	scheme, model := tagger.Version()
	words, _ := review.Apply(t, nil)
	if old != nil && old.Scheme == scheme && old.Model == model && old.Input == words.Hash() {
		out.Current = true
		return out, nil
	}
	made, err := tagger.Tag(ctx, rec, words)
	if err != nil {
		return nil, fmt.Errorf("tag again: %w", err)
	}
	out.Tags = made
	if old != nil && madeOf(old.Input, t, review) {
		out.Tags = carryOver(t, old, made)
	}
	_, before := review.Apply(t, old)
	_, after := review.Apply(t, out.Tags)
	out.Changes = tagChanges(before, after)
	return out, nil
}

// standing counts the utterances' prompts a coach decided about that the transcript still has.
func standing(t *debrief.Transcript, review *debrief.Review) int {
	if review == nil {
		return 0
	}
	type key struct {
		index  int
		prompt debrief.PromptID
	}
	seen := map[key]bool{}
	for _, d := range review.Decisions {
		if i := d.Find(t); i >= 0 {
			seen[key{i, d.Prompt}] = true
		}
	}
	return len(seen)
}

// madeOf reports whether the input of tags is this transcript, as it was heard or after any of the corrections.
func madeOf(input string, t *debrief.Transcript, review *debrief.Review) bool {
	if review == nil {
		return input == t.Hash()
	}
	for n := len(review.Edits); n >= 0; n-- {
		words, _ := (&debrief.Review{Edits: review.Edits[:n]}).Apply(t, nil)
		if words.Hash() == input {
			return true
		}
	}
	return false
}

// carryOver sets the tags of a coach that stand among the old ones into the new ones. They are valid only of the
// same transcript: without it, nothing tells which utterance they meant.
func carryOver(t *debrief.Transcript, old, made *debrief.Tags) *debrief.Tags {
	r := &debrief.Review{}
	evidence := map[TagChange]string{}
	for _, u := range old.Utterances {
		if u.Index < 0 || u.Index >= len(t.Utterances) {
			continue
		}
		for _, tag := range u.Prompts {
			if tag.Source == debrief.SourceCoach {
				r.Decisions = append(r.Decisions, debrief.Decision{Anchor: debrief.AnchorOf(t, u.Index), Prompt: tag.Prompt, Verdict: debrief.Set})
				evidence[TagChange{Index: u.Index, Prompt: tag.Prompt}] = tag.Evidence
			}
		}
	}
	_, out := r.Apply(t, made)
	for i, u := range out.Utterances {
		u.Prompts = slices.Clone(u.Prompts)
		for k, tag := range u.Prompts {
			if was, ok := evidence[TagChange{Index: u.Index, Prompt: tag.Prompt}]; ok && tag.Source == debrief.SourceCoach {
				u.Prompts[k].Evidence = was
			}
		}
		out.Utterances[i] = u
	}
	return out
}

// tagChanges compares which prompts each utterance has, in the order of the recording; lost ones first.
func tagChanges(before, after *debrief.Tags) []TagChange {
	was, is := promptsByUtterance(before), promptsByUtterance(after)
	var indexes []int
	for _, m := range []map[int][]debrief.PromptID{was, is} {
		for i := range m {
			indexes = append(indexes, i)
		}
	}
	slices.Sort(indexes)
	var out []TagChange
	for _, i := range slices.Compact(indexes) {
		for _, p := range was[i] {
			if !slices.Contains(is[i], p) {
				out = append(out, TagChange{i, p, false})
			}
		}
		for _, p := range is[i] {
			if !slices.Contains(was[i], p) {
				out = append(out, TagChange{i, p, true})
			}
		}
	}
	return out
}

func promptsByUtterance(tags *debrief.Tags) map[int][]debrief.PromptID {
	out := map[int][]debrief.PromptID{}
	if tags == nil {
		return out
	}
	for _, u := range tags.Utterances {
		for _, t := range u.Prompts {
			out[u.Index] = append(out[u.Index], t.Prompt)
		}
	}
	return out
}
