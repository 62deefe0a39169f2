package summarize

import (
	"testing"

	"debrief"
	"debrief/internal/forgery"
)

// forgerySeed makes the adversary's claims the same in every run.
const forgerySeed = 1

func TestForgedQuotesNeverPass(t *testing.T) {
	const n = 2000 // twice what the product promises
	forged := forgery.New(forgerySeed, corpusTranscripts(t)).Forged(n)
	t.Logf("%d forged quotes", len(forged))
	for _, c := range forged {
		if q, ok := FindQuote(c.Transcript, debrief.SpeakerClient, c.Utterance, c.Text); ok {
			t.Errorf("passed:\n claim %q\n said  %q\n as    %q", c.Text, c.Transcript.Utterances[c.Utterance].Text, q.Text)
		}
	}
}

func TestRealQuotesPass(t *testing.T) {
	const n, atLeast = 2000, 0.99
	passed := 0
	for _, c := range forgery.New(forgerySeed, corpusTranscripts(t)).Real(n) {
		if _, ok := FindQuote(c.Transcript, debrief.SpeakerClient, c.Utterance, c.Text); ok {
			passed++
		} else {
			t.Logf("refused:\n claim %q\n said  %q", c.Text, c.Transcript.Utterances[c.Utterance].Text)
		}
	}
	if share := float64(passed) / n; share < atLeast {
		t.Errorf("%.4f of real quotes pass, want %.2f", share, atLeast)
	} else {
		t.Logf("%.4f of real quotes pass", share)
	}
}
