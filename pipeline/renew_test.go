package pipeline

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"debrief"
)

// corrected is a recording that went through all steps, and a coach's correction of it.
func corrected(t *testing.T, s *shelf, st *stages) (m Meaning, rec *debrief.Recording, correct func(text string)) {
	t.Helper()
	p := newPipeline(t, s, st, minuteAndHalf)
	results, err := p.Batch(t.Context(), []string{write(t, "a.wav", "a")}, target, deaf{})
	if err != nil || results[0].Outcome != Done {
		t.Fatalf("%+v, %v", results, err)
	}
	rec = results[0].Recording
	heard := s.docs[docKey(rec, &debrief.Transcript{})].(debrief.Transcript)
	review := debrief.Review{Recording: rec.ID}
	return Meaning{p.Documents, p.Tagger, p.Summarizer}, rec, func(text string) {
		review.Edits = append(slices.Clone(review.Edits), debrief.Edit{Anchor: debrief.AnchorOf(&heard, 0), Text: &text})
		s.mu.Lock()
		defer s.mu.Unlock()
		r := review
		s.put(docKey(rec, &r), &r)
	}
}

func TestRenewTagsWhatWasCorrected(t *testing.T) {
	s, st := newShelf(), &stages{wrote: "e", scheme: "s@1"}
	m, rec, correct := corrected(t, s, st)
	renew := func(want bool, tagged, summed int) {
		t.Helper()
		changed, err := m.Renew(t.Context(), rec.Client, rec.ID)
		if err != nil || changed != want || st.tagged != tagged || st.summed != summed || st.heard != 1 {
			t.Fatalf("changed %v, %v; heard, tagged, summed %d %d %d times", changed, err, st.heard, st.tagged, st.summed)
		}
	}
	renew(false, 1, 1)
	correct("the sea")
	renew(true, 2, 2)
	renew(false, 2, 2)
	if st.said != "the sea" {
		t.Errorf("tagged %q, not what the coach wrote", st.said)
	}
	// Who looks next finds it done.
	p := newPipeline(t, s, st, minuteAndHalf)
	if made, err := p.Process(t.Context(), rec, nil); err != nil || made.Changed || st.tagged != 2 {
		t.Errorf("%+v, %v: tagged %d times", made, err, st.tagged)
	}
	// Tags of another model are not replaced by the way.
	correct("the sand")
	st.scheme = "s@2"
	renew(false, 2, 2)
	// Nobody spoke: nothing is tagged.
	st.scheme = "s@1"
	correct("")
	renew(false, 2, 2)
}

// A decision changes what counts as tagged, and so the summary, but is no work for the tagger.
func TestRenewSummarisesWhatWasDecided(t *testing.T) {
	s, st := newShelf(), &stages{wrote: "e", scheme: "s@1"}
	m, rec, _ := corrected(t, s, st)
	heard := s.docs[docKey(rec, &debrief.Transcript{})].(debrief.Transcript)
	r := &debrief.Review{Decisions: []debrief.Decision{{Anchor: debrief.AnchorOf(&heard, 0), Prompt: "standout", Verdict: debrief.Rejected}}}
	s.put(docKey(rec, r), r)
	if changed, err := m.Renew(t.Context(), rec.Client, rec.ID); err != nil || !changed || st.tagged != 1 || st.summed != 2 {
		t.Errorf("changed %v, %v; tagged %d, summed %d times", changed, err, st.tagged, st.summed)
	}
}

// What a stand-in wrote is asked for again.
func TestSummaryOfAStandIn(t *testing.T) {
	s, st := newShelf(), &stages{wrote: "stand-in", scheme: "s@1"}
	m, rec, _ := corrected(t, s, st)
	st.wrote = "e"
	for _, want := range []bool{true, false} {
		if changed, err := m.Renew(t.Context(), rec.Client, rec.ID); err != nil || changed != want || st.summed != 2 {
			t.Errorf("changed %v, %v; summed %d times", changed, err, st.summed)
		}
	}
}

func TestRenewerWaitsForAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, st := newShelf(), &stages{wrote: "e", scheme: "s@1"}
		m, rec, correct := corrected(t, s, st)
		var turn sync.Mutex // each pass of the renewer begins with Open, behind what the test has looked at
		opened, away := 0, error(debrief.ErrUnavailable)
		r, err := NewRenewer(RenewerConfig{Quiet: 2 * time.Second, Open: func() (Meaning, error) {
			turn.Lock()
			defer turn.Unlock()
			opened++
			return m, away
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		go r.Run(ctx)
		passes := func(d time.Duration, wantOpened, wantTagged int) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			turn.Lock()
			defer turn.Unlock()
			if opened != wantOpened || st.tagged != wantTagged {
				t.Fatalf("opened %d, tagged %d times, want %d, %d", opened, st.tagged, wantOpened, wantTagged)
			}
		}
		for range 3 {
			correct("the sea")
			r.Changed(rec.Client, rec.ID)
			passes(time.Second, 0, 1)
		}
		passes(time.Second, 1, 1) // the store is away
		turn.Lock()
		away = nil
		turn.Unlock()
		passes(renewAgain, 2, 2)
		passes(time.Hour, 2, 2)
		stop()
		synctest.Wait()
	})
}

func TestNewRenewerRefusesNonsense(t *testing.T) {
	if _, err := NewRenewer(RenewerConfig{Quiet: time.Second}); err == nil {
		t.Error("no error without Open")
	}
}
