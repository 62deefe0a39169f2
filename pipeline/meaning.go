package pipeline

import (
	"context"
	"errors"
	"fmt"

	"debrief"
)

// Meaning is the part of the way after the transcript: tags and a summary of the words as they count now, with what a coach
// corrected in them and decided about them. Tags name the hash of the corrected words, a summary that of the words and the decided
// tags: so a correction makes both stale, and whoever looks next makes them anew. What a coach decided is in neither; it is
// laid over them.
type Meaning struct {
	Documents  Documents
	Tagger     Tagger
	Summarizer Summarizer
}

// make makes what is missing or stale for a transcript. Both are nil when nothing usable is said in it.
func (m Meaning) make(ctx context.Context, rec *debrief.Recording, heard *debrief.Transcript, step func(debrief.Step), changed *bool) (*debrief.Tags, *debrief.Summary, error) {
	review := &debrief.Review{}
	if _, err := m.Documents.Load(ctx, rec, review); err != nil && !errors.Is(err, debrief.ErrNotFound) {
		return nil, nil, fmt.Errorf("read the review: %w", err)
	}
	words, _ := review.Apply(heard, nil)
	if words.Empty() {
		return nil, nil, nil
	}
	step(debrief.StepTagging)
	tags, err := stored(ctx, m.Documents, rec, changed,
		func(old *debrief.Tags) bool { return old.Input == words.Hash() && m.made(old) },
		func() (*debrief.Tags, error) { return m.Tagger.Tag(ctx, rec, words) })
	if err != nil {
		return nil, nil, fmt.Errorf("tag: %w", err)
	}
	step(debrief.StepSummarising)
	_, decided := review.Apply(heard, tags)
	summary, err := m.summary(ctx, rec, words, decided, changed)
	return tags, summary, err
}

func (m Meaning) summary(ctx context.Context, rec *debrief.Recording, words *debrief.Transcript, decided *debrief.Tags, changed *bool) (*debrief.Summary, error) {
	s, err := stored(ctx, m.Documents, rec, changed,
		func(old *debrief.Summary) bool {
			// An empty one has nothing in it that another engine would say otherwise.
			return old.Input == debrief.SummaryInput(words, decided) && (old.Engine == m.Summarizer.Engine() || len(old.Prompts) == 0)
		},
		func() (*debrief.Summary, error) { return m.Summarizer.Summarize(ctx, rec, words, decided) })
	if err != nil {
		return nil, fmt.Errorf("summarise: %w", err)
	}
	return s, nil
}

// Summarise makes the summary of a recording when it is missing or stale, and stores it. Words and tags are as they count now.
func (m Meaning) Summarise(ctx context.Context, rec *debrief.Recording, words *debrief.Transcript, decided *debrief.Tags) error {
	changed := false
	_, err := m.summary(ctx, rec, words, decided, &changed)
	return err
}

// made reports whether the tags are of the scheme and the model that would make them now.
func (m Meaning) made(tags *debrief.Tags) bool {
	scheme, model := m.Tagger.Version()
	return tags.Scheme == scheme && tags.Model == model
}

// Renew brings tags and summary of a recording up to date with what a coach did to it. Tags of another scheme or model stay as they
// are: a correction of one word must not change what was found in all others; debrief retag does that, and shows it. A recording without
// a whole transcript, or without tags, is left to Process.
func (m Meaning) Renew(ctx context.Context, client debrief.ClientID, id debrief.RecordingID) (changed bool, err error) {
	rec, _, err := m.Documents.Recording(ctx, client, id)
	if err != nil {
		return false, err
	}
	t, tags := &debrief.Transcript{}, &debrief.Tags{}
	for _, doc := range []any{t, tags} {
		if _, err := m.Documents.Load(ctx, rec, doc); errors.Is(err, debrief.ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	if !heard(t, rec) || !m.made(tags) {
		return false, nil
	}
	_, _, err = m.make(ctx, rec, t, func(debrief.Step) {}, &changed)
	return changed, err
}
