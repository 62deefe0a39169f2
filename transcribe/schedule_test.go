package transcribe

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"debrief"
)

// slow is an API that takes a second for each chunk, by the clock of the test, and tells no times.
type slow struct {
	fake
	sync.Mutex
	asked, inside, most int
}

func (*slow) Capabilities() Capabilities {
	return Capabilities{Known: true, MaxSeconds: 600, Parallel: 8}
}

func (s *slow) Recognise(context.Context, *Chunk) (*Heard, error) {
	s.Lock()
	s.asked++
	s.inside++
	s.most = max(s.most, s.inside)
	s.Unlock()
	time.Sleep(time.Second)
	s.Lock()
	s.inside--
	s.Unlock()
	return &Heard{Passages: []Passage{{Text: "And it went on."}}}, nil
}

// TestAnHourThroughASlowAPI sends an hour of speech to an API that takes a second for each chunk,
// eight at once: no slot may stand idle for long. That the API engine itself keeps eight requests
// under way, TestOpenAIParallel shows.
func TestAnHourThroughASlowAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		r := &run{Transcriber: with(t, Config{Engine: s}), caps: s.Capabilities()}
		began := time.Now()
		if err := r.hearAll(t.Context(), hourOfSpeech); err != nil {
			t.Fatal(err)
		}
		took, chunks := time.Since(began), len(r.outcomes)
		if chunks < 3600/28 || s.asked != chunks || s.most != 8 {
			t.Fatalf("%d requests for %d chunks, at most %d at once", s.asked, chunks, s.most)
		}
		ideal := time.Duration(math.Ceil(float64(chunks)/8)) * time.Second
		if float64(took) > 1.15*float64(ideal) {
			t.Errorf("%d chunks took %s, more than 1.15 times the ideal %s", chunks, took, ideal)
		}
	})
}

// hourOfSpeech is an hour of islands of 3 to 28 seconds.
func hourOfSpeech(ctx context.Context, each func(Island) error) error {
	random := rand.New(rand.NewPCG(1, 2026))
	silence := make([]int16, maxIsland)
	for at := debrief.Samples(0); at < 3600*debrief.SampleRate; {
		n := debrief.Samples(3*debrief.SampleRate + random.IntN(25*debrief.SampleRate))
		span := debrief.Span{Start: at, End: at + n}
		if err := each(Island{Span: span, Speech: []debrief.Span{span}, PCM: silence[:n]}); err != nil {
			return err
		}
		at += n
	}
	return ctx.Err()
}
