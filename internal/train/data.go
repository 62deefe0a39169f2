package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"debrief"
	"debrief/internal/misheard"
	"debrief/internal/tagnet"
	"debrief/summarize"
	"debrief/summarize/corpus"
)

// version is one way a recording of the corpus may reach the tagger: as written, or as a
// recogniser would have left it.
type version struct {
	utterances []corpus.Utterance
	embeddings [][]float32
}

// recording is a debrief of the corpus in all its versions; the first is as written.
type recording struct {
	corpus.Debrief
	versions []version
}

// wordErrors are the shares of words spoilt in each version after the first: as written, as a
// good microphone gives, as a poor one does.
var wordErrors = []float64{0, 0.08, 0.16, 0.08}

// prepare renders every version of every debrief and embeds each text once.
func prepare(ctx context.Context, debriefs []corpus.Debrief, encoders []*summarize.Encoder, cache string) ([]recording, error) {
	var texts []string
	for _, d := range debriefs {
		for _, u := range d.Utterances {
			texts = append(texts, u.Text)
		}
	}
	ear := misheard.New(texts)
	out := make([]recording, len(debriefs))
	var all []string
	for i, d := range debriefs {
		rng := rand.New(rand.NewPCG(seedOf(d.ID), 7))
		out[i].Debrief = d
		for v, rate := range wordErrors {
			us := d.Utterances
			if v > 0 {
				us = spoil(rng, ear, us, rate)
			}
			out[i].versions = append(out[i].versions, version{utterances: us})
			for _, u := range us {
				all = append(all, u.Text)
			}
		}
	}
	embedded, err := remembered(ctx, all, encoders, cache)
	if err != nil {
		return nil, err
	}
	for i := range out {
		for v := range out[i].versions {
			n := len(out[i].versions[v].utterances)
			out[i].versions[v].embeddings, embedded = embedded[:n], embedded[n:]
		}
	}
	return out, nil
}

// seedOf makes a debrief's spoiling independent of which others there are.
func seedOf(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum64()
}

// Shares of utterances a recogniser cuts or joins differently from a person writing them down,
// and of those whose punctuation and capitals it loses.
const (
	shareSplit  = 0.10
	shareJoined = 0.06
	sharePlain  = 0.25
)

// spoil renders utterances as a recogniser might have heard them. Labels go with the words.
func spoil(rng *rand.Rand, ear *misheard.Ear, us []corpus.Utterance, rate float64) []corpus.Utterance {
	var out []corpus.Utterance
	for _, u := range us {
		u.Text = ear.Hear(rng, u.Text, rate)
		plain := rng.Float64() < sharePlain
		write := func(text string) string {
			if plain {
				return misheard.Plain(text)
			}
			return text
		}
		words := strings.Fields(u.Text)
		last := len(out) - 1
		switch {
		case last >= 0 && out[last].Speaker == u.Speaker && slices.Equal(out[last].Prompts, u.Prompts) && rng.Float64() < shareJoined:
			out[last].Text += " " + write(u.Text)
		case len(words) >= 12 && rng.Float64() < shareSplit:
			cut := len(words)/3 + rng.IntN(len(words)/3)
			for _, part := range [][]string{words[:cut], words[cut:]} {
				out = append(out, corpus.Utterance{Speaker: u.Speaker, Prompts: u.Prompts, Text: write(strings.Join(part, " "))})
			}
		default:
			u.Text = write(u.Text)
			out = append(out, u)
		}
	}
	return out
}

// embedAll shares the texts out to the encoders.
func embedAll(ctx context.Context, texts []string, encoders []*summarize.Encoder) ([][]float32, error) {
	out := make([][]float32, len(texts))
	errs := make([]error, len(encoders))
	var wg sync.WaitGroup
	for k, e := range encoders {
		wg.Go(func() {
			for i := k; i < len(texts) && errs[k] == nil; i += len(encoders) {
				if errs[k] = ctx.Err(); errs[k] == nil {
					out[i], errs[k] = e.Embed(texts[i])
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("embed corpus: %w", err)
		}
	}
	return out, nil
}

// labels numbers the prompts of the scheme, in its order.
type labels map[debrief.PromptID]int

func numbered(s debrief.Scheme) labels {
	l := labels{}
	for i, p := range s.Prompts {
		l[p.ID] = i
	}
	return l
}

func (l labels) of(prompts []debrief.PromptID) ([]int, error) {
	var out []int
	for _, p := range prompts {
		n, ok := l[p]
		if !ok {
			return nil, fmt.Errorf("label %q: %w", p, debrief.ErrUnknownPrompt)
		}
		out = append(out, n)
	}
	return out, nil
}

// example turns one version into what the network reads.
func (r *recording) example(scheme debrief.Scheme, l labels, v int) (tagnet.Example, error) {
	x := tagnet.Example{Sequence: tagnet.Sequence{
		Phase:   slices.Index(debrief.Phases(), r.Phase),
		Session: r.Session,
		Allowed: summarize.Allowed(scheme, r.Phase, r.Session),
	}}
	for i, u := range r.versions[v].utterances {
		ls, err := l.of(u.Prompts)
		if err != nil {
			return x, fmt.Errorf("%s: %w", r.ID, err)
		}
		x.Labels = append(x.Labels, ls)
		x.Utterances = append(x.Utterances, tagnet.Utterance{
			Embedding: r.versions[v].embeddings[i], Text: u.Text, Marker: -1,
			Client: share(u.Speaker == debrief.SpeakerClient), Coach: share(u.Speaker == debrief.SpeakerCoach),
		})
	}
	return x, nil
}

func share(b bool) float32 {
	if b {
		return 1
	}
	return 0
}
