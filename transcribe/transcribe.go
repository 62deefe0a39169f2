// Package transcribe turns a recording into a transcript: who said what, when.
//
// Make an [Engine] - [NewMoonshine] on this machine, [NewOpenAI] through an API - and a
// [Transcriber] around it with [New]; then call [Transcriber.Transcribe] for each recording.
//
// The way of the sound: Silero's voice activity model cuts it into speech islands with exact
// positions; whole islands are packed into chunks the engine can take; engines hear the chunks
// side by side; words become utterances, timed on the recording's own clock, flagged where
// they are not to be trusted, and given to a speaker by voice.
//
// The package never sends silence to an engine, never changes or drops what an engine said,
// and never holds more of a recording than the chunks under way.
package transcribe

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"debrief"
	"debrief/internal/models"
)

// Audio is a recording read from front to back: 16 kHz, mono.
type Audio interface {
	// Read fills dst with up to len(dst) samples; io.EOF comes alone, with 0.
	Read(dst []int16) (n int, err error)
}

// Config configures a [Transcriber].
type Config struct {
	Models   models.Dir // the voice activity model is there
	Engine   Engine     // required
	Chunks   Chunks     // keeps results of chunks; nil keeps none
	Language string     // ISO 639-1 of what is spoken; other languages are flagged. "" accepts any.
	Now      func() time.Time
	Log      *slog.Logger
}

// Transcriber transcribes recordings with one engine. It is safe for concurrent use.
type Transcriber struct {
	engine   Engine
	vad      *detector
	chunks   Chunks
	language string
	now      func() time.Time
	log      *slog.Logger
}

// New opens the voice activity model. Close the transcriber when no one uses it any more; the
// engine is its maker's to close. The error wraps [debrief.ErrModel] or [debrief.ErrInvalid].
func New(c Config) (*Transcriber, error) {
	if c.Engine == nil {
		return nil, fmt.Errorf("new transcriber: no engine: %w", debrief.ErrInvalid)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	vad, err := newDetector(c.Models)
	if err != nil {
		return nil, fmt.Errorf("new transcriber: %w", err)
	}
	return &Transcriber{engine: c.Engine, vad: vad, chunks: c.Chunks, language: c.Language, now: c.Now, log: c.Log}, nil
}

// Close frees the voice activity model.
func (t *Transcriber) Close() error { return t.vad.close() }

// Request is one recording to transcribe.
type Request struct {
	Recording debrief.RecordingID // copied into the transcript
	Input     string              // hash of the audio: [debrief.Recording.AudioHash]; names the transcript's origin
	Audio     Audio
	Speakers  Speakers
	// Progress, if not nil, is told up to where the recording is done. Positions only grow and calls never overlap.
	Progress func(done debrief.Samples)
	// Spent, if not nil, is told once, at the end and also when the run fails: what the results
	// cost that were found kept, and what was spent now.
	Spent func(found, now debrief.Spent)
}

// Transcribe hears a recording to its end. Audio without speech gives a transcript without
// utterances. A chunk that could not be recognised after all tries is listed in Partial, and
// the rest is there.
//
// Errors of Audio are passed on. [debrief.ErrQuota], [debrief.ErrDenied] and
// [debrief.ErrRefused] stop the run, and so does an engine that has become unreachable
// ([debrief.ErrUnavailable]); results so far are in [Config.Chunks], and running again goes on.
func (t *Transcriber) Transcribe(ctx context.Context, r Request) (*debrief.Transcript, error) {
	if r.Audio == nil {
		return nil, fmt.Errorf("transcribe: no audio: %w", debrief.ErrInvalid)
	}
	run := &run{Transcriber: t, request: r, caps: t.engine.Capabilities()}
	err := run.hearAll(ctx, func(ctx context.Context, each func(Island) error) error {
		return t.vad.islands(ctx, r.Audio, each)
	})
	if r.Spent != nil {
		r.Spent(run.found, run.spent)
	}
	if err != nil {
		return nil, fmt.Errorf("transcribe: %w", err)
	}
	tr := &debrief.Transcript{
		Recording: r.Recording,
		Engine:    t.engine.Name(),
		Input:     r.Input,
		Made:      t.now().UTC(),
		Speech:    run.speech,
	}
	run.fill(tr)
	return tr, nil
}
