package capture

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync/atomic"
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
	target, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int64
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is part of the signature
	}, ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }}
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch requests.Add(1) % 4 {
		case 1: // refused
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3: // cut in the middle of the body
			if r.Method == http.MethodPut {
				r.Body = io.NopCloser(io.LimitReader(r.Body, max(1, r.ContentLength/2)))
			}
			proxy.ServeHTTP(w, r)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	defer bad.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", server.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", server.SecretKey)
	bucket, err := storage.Open(t.Context(), "s3://"+server.Bucket(t), storage.S3Options{Endpoint: bad.URL})
	for i := 0; err != nil && i < 10; i++ {
		bucket, err = storage.Open(t.Context(), "s3://"+server.Bucket(t), storage.S3Options{Endpoint: bad.URL})
	}
	if err != nil {
		t.Fatal(err)
	}
	root, pcm := newSpool(t)
	lib := libraryStore{storage.NewLibrary(bucket)}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := newUploader(t, root, lib, time.Hour).Flush(ctx); err != nil {
		t.Fatal(err)
	}
	rec, got := fetch(t, lib)
	if !slices.Equal(got, pcm) || rec.Status != debrief.Stored {
		t.Errorf("status %s, the store holds other samples than were spooled", rec.Status)
	}
	if requests.Load() < 8 {
		t.Errorf("only %d requests went over the bad line", requests.Load())
	}
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
