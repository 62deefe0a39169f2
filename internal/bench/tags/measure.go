package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"debrief"
	"debrief/internal/misheard"
	"debrief/internal/models"
	"debrief/internal/tagscore"
	"debrief/summarize"
)

// labelled is a debrief with the right prompts.
type labelled struct {
	ID         string        `json:"id"`
	Session    int           `json:"session"`
	Phase      debrief.Phase `json:"phase"`
	Style      string        `json:"style"` // guided or monologue
	Utterances []struct {
		Start   float64            `json:"start"` // seconds
		End     float64            `json:"end"`
		Speaker debrief.Speaker    `json:"speaker"`
		Text    string             `json:"text"`
		Prompts []debrief.PromptID `json:"prompts"`
	} `json:"utterances"`
}

func read(dir string) ([]labelled, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list labelled debriefs: %w", err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("list labelled debriefs in %s: %w", dir, debrief.ErrNotFound)
	}
	var out []labelled
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read labelled debrief: %w", err)
		}
		var d labelled
		if err := json.Unmarshal(data, &d); err != nil {
			return nil, fmt.Errorf("read labelled debrief %s: %w", path, err)
		}
		out = append(out, d)
	}
	return out, nil
}

// transcript is the debrief as the tagger gets it; hear may change the text.
func (d *labelled) transcript(hear func(string) string) *debrief.Transcript {
	t := &debrief.Transcript{}
	for _, u := range d.Utterances {
		t.Utterances = append(t.Utterances, debrief.Utterance{
			Span:    debrief.Span{Start: debrief.SamplesOf(u.Start), End: debrief.SamplesOf(u.End)},
			Speaker: u.Speaker, Text: hear(u.Text), Confidence: 1,
		})
	}
	return t
}

// wordErrors is the share of words spoilt for the second measurement: what a small recogniser
// does on clean speech.
const wordErrors = 0.10

// hearings is how often every text is spoilt anew: with one hearing chance moves F1 by .02.
const hearings = 3

// errorSeed makes the spoilt text the same in every run.
const errorSeed = 20

func measure(ctx context.Context, debriefs []labelled) (*report, error) {
	dir, err := models.Find()
	if err != nil {
		return nil, err
	}
	tagger, err := summarize.NewTagger(summarize.Config{Models: dir})
	if err != nil {
		return nil, err
	}
	defer tagger.Close()

	var texts []string
	for _, d := range debriefs {
		for _, u := range d.Utterances {
			texts = append(texts, u.Text)
		}
	}
	ear := misheard.New(texts)
	rng := rand.New(rand.NewPCG(errorSeed, errorSeed))
	r := &report{Debriefs: len(debriefs)}
	_, r.Model = tagger.Version()
	began := processor()
	if r.Written, err = figuresOf(ctx, tagger, debriefs, func(s string) string { return s }); err != nil {
		return nil, err
	}
	r.Utterances = len(texts)
	r.MillisecondsEach = float64((processor() - began).Microseconds()) / 1000 / float64(len(texts))
	var often []labelled
	for range hearings {
		often = append(often, debriefs...)
	}
	if r.Misheard, err = figuresOf(ctx, tagger, often, func(s string) string { return ear.Hear(rng, s, wordErrors) }); err != nil {
		return nil, err
	}
	if r.Hour, err = hour(ctx, dir, debriefs); err != nil {
		return nil, err
	}
	r.Quotes = verify(debriefs)
	return r, nil
}

// processor is the time this process has computed: unlike the clock on the wall it does not
// count what others on the machine do, and two busy cores count twice.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("read processor time: " + err.Error()) // RUSAGE_SELF is always valid
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func figuresOf(ctx context.Context, tagger *summarize.Tagger, debriefs []labelled, hear func(string) string) (parts, error) {
	scores := map[string]*tagscore.Score{guided: tagscore.New(), monologue: tagscore.New(), coach: tagscore.New()}
	both := tagscore.New()
	for i := range debriefs {
		d := &debriefs[i]
		rec := &debrief.Recording{Phase: d.Phase, Session: d.Session}
		tags, err := tagger.Tag(ctx, rec, d.transcript(hear))
		if err != nil {
			return nil, fmt.Errorf("tag %s: %w", d.ID, err)
		}
		for k, u := range d.Utterances {
			assigned, suggested := ids(tags.Utterances[k].Prompts), ids(tags.Utterances[k].Suggested)
			if u.Speaker == debrief.SpeakerCoach {
				scores[coach].Add(u.Prompts, assigned, suggested)
				continue
			}
			scores[d.Style].Add(u.Prompts, assigned, suggested)
			both.Add(u.Prompts, assigned, suggested)
		}
	}
	out := parts{client: figuresFrom(both)}
	for name, s := range scores {
		out[name] = figuresFrom(s)
	}
	return out, nil
}

func ids(tags []debrief.Tag) []debrief.PromptID {
	var out []debrief.PromptID
	for _, t := range tags {
		out = append(out, t.Prompt)
	}
	return out
}
