//go:build !recorder

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"debrief"
	"debrief/capture"
	"debrief/capture/spool"
	"debrief/pipeline"
	"debrief/transcribe"

	"github.com/urfave/cli/v2"
)

// listenEvery is how often a scribe looks for the next segment: one comes every minute.
const listenEvery = time.Second

// scribeCommand is the hidden command that [scribe] runs. It prints events, one a line.
func scribeCommand() *cli.Command {
	flags := append(storeFlags(), engineFlags()...)
	return &cli.Command{
		Name:   scribeName,
		Hidden: true,
		Flags:  append(flags, spoolFlag(), promptsFlag(), &cli.StringFlag{Name: "recording", Required: true}),
		Action: func(c *cli.Context) error {
			signal.Ignore(os.Interrupt) // Ctrl-C ends the recording; its transcription goes on to the end
			ctx, cancel := context.WithCancelCause(c.Context)
			defer cancel(nil)
			go func() {
				io.Copy(io.Discard, os.Stdin)
				cancel(errors.New("the recorder is gone"))
			}()
			dir, err := spoolDir(c)
			if err != nil {
				return err
			}
			id, err := debrief.ParseRecordingID(c.String("recording"))
			if err != nil {
				return err
			}
			w, err := wire(c)
			if err != nil {
				return err
			}
			events := json.NewEncoder(c.App.Writer)
			err = w.scribe(ctx, spool.Dir(dir, id), func(e capture.Event) {
				e.Wall = time.Now()
				events.Encode(e) // nobody may be listening any more; what is heard is kept all the same
			})
			return errors.Join(err, w.close())
		},
	}
}

// scribe transcribes the recording in a spool's directory while it is made, and takes it through
// the other stages once it is stored.
func (w *wired) scribe(ctx context.Context, dir string, tell func(capture.Event)) error {
	st, err := spool.Load(dir)
	if err != nil {
		return err
	}
	heard := w.pipeline
	if st.Stored.IsZero() {
		made, err := w.hear(ctx, dir, &st.Recording, func(at debrief.Samples) {
			tell(capture.Event{Kind: kindTranscribed, At: at, Text: fmt.Sprintf("up to %s", at)})
		})
		if err == nil {
			err = stored(ctx, dir)
		}
		// A recording that is not found was not to be kept on this disk: the store has all of it.
		if err != nil && !errors.Is(err, debrief.ErrNotFound) {
			return err
		}
		if made != nil {
			stages := w.pipeline.Config
			stages.Transcriber = made
			if heard, err = pipeline.New(stages); err != nil {
				return err
			}
		}
	}
	rec, _, err := w.library.LoadRecording(ctx, st.Recording.Client, st.Recording.ID)
	if errors.Is(err, debrief.ErrNotFound) {
		return fmt.Errorf("process: nothing was recorded: %w", debrief.ErrNoAudio)
	}
	if err != nil {
		return inStore(err)
	}
	made, err := heard.Process(ctx, rec, func(debrief.Samples) {})
	if err != nil {
		return err
	}
	tell(capture.Event{Kind: "processed", At: rec.Samples, Text: plural(len(made.Transcript.Utterances), "utterance") + " transcribed"})
	return nil
}

// hear transcribes a recording that is being made, to its end.
func (w *wired) hear(ctx context.Context, dir string, rec *debrief.Recording, progress func(debrief.Samples)) (*already, error) {
	t, err := w.engine.transcriber(chunks{w.library, rec})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	a := &already{}
	a.made, err = t.Transcribe(ctx, transcribe.Request{
		Recording: rec.ID, Audio: &tail{ctx: ctx, dir: dir}, Speakers: w.engine.speakers, Progress: progress,
		Spent: func(found, now debrief.Spent) { a.found, a.now = found, now },
	})
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, err
	}
	return a, nil
}

// already is a transcriber that has heard the recording while it was made.
type already struct {
	made       *debrief.Transcript
	found, now debrief.Spent
}

// Transcribe implements [pipeline.Transcriber]: what the audio was called and what was spent can be
// written down only now that the manifest is there.
func (a *already) Transcribe(_ context.Context, rec *debrief.Recording, _ pipeline.AudioReader, _ func(debrief.Samples), spent func(found, now debrief.Spent)) (*debrief.Transcript, error) {
	spent(a.found, a.now)
	a.made.Input = rec.AudioHash()
	return a.made, nil
}

// tail reads the audio of a recording as it grows, and waits where it is not yet.
type tail struct {
	ctx  context.Context
	dir  string
	next int     // segment
	pcm  []int16 // of the one before, not yet read
}

// Read implements [transcribe.Audio]. The end comes when the recording has its own.
func (t *tail) Read(dst []int16) (int, error) {
	for len(t.pcm) == 0 {
		st, err := spool.Load(t.dir)
		if err != nil {
			return 0, err
		}
		if t.next < len(st.Recording.Segments) {
			if t.pcm, err = spool.ReadSegment(t.dir, st.Recording.Segments[t.next]); err != nil {
				return 0, err
			}
			t.next++
			break
		}
		if !st.Ended.IsZero() {
			return 0, io.EOF
		}
		if err := pause(t.ctx, listenEvery); err != nil {
			return 0, err
		}
	}
	n := copy(dst, t.pcm)
	t.pcm = t.pcm[n:]
	return n, nil
}

// stored waits until the store has the whole recording.
func stored(ctx context.Context, dir string) error {
	for {
		st, err := spool.Load(dir)
		if err != nil || !st.Stored.IsZero() {
			return err
		}
		if err := pause(ctx, listenEvery); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
