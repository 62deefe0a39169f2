//go:build !recorder

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"debrief"
	"debrief/pipeline"
	"debrief/pipeline/intake"
	"debrief/storage"
	"debrief/transcribe"

	"github.com/urfave/cli/v2"
)

func uploadsFlag() cli.Flag {
	return &cli.StringFlag{Name: "uploads", Usage: "`DIRECTORY` on a local disk for uploads until they are in the store; unfinished ones are removed after 8 days", EnvVars: []string{"DEBRIEF_UPLOADS"}, DefaultText: "debrief/uploads in the user's data directory"}
}

// openIntake makes the queue of the coach's page. Its folder is for this store alone: an upload
// must not end in the store another server was started with.
func openIntake(c *cli.Context, b *bench) (*intake.Intake, error) {
	where, err := storeAddress(c)
	if err != nil {
		return nil, err
	}
	dir := c.String("uploads")
	if dir == "" {
		if dir, err = dataDir(); err != nil {
			return nil, debrief.WithHint(err, "say where with --uploads DIRECTORY")
		}
		dir = filepath.Join(dir, "uploads")
	}
	store := sha256.Sum256([]byte(where + "\n" + c.String("s3-endpoint")))
	in, err := intake.New(intake.Config{
		Dir: filepath.Join(dir, hex.EncodeToString(store[:8])), Open: b.open,
		Confirm: func(ctx context.Context, rec *debrief.Recording) error { return confirm(ctx, b.library, rec) },
		Discard: library{b.library}.Discard,
		Log:     slog.Default(),
	})
	if errors.Is(err, debrief.ErrConflict) {
		err = debrief.WithHint(err, "another debrief serve shows this store; use its page, or end it")
	} else if err != nil {
		err = debrief.WithHint(err, "say where with --uploads DIRECTORY")
	}
	return in, err
}

// How long a coach must have left a recording alone before it is tagged again: this machine does it in a breath, an API takes
// money for the whole of what was said.
const (
	renewQuiet    = 2 * time.Second
	renewQuietAPI = time.Minute
)

// openRenewer makes what tags and summarises again what coaches correct on the page.
func openRenewer(c *cli.Context, b *bench) (*pipeline.Renewer, error) {
	quiet := renewQuiet
	if c.String("chat-model") != "" {
		quiet = renewQuietAPI
	}
	return pipeline.NewRenewer(pipeline.RenewerConfig{Open: b.meaning, Quiet: quiet, Log: slog.Default()})
}

// bench opens what recordings are worked on with, when the first one needs it: the models stay for the next. After an error
// the next one tries again: what is missing may have been installed.
type bench struct {
	c       *cli.Context
	library *storage.Library
	mu      sync.Mutex
	m       *pipeline.Meaning
	w       *wired
}

func (b *bench) meaning() (pipeline.Meaning, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lockedMeaning()
}

func (b *bench) lockedMeaning() (pipeline.Meaning, error) {
	if b.m == nil {
		m, _, err := openMeaning(b.c, b.library)
		if err != nil {
			return m, err
		}
		b.m = &m
	}
	return *b.m, nil
}

func (b *bench) open(speakers string, salvage bool) (intake.Worker, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.w == nil {
		e, err := openEngine(b.c)
		if err != nil {
			return nil, err
		}
		m, err := b.lockedMeaning()
		if err != nil {
			return nil, errors.Join(err, e.close())
		}
		if b.w, err = assemble(b.c, b.library, e, m, e.close); err != nil {
			return nil, err
		}
	}
	return b.w.with(speakers, salvage)
}

// with is the pipeline for one recording: who speaks in it, and whether a truncated file is taken.
func (w *wired) with(speakers string, salvage bool) (intake.Worker, error) {
	e := *w.engine
	if speakers != "" {
		var err error
		if e.speakers, err = transcribe.ParseSpeakers(speakers); err != nil {
			return nil, err
		}
	}
	return newPipeline(w.library, &e, w.meaning, salvage)
}

// confirm reads an original back from the store: only then is the uploaded file deleted.
func confirm(ctx context.Context, lib *storage.Library, rec *debrief.Recording) error {
	if rec.Original == nil {
		return fmt.Errorf("recording %s has no original: %w", rec.ID, debrief.ErrNotFound)
	}
	f, err := lib.OpenOriginal(ctx, rec.Client, rec.ID, rec.Original.Ext)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("read the original back: %w", err)
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != rec.Original.SHA256 {
		return fmt.Errorf("the store holds other bytes than were uploaded: %w", debrief.ErrConflict)
	}
	return nil
}
