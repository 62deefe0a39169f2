// Package pipeline is the way of a recording through the stages: import, transcript, tags,
// summary. What is left to do follows from what is in the store, so running again is resuming,
// and a step that ran twice leaves what it would have left once.
//
// Call [New] first, then [Pipeline.Batch] for files, [Pipeline.Take] for one of them, or
// [Pipeline.Process] for a recording that is already stored. The package never talks to a vendor and never overwrites what a
// person wrote; it declares what it needs of the stages and cmd wires them.
package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"debrief"
)

// Documents keeps the manifest of each recording and what was made from it.
// The type of doc (*debrief.Transcript, *debrief.Tags, *debrief.Summary) says which document.
type Documents interface {
	// Recording returns the manifest; debrief.ErrNotFound when there is none.
	Recording(ctx context.Context, client debrief.ClientID, id debrief.RecordingID) (*debrief.Recording, string, error)
	// PutRecording writes the manifest; debrief.ErrConflict when version is not the current one.
	PutRecording(ctx context.Context, rec *debrief.Recording, version string) (string, error)
	// Load fills doc; debrief.ErrNotFound when there is none.
	Load(ctx context.Context, rec *debrief.Recording, doc any) (string, error)
	// Save writes doc; debrief.ErrConflict when version is not the current one.
	Save(ctx context.Context, rec *debrief.Recording, doc any, version string) (string, error)
}

// Objects keeps the audio of each recording. Writing the same object again is harmless.
type Objects interface {
	PutOriginal(ctx context.Context, rec *debrief.Recording, f *os.File) error
	PutSegment(ctx context.Context, rec *debrief.Recording, index int, flac []byte) error
	// OpenAudio reads all segments as one stream of samples at debrief.SampleRate.
	OpenAudio(ctx context.Context, rec *debrief.Recording) (AudioReader, error)
	// Discard removes everything of a recording that has no manifest.
	Discard(ctx context.Context, client debrief.ClientID, id debrief.RecordingID) error
	// Tidy removes what only a transcription under way needs.
	Tidy(ctx context.Context, rec *debrief.Recording) error
}

// AudioReader reads samples at debrief.SampleRate; io.EOF comes at the end.
type AudioReader interface {
	Read(dst []int16) (n int, err error)
}

// Transcriber hears what was said. progress is told the position reached; spent, once and also
// when it fails, what kept results had cost that were found, and what was spent now.
type Transcriber interface {
	Transcribe(ctx context.Context, rec *debrief.Recording, audio AudioReader, progress func(debrief.Samples), spent func(found, now debrief.Spent)) (*debrief.Transcript, error)
}

// Tagger finds which prompt each utterance answers.
type Tagger interface {
	// Version names the scheme (name@version) and the model that Tag uses.
	Version() (scheme, model string)
	Tag(ctx context.Context, rec *debrief.Recording, t *debrief.Transcript) (*debrief.Tags, error)
}

// Summarizer states what the client said to each prompt, in quotes.
type Summarizer interface {
	// Engine names the way Summarize goes.
	Engine() string
	Summarize(ctx context.Context, rec *debrief.Recording, t *debrief.Transcript, tags *debrief.Tags) (*debrief.Summary, error)
}

// Config is what a pipeline works with; all but Log and Files is required.
type Config struct {
	Documents   Documents
	Objects     Objects
	Decode      func(ctx context.Context, path string) (Decoder, error) // opens any audio file
	EncodeFLAC  func(pcm []int16) ([]byte, error)
	Transcriber Transcriber
	Tagger      Tagger
	Summarizer  Summarizer
	Files       int // files worked on at once, default [defaultFiles]
	Log         *slog.Logger
}

// defaultFiles is two: while one file waits for the disk or its last chunk, the other keeps the cores busy.
const defaultFiles = 2

// Decoder is an audio file being read as canonical samples.
type Decoder interface {
	AudioReader
	Close() error
	// Total is the length the file claims; 0 when it does not tell.
	Total() debrief.Samples
}

// Pipeline runs the steps. It is safe for concurrent use.
type Pipeline struct{ Config }

