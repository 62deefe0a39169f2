package main

import (
	"debrief"
	"debrief/internal/forgery"
	"debrief/summarize"
)

// claims is how many forged quotes, and as many real ones, are put to what verifies them.
const claims = 2000

// forgerySeed makes them the same in every run.
const forgerySeed = 3

type quotes struct {
	Forged       int `json:"forged"`
	ForgedPassed int `json:"forged_passed"`
	Real         int `json:"real"` // other case, punctuation, fillers, spaces
	RealPassed   int `json:"real_passed"`
}

func verify(debriefs []labelled) quotes {
	var ts []*debrief.Transcript
	for i := range debriefs {
		ts = append(ts, debriefs[i].transcript(func(s string) string { return s }))
	}
	f := forgery.New(forgerySeed, ts)
	passed := func(cs []forgery.Claim) (n int) {
		for _, c := range cs {
			if _, ok := summarize.FindQuote(c.Transcript, debrief.SpeakerClient, c.Utterance, c.Text); ok {
				n++
			}
		}
		return n
	}
	return quotes{claims, passed(f.Forged(claims)), claims, passed(f.Real(claims))}
}
