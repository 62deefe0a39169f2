//go:build !recorder

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"debrief"
	"debrief/internal/audio"
	"debrief/pipeline"
	"debrief/storage"
)

// library fits the store to what the pipeline needs of it.
type library struct{ *storage.Library }

var (
	_ pipeline.Documents = library{}
	_ pipeline.Objects   = library{}
)

func (l library) Recording(ctx context.Context, client debrief.ClientID, id debrief.RecordingID) (*debrief.Recording, string, error) {
	return l.LoadRecording(ctx, client, id)
}

func (l library) PutRecording(ctx context.Context, rec *debrief.Recording, version string) (string, error) {
	return l.SaveRecording(ctx, rec, version)
}

func (l library) Load(ctx context.Context, rec *debrief.Recording, doc any) (string, error) {
	switch doc := doc.(type) {
	case *debrief.Transcript:
		return fill(doc)(l.LoadTranscript(ctx, rec.Client, rec.ID))
	case *debrief.Tags:
		return fill(doc)(l.LoadTags(ctx, rec.Client, rec.ID))
	case *debrief.Summary:
		return fill(doc)(l.LoadSummary(ctx, rec.Client, rec.ID))
	case *debrief.Review:
		return l.review(ctx, rec, doc)
	}
	return "", fmt.Errorf("load %T: %w", doc, debrief.ErrInvalid)
}

func (l library) review(ctx context.Context, rec *debrief.Recording, doc *debrief.Review) (string, error) {
	data, version, err := l.LoadReview(ctx, rec.Client, rec.ID)
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(data, doc); err != nil {
		return "", fmt.Errorf("read the review of %s: %w: %w", rec.ID, debrief.ErrInvalid, err)
	}
	return version, nil
}

// fill copies a loaded document to where the caller wants it.
func fill[T any](dst *T) func(*T, string, error) (string, error) {
	return func(src *T, version string, err error) (string, error) {
		if err == nil {
			*dst = *src
		}
		return version, err
	}
}

func (l library) Save(ctx context.Context, rec *debrief.Recording, doc any, version string) (string, error) {
	switch doc := doc.(type) {
	case *debrief.Transcript:
		return l.SaveTranscript(ctx, rec.Client, doc, version)
	case *debrief.Tags:
		return l.SaveTags(ctx, rec.Client, doc, version)
	case *debrief.Summary:
		return l.SaveSummary(ctx, rec.Client, doc, version)
	}
	return "", fmt.Errorf("save %T: %w", doc, debrief.ErrInvalid)
}

func (l library) PutOriginal(ctx context.Context, rec *debrief.Recording, f *os.File) error {
	return l.SaveOriginal(ctx, rec.Client, rec.ID, rec.Original.Ext, f, rec.Original.Bytes)
}

func (l library) PutSegment(ctx context.Context, rec *debrief.Recording, index int, flac []byte) error {
	return l.SaveSegment(ctx, rec.Client, rec.ID, index, flac)
}

func (l library) OpenAudio(ctx context.Context, rec *debrief.Recording) (pipeline.AudioReader, error) {
	return audio.Join(ctx, rec.Segments, func(ctx context.Context, index int) (io.ReadCloser, error) {
		return l.OpenSegment(ctx, rec.Client, rec.ID, index)
	})
}

func (l library) Discard(ctx context.Context, client debrief.ClientID, id debrief.RecordingID) error {
	if _, _, err := l.LoadRecording(ctx, client, id); !errors.Is(err, debrief.ErrNotFound) {
		return err // a recording that has a manifest is never thrown away
	}
	return l.DeleteSegments(ctx, client, id)
}

func (l library) Tidy(ctx context.Context, rec *debrief.Recording) error {
	return l.DeleteChunks(ctx, rec.Client, rec.ID)
}

// chunks keeps the results of one recording's transcription under way.
type chunks struct {
	library *storage.Library
	rec     *debrief.Recording
}

func (c chunks) Load(ctx context.Context, key string) ([]byte, error) {
	return c.library.LoadChunk(ctx, c.rec.Client, c.rec.ID, key)
}

func (c chunks) Save(ctx context.Context, key string, result []byte) error {
	return c.library.SaveChunk(ctx, c.rec.Client, c.rec.ID, key, result)
}