// New checks the configuration.
func New(c Config) (*Pipeline, error) {
	if c.Documents == nil || c.Objects == nil || c.Transcriber == nil || c.Tagger == nil || c.Summarizer == nil {
		return nil, fmt.Errorf("make a pipeline: a stage is missing: %w", debrief.ErrInvalid)
	}
	if c.Files < 0 {
		return nil, fmt.Errorf("make a pipeline: %d files at once: %w", c.Files, debrief.ErrInvalid)
	}
	if c.Files == 0 {
		c.Files = defaultFiles
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Pipeline{c}, nil
}

// Products are the documents of one recording. A recording in which nothing usable was said
// has a transcript only.
type Products struct {
	Transcript *debrief.Transcript
	Tags       *debrief.Tags
	Summary    *debrief.Summary
	Changed    bool // at least one of them was made now
}

// Process makes what is missing or stale of a stored recording.
func (p *Pipeline) Process(ctx context.Context, rec *debrief.Recording, progress func(debrief.Samples)) (*Products, error) {
	return p.process(ctx, rec, func(debrief.Step) {}, progress)
}

// process does the same and tells which step it is in.
func (p *Pipeline) process(ctx context.Context, rec *debrief.Recording, step func(debrief.Step), progress func(debrief.Samples)) (*Products, error) {
	var out Products
	var err error
	step(debrief.StepTranscribing)
	if out.Transcript, err = p.transcript(ctx, rec, progress, &out.Changed); err != nil {
		return nil, fmt.Errorf("transcribe: %w", err)
	}
	if len(out.Transcript.Partial) == 0 {
		// In every run, not only when the transcript was made: the run that made it may have been killed right after.
		if err := p.Objects.Tidy(ctx, rec); err != nil {
			return nil, fmt.Errorf("tidy up: %w", err)
		}
	}
	m := Meaning{p.Documents, p.Tagger, p.Summarizer}
	if out.Tags, out.Summary, err = m.make(ctx, rec, out.Transcript, step, &out.Changed); err != nil {
		return nil, err
	}
	return &out, nil
}

func (p *Pipeline) transcript(ctx context.Context, rec *debrief.Recording, progress func(debrief.Samples), changed *bool) (*debrief.Transcript, error) {
	return stored(ctx, p.Documents, rec, changed,
		func(old *debrief.Transcript) bool { return heard(old, rec) },
		func() (*debrief.Transcript, error) {
			audio, err := p.Objects.OpenAudio(ctx, rec)
			if err != nil {
				return nil, err
			}
			var booked error
			t, err := p.Transcriber.Transcribe(ctx, rec, audio, progress, func(found, now debrief.Spent) {
				booked = p.book(ctx, rec, found, now)
			})
			return t, cmp.Or(err, booked)
		})
}

// heard reports whether a transcript is that of the recording's audio, and whole.
func heard(t *debrief.Transcript, rec *debrief.Recording) bool {
	return t.Input == rec.AudioHash() && len(t.Partial) == 0
}

// bookWithin bounds how long a run that was stopped may still take to write down what it spent.
const bookWithin = 10 * time.Second

// book adds what a transcription spent to the manifest, before the transcript is there: when
// this run is killed in between, the next one finds the same results kept and adds nothing.
func (p *Pipeline) book(ctx context.Context, rec *debrief.Recording, found, now debrief.Spent) error {
	if found == (debrief.Spent{}) && now == found {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookWithin)
	defer cancel()
	for {
		current, version, err := p.Documents.Recording(ctx, rec.Client, rec.ID)
		if err != nil {
			return fmt.Errorf("book what was spent: %w", err)
		}
		updated := *current
		updated.Spent.Book(found, now)
		if updated.Spent != current.Spent {
			_, err = p.Documents.PutRecording(ctx, &updated, version)
		}
		if err == nil {
			rec.Spent = updated.Spent
		}
		if !errors.Is(err, debrief.ErrConflict) {
			return err
		}
	}
}

// stored returns the stored document if it is current, and otherwise makes and stores it.
// When another worker stored one in the meantime, that one counts: both were made from the same input.
func stored[T any](ctx context.Context, docs Documents, rec *debrief.Recording, changed *bool, current func(*T) bool, work func() (*T, error)) (*T, error) {
	old := new(T)
	version, err := docs.Load(ctx, rec, old)
	switch {
	case errors.Is(err, debrief.ErrNotFound):
	case err != nil:
		return nil, err
	case current(old):
		return old, nil
	}
	made, err := work()
	if err != nil {
		return nil, err
	}
	if _, err := docs.Save(ctx, rec, made, version); err != nil {
		if !errors.Is(err, debrief.ErrConflict) {
			return nil, err
		}
		if _, lerr := docs.Load(ctx, rec, old); lerr != nil || !current(old) {
			return nil, err
		}
		return old, nil
	}
	*changed = true
	return made, nil
}
