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

	"debrief"
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
func openIntake(c *cli.Context) (*intake.Intake, error) {
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
	lib, err := openLibrary(c)
	if err != nil {
		return nil, err
	}
	store := sha256.Sum256([]byte(where + "\n" + c.String("s3-endpoint")))
	in, err := intake.New(intake.Config{
		Dir: filepath.Join(dir, hex.EncodeToString(store[:8])), Open: (&bench{c: c}).open,
		Confirm: func(ctx context.Context, rec *debrief.Recording) error { return confirm(ctx, lib, rec) },
		Discard: library{lib}.Discard,
		Log:     slog.Default(),
	})
	if errors.Is(err, debrief.ErrConflict) {
		err = debrief.WithHint(err, "another debrief serve shows this store; use its page, or end it")
	} else if err != nil {
		err = debrief.WithHint(err, "say where with --uploads DIRECTORY")
	}
	return in, err
}

// bench opens what recordings are worked on with, at the first one: the models stay for the next.
type bench struct {
	c  *cli.Context
	mu sync.Mutex
	w  *wired
}

func (b *bench) open(speakers string, salvage bool) (intake.Worker, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.w == nil {
		w, err := wire(b.c)
		if err != nil {
			return nil, err // the next job tries again: what is missing may have been installed
		}
		b.w = w
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
	return newPipeline(w.library, &e, w.stages, salvage)
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
