package capture

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"debrief"
	"debrief/internal/audio"
	"debrief/internal/testenv"
	"debrief/storage"
)

// libraryStore is what cmd wires, for tests.
type libraryStore struct{ *storage.Library }

func (l libraryStore) PutSegment(ctx context.Context, rec *debrief.Recording, index int, flac []byte) error {
	return l.SaveSegment(ctx, rec.Client, rec.ID, index, flac)
}

func (l libraryStore) SegmentSum(ctx context.Context, rec *debrief.Recording, index int) (string, error) {
	r, err := l.OpenSegment(ctx, rec.Client, rec.ID, index)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	_, err = io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), err
}

func (l libraryStore) PutRecording(ctx context.Context, rec *debrief.Recording) error {
	_, version, err := l.LoadRecording(ctx, rec.Client, rec.ID)
	if err != nil && !errors.Is(err, debrief.ErrNotFound) {
		return err
	}
	_, err = l.SaveRecording(ctx, rec, version)
	return err
}

// TestUploadOverABadLine puts a line that fails before a real S3 server.
func TestUploadOverABadLine(t *testing.T) {
	server := testenv.S3(t)
	bad := server.Line(t)
	bad.Before = func(n int64, w http.ResponseWriter, r *http.Request) bool {
		switch n % 4 {
		case 1: // refused
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		case 3: // cut in the middle of the body
			if r.Method == http.MethodPut {
				r.Body = io.NopCloser(io.LimitReader(r.Body, max(1, r.ContentLength/2)))
			}
		}
		return false
	}
	server.Use(t)
	lib := libraryOver(t, bad, "s3://"+server.Bucket(t))
	root, pcm := newSpool(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := newUploader(t, root, lib, time.Hour).Flush(ctx); err != nil {
		t.Fatal(err)
	}
	rec, got := fetch(t, lib)
	if !slices.Equal(got, pcm) || rec.Status != debrief.Stored {
		t.Errorf("status %s, the store holds other samples than were spooled", rec.Status)
	}
	if bad.Requests.Load() < 8 {
		t.Errorf("only %d requests went over the bad line", bad.Requests.Load())
	}
}

// libraryOver opens a store behind a bad line.
func libraryOver(t *testing.T, line *testenv.Line, where string) libraryStore {
	t.Helper()
	bucket, err := storage.Open(t.Context(), where, storage.S3Options{Endpoint: line.URL})
	for i := 0; err != nil && i < 10; i++ {
		bucket, err = storage.Open(t.Context(), where, storage.S3Options{Endpoint: line.URL})
	}
	if err != nil {
		t.Fatal(err)
	}
	return libraryStore{storage.NewLibrary(bucket)}
}

// fetch reads what a store behind a bad line holds of a recording.
func fetch(t *testing.T, lib libraryStore) (*debrief.Recording, []int16) {
	t.Helper()
	rec, _, err := lib.LoadRecording(t.Context(), someone.Client, someone.ID)
	for i := 0; err != nil && i < 10; i++ {
		rec, _, err = lib.LoadRecording(t.Context(), someone.Client, someone.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	stream, err := audio.Join(t.Context(), rec.Segments, func(ctx context.Context, index int) (io.ReadCloser, error) {
		r, err := lib.OpenSegment(ctx, rec.Client, rec.ID, index)
		for i := 0; err != nil && i < 10; i++ {
			r, err = lib.OpenSegment(ctx, rec.Client, rec.ID, index)
		}
		return r, err
	})
	if err != nil {
		t.Fatal(err)
	}
	pcm := make([]int16, rec.Samples)
	for n := 0; n < len(pcm); {
		m, err := stream.Read(pcm[n:])
		if err != nil {
			t.Fatal(err)
		}
		n += m
	}
	return rec, pcm
}
