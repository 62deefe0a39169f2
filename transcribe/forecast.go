package transcribe

import (
	"context"
	"fmt"

	"debrief"
	"debrief/internal/models"
)

// Forecast is what transcribing a recording would take.
type Forecast struct {
	Length debrief.Samples // of the recording
	Speech debrief.Samples // in it
	Sound  debrief.Samples // to be sent: the speech and what lies close around it
	// Requests, by engine as they were asked for. Of a model that is not known (see
	// [Capabilities.Known]) they are the most it may take: it shows with its first answer
	// whether it gives times and can be sent more at once.
	Requests []int
}

// Add adds another recording's forecast for the same engines.
func (f *Forecast) Add(more *Forecast) {
	f.Length += more.Length
	f.Speech += more.Speech
	f.Sound += more.Sound
	if f.Requests == nil {
		f.Requests = make([]int, len(more.Requests))
	}
	for i, n := range more.Requests {
		f.Requests[i] += n
	}
}

// Forecaster tells what transcriptions would take. It is safe for concurrent use.
type Forecaster struct {
	vad     *detector
	engines []Capabilities
}

// NewForecaster opens the voice activity model. Close the forecaster when no one uses it any more.
func NewForecaster(dir models.Dir, engines []Capabilities) (*Forecaster, error) {
	vad, err := newDetector(dir)
	if err != nil {
		return nil, fmt.Errorf("new forecaster: %w", err)
	}
	return &Forecaster{vad: vad, engines: engines}, nil
}

// Close frees the voice activity model.
func (f *Forecaster) Close() error { return f.vad.close() }

// Forecast hears the audio to its end, as a transcription would, and asks no engine. It holds
// no more of the recording than one island.
func (f *Forecaster) Forecast(ctx context.Context, audio Audio) (*Forecast, error) {
	out := &Forecast{Requests: make([]int, len(f.engines))}
	packers := make([]*packer, len(f.engines))
	for i, e := range f.engines {
		packers[i] = newPacker(e)
	}
	send := func(i int, c *Chunk) {
		if c != nil && !f.engines[i].Local {
			out.Requests[i]++
		}
	}
	heard := &counted{Audio: audio}
	err := f.vad.islands(ctx, heard, func(island Island) error {
		out.Sound += island.Len()
		for _, s := range island.Speech {
			out.Speech += s.Len()
		}
		island.PCM = nil
		for i, p := range packers {
			send(i, p.add(island))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("forecast: %w", err)
	}
	for i, p := range packers {
		send(i, p.flush())
	}
	out.Length = heard.n
	return out, nil
}

// counted counts the samples that pass.
type counted struct {
	Audio
	n debrief.Samples
}

func (c *counted) Read(dst []int16) (int, error) {
	n, err := c.Audio.Read(dst)
	c.n += debrief.Samples(n)
	return n, err
}
