package main

import (
	"context"
	"fmt"
	"time"

	"debrief"
	"debrief/internal/models"
	"debrief/summarize"
)

// hourly is what an hour of talk takes from transcript to tags and summary, models loaded anew.
type hourly struct {
	Utterances int     `json:"utterances"`
	Seconds    float64 `json:"seconds"`   // by the clock
	Processor  float64 `json:"processor"` // seconds of one core
	Quoted     int     `json:"quoted"`    // sentences of the summary
}

// hour tags and summarises the follow-ups one after the other until an hour is full.
func hour(ctx context.Context, dir models.Dir, debriefs []labelled) (hourly, error) {
	const length = 60 * 60 * debrief.SampleRate
	t := &debrief.Transcript{}
	for at := debrief.Samples(0); at < length; {
		before := at
		for i := range debriefs {
			if debriefs[i].Phase != debrief.Followup || at >= length {
				continue
			}
			start := at
			for _, u := range debriefs[i].transcript(func(s string) string { return s }).Utterances {
				u.Start, u.End = u.Start+start, u.End+start
				t.Utterances = append(t.Utterances, u)
				at = max(at, u.End)
			}
		}
		if at == before {
			return hourly{}, fmt.Errorf("fill an hour: no follow-up among the labelled debriefs: %w", debrief.ErrNotFound)
		}
	}
	rec := &debrief.Recording{Phase: debrief.Followup, Session: 2}
	began, computed := time.Now(), processor()
	tagger, err := summarize.NewTagger(summarize.Config{Models: dir})
	if err != nil {
		return hourly{}, err
	}
	defer tagger.Close()
	tags, err := tagger.Tag(ctx, rec, t)
	if err != nil {
		return hourly{}, err
	}
	summarizer, err := summarize.NewSummarizer(summarize.SummarizerConfig{Scheme: summarize.DefaultScheme()})
	if err != nil {
		return hourly{}, err
	}
	summary, err := summarizer.Summarize(ctx, rec, t, tags)
	if err != nil {
		return hourly{}, err
	}
	h := hourly{Utterances: len(t.Utterances), Seconds: time.Since(began).Seconds(), Processor: (processor() - computed).Seconds()}
	for _, p := range summary.Prompts {
		h.Quoted += len(p.Sentences)
	}
	return h, nil
}
