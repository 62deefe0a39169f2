package pipeline

import (
	"context"
	"errors"
	"testing"

	"debrief"
)

// What a transcription spends is in the manifest, also when it fails, and also when another
// worker writes the manifest at the same time.
func TestBatchBooksWhatWasSpent(t *testing.T) {
	s, st := newShelf(), &stages{wrote: "e", scheme: "s@1"}
	p := newPipeline(t, s, st, minuteAndHalf)
	file := write(t, "a.wav", "a")
	run := func(want Outcome, booked int) {
		t.Helper()
		r, err := p.Batch(t.Context(), []string{file}, target, deaf{})
		if err != nil || r[0].Outcome != want {
			t.Fatalf("outcome %+v, %v; want %s", r[0], err, want)
		}
		for _, rec := range s.recordings {
			if rec.Spent.Requests != booked || r[0].Recording.Spent != rec.Spent {
				t.Errorf("booked %+v, told %+v, want %d requests", rec.Spent, r[0].Recording.Spent, booked)
			}
		}
	}
	st.spends, st.fails = debrief.Spent{Requests: 2, Dollars: 0.5}, debrief.ErrQuota
	run(Failed, 2)
	s.conflicts = 2
	st.found, st.spends, st.fails = st.spends, debrief.Spent{Requests: 3, Dollars: 0.75}, nil
	run(Done, 5)
	if s.conflicts != 0 {
		t.Errorf("%d conflicts were not met", s.conflicts)
	}
	run(Unchanged, 5)
}

func TestDryChangesNothing(t *testing.T) {
	s, st := newShelf(), &stages{wrote: "e", scheme: "s@1"}
	p := newPipeline(t, s, st, minuteAndHalf)
	file, equal, lost := write(t, "a.wav", "a"), write(t, "b.wav", "a"), "nothing-here.wav"
	dry := func(files ...string) (looked int, outcomes map[Outcome]int) {
		t.Helper()
		outcomes = map[Outcome]int{}
		results, err := p.Dry(t.Context(), files, target, func(_ context.Context, _ string, in AudioReader) error {
			looked++
			n, err := readFull(in, make([]int16, SegmentSamples))
			if n != SegmentSamples {
				t.Errorf("%d samples to look at", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			outcomes[r.Outcome]++
		}
		return looked, outcomes
	}
	if looked, got := dry(file, equal, lost); looked != 1 || got[Pending] != 1 || got[Duplicate] != 1 || got[Failed] != 1 {
		t.Errorf("looked at %d, outcomes %v", looked, got)
	}
	if len(s.recordings) != 0 || s.segments != 0 || st.heard != 0 {
		t.Errorf("a dry run left %d recordings and %d segments and heard %d", len(s.recordings), s.segments, st.heard)
	}
	if _, err := p.Batch(t.Context(), []string{file}, target, deaf{}); err != nil {
		t.Fatal(err)
	}
	if looked, got := dry(file); looked != 0 || got[Unchanged] != 1 {
		t.Errorf("after a batch: looked at %d, outcomes %v", looked, got)
	}
	p.Decode = func(context.Context, string) (Decoder, error) { return nil, errors.New("asked to decode what is done") }
	if _, got := dry(file); got[Unchanged] != 1 {
		t.Errorf("after a batch, without a decoder: %v", got)
	}
}
