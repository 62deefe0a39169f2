package main

import (
	"math/rand/v2"
	"slices"

	"debrief/internal/tagnet"
)

// Shares of recordings that are varied in each epoch, so that the network meets what it will
// meet in use: nobody knows who speaks, or it is known wrongly; the recording is cut short;
// topics come in another order; the app showed the questions.
const (
	shareAsWritten  = 0.4  // the others are one of the spoilt versions
	shareNoSpeakers = 0.10 // recordings without any speaker
	shareOneVoice   = 0.04 // recordings in which every utterance is given to the client
	shareWrongVoice = 0.02 // utterances given to the other speaker
	shareCropped    = 0.25
	shareShuffled   = 0.35
	shareMarkers    = 0.15
	shareNoSession  = 0.10
	shortest        = 6 // utterances left of a cropped recording
)

// vary changes an example at random; the utterances' contents are shared, the slices are not.
func vary(rng *rand.Rand, x tagnet.Example) tagnet.Example {
	x.Utterances = slices.Clone(x.Utterances)
	x.Labels = slices.Clone(x.Labels)
	if rng.Float64() < shareShuffled {
		x = shuffled(rng, x)
	}
	if n := len(x.Utterances); n > 2*shortest && rng.Float64() < shareCropped {
		length := shortest + rng.IntN(n-shortest)
		at := rng.IntN(n - length + 1)
		x.Utterances, x.Labels = x.Utterances[at:at+length], x.Labels[at:at+length]
	}
	if rng.Float64() < shareMarkers {
		mark(rng, x)
	}
	silent := rng.Float64() < shareNoSpeakers
	oneVoice := rng.Float64() < shareOneVoice
	for i := range x.Utterances {
		u := &x.Utterances[i]
		switch {
		case silent:
			u.Client, u.Coach = 0, 0
		case oneVoice:
			u.Client, u.Coach = 1, 0
		case u.Coach+u.Client > 0 && rng.Float64() < shareWrongVoice:
			u.Client, u.Coach = u.Coach, u.Client
		}
	}
	if rng.Float64() < shareNoSession {
		x.Session = 0
	}
	return x
}

// shuffled puts whole blocks in another order. A block begins where the coach asks something else, or in a
// monologue where the topic changes. Who asks further ("Still numb?") is understood by what was said before.
func shuffled(rng *rand.Rand, x tagnet.Example) tagnet.Example {
	starts := []int{0}
	var topic []int
	talk := slices.ContainsFunc(x.Utterances, func(u tagnet.Utterance) bool { return u.Coach > 0 })
	for i := 1; i < len(x.Labels); i++ {
		if len(x.Labels[i-1]) > 0 {
			topic = x.Labels[i-1]
		}
		same := slices.ContainsFunc(x.Labels[i], func(l int) bool { return slices.Contains(topic, l) })
		asks := x.Utterances[i].Coach > 0 && len(x.Labels[i]) > 0 && !same
		turns := !talk && len(x.Labels[i]) > 0 && !slices.Equal(x.Labels[i], x.Labels[i-1])
		if asks || turns {
			starts = append(starts, i)
		}
	}
	order := rng.Perm(len(starts))
	var us []tagnet.Utterance
	var ls [][]int
	for _, k := range order {
		end := len(x.Labels)
		if k+1 < len(starts) {
			end = starts[k+1]
		}
		us = append(us, x.Utterances[starts[k]:end]...)
		ls = append(ls, x.Labels[starts[k]:end]...)
	}
	x.Utterances, x.Labels = us, ls
	return x
}

// shareStray is how often a question shown is not the one answered: people scroll on, or talk on.
const shareStray = 0.15

// mark shows a question where an answer begins, as a guided debrief does.
func mark(rng *rand.Rand, x tagnet.Example) {
	var choices []int
	for l, ok := range x.Allowed {
		if ok {
			choices = append(choices, l)
		}
	}
	shown, since := -1, 0
	for i := range x.Utterances {
		if ls := x.Labels[i]; len(ls) > 0 && !slices.Contains(ls, shown) && (shown < 0 || rng.Float64() < 0.7) {
			shown, since = ls[0], 0
			if rng.Float64() < shareStray {
				shown = choices[rng.IntN(len(choices))]
			}
		}
		x.Utterances[i].Marker, x.Utterances[i].Since = shown, since
		since++
	}
}
