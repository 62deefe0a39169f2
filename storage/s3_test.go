package storage_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"debrief"
	"debrief/internal/testenv"
	"debrief/storage"
)

// newTrouble opens a bucket over a line to the real server on which things happen.
func newTrouble(t *testing.T) (*testenv.Line, storage.Bucket) {
	server := testenv.S3(t)
	server.Use(t)
	line := server.Line(t)
	b, err := storage.Open(t.Context(), "s3://"+server.Bucket(t)+"/p", storage.S3Options{Endpoint: line.URL})
	if err != nil {
		t.Fatal(err)
	}
	return line, b
}

var errLost = errors.New("the answer is lost")

func TestS3LostAnswer(t *testing.T) {
	// The server has done what it was asked, the answer never comes, and the repetition meets
	// what the first try wrote. It is our own write and no conflict.
	tr, b := newTrouble(t)
	var lost atomic.Int32
	tr.After = func(r *http.Response) error {
		if r.Request.Method == http.MethodPut && r.StatusCode == 200 && lost.Add(1) == 1 {
			return errLost
		}
		return nil
	}
	for name, c := range map[string]func() storage.Condition{
		"Create": func() storage.Condition { return storage.Condition{IfNoneMatch: true} },
		"Change": func() storage.Condition {
			lost.Store(100)
			etag, err := b.Put(t.Context(), "Change", strings.NewReader("old"), 3, storage.Condition{})
			if err != nil {
				t.Fatal(err)
			}
			return storage.Condition{IfMatch: etag}
		},
		"Overwrite": func() storage.Condition { return storage.Condition{} },
	} {
		t.Run(name+"IsNoConflict", func(t *testing.T) {
			cond := c()
			lost.Store(0)
			etag, err := b.Put(t.Context(), name, strings.NewReader("new"), 3, cond)
			if err != nil {
				t.Fatalf("put: %v", err)
			}
			if lost.Load() == 0 {
				t.Fatal("no answer was lost")
			}
			info, err := b.Stat(t.Context(), name)
			if err != nil || info.ETag != etag {
				t.Errorf("ETag %q (%v), want %q", info.ETag, err, etag)
			}
			// Whoever else now writes under the same condition is refused.
			if cond != (storage.Condition{}) {
				if _, err := b.Put(t.Context(), name, strings.NewReader("two"), 3, cond); !errors.Is(err, debrief.ErrConflict) {
					t.Errorf("second writer: %v, want ErrConflict", err)
				}
			}
		})
	}
}

func TestS3BusyServer(t *testing.T) {
	// The server takes the whole body and only then says that it is busy. The repetition must
	// carry the same bytes and a checksum that fits them.
	tr, b := newTrouble(t)
	for name, size := range map[string]int{"SingleRequest": 300_000, "Parts": 40 << 20} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int32
			tr.Before = func(_ int64, w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPut || n.Add(1)%2 == 0 {
					return false
				}
				io.Copy(io.Discard, r.Body)
				w.WriteHeader(http.StatusServiceUnavailable)
				return true
			}
			data := bytes.Repeat([]byte("0123456789abcdef"), size/16)
			if _, err := b.Put(t.Context(), name, bytes.NewReader(data), int64(len(data)), storage.Condition{}); err != nil {
				t.Fatalf("put: %v", err)
			}
			tr.Before = nil
			o, err := b.Open(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			got, err := io.ReadAll(o)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("stored %d bytes (%v), want %d", len(got), err, len(data))
			}
			if n.Load() < 2 {
				t.Error("the server was never busy")
			}
		})
	}
}

func TestS3BodyBreaksOff(t *testing.T) {
	tr, b := newTrouble(t)
	data := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	if _, err := b.Put(t.Context(), "k", bytes.NewReader(data), int64(len(data)), storage.Condition{}); err != nil {
		t.Fatal(err)
	}
	read := func(breaks int32) ([]byte, error) {
		var left atomic.Int32
		left.Store(breaks)
		tr.After = func(r *http.Response) error {
			if r.Request.Method == http.MethodGet && left.Add(-1) >= 0 {
				r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, 200_000), cut{}))
			}
			return nil
		}
		o, err := b.Open(t.Context(), "k")
		if err != nil {
			return nil, err
		}
		defer o.Close()
		return io.ReadAll(o)
	}
	t.Run("GoesOnWhereItBroke", func(t *testing.T) {
		got, err := read(4)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("read %d bytes (%v), want %d", len(got), err, len(data))
		}
	})
	t.Run("GivesUpWithErrUnavailable", func(t *testing.T) {
		got, err := read(1000)
		if !errors.Is(err, debrief.ErrUnavailable) || !bytes.HasPrefix(data, got) {
			t.Errorf("read %d bytes, error %v; want a part and ErrUnavailable", len(got), err)
		}
	})
}

// cut is a connection that breaks.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, errLost }

func TestOpenErrors(t *testing.T) {
	server := testenv.S3(t)
	bucket := server.Bucket(t)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	careless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"abc"`) // success, whatever the condition
	}))
	defer careless.Close()
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	for _, test := range []struct {
		name     string
		where    string
		endpoint string
		env      map[string]string
		kind     error
		says     string // in error or hint
	}{
		{"NoBucketIsErrNotFound", "s3://no-such-bucket", server.Endpoint, nil, debrief.ErrNotFound, "bucket"},
		{"WrongSecretIsErrDenied", "s3://" + bucket, server.Endpoint, map[string]string{"AWS_SECRET_ACCESS_KEY": "wrong"}, debrief.ErrDenied, "AWS_SECRET_ACCESS_KEY"},
		{"WrongKeyIsErrDenied", "s3://" + bucket, server.Endpoint, map[string]string{"AWS_ACCESS_KEY_ID": "nobody"}, debrief.ErrDenied, "AWS_ACCESS_KEY_ID"},
		{"NoKeyIsErrDenied", "s3://" + bucket, server.Endpoint, map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, debrief.ErrDenied, "AWS_ACCESS_KEY_ID"},
		{"NobodyListensIsErrUnavailable", "s3://" + bucket, closed.URL, nil, debrief.ErrUnavailable, "--s3-endpoint"},
		{"CarelessServerIsErrRefused", "s3://" + bucket, careless.URL, nil, debrief.ErrRefused, "conditional"},
		{"WebServerIsErrNotFound", "s3://" + bucket, web.URL, nil, debrief.ErrNotFound, "--s3-endpoint"},
		{"EndpointWithPathIsErrInvalid", "s3://" + bucket, server.Endpoint + "/path", nil, debrief.ErrInvalid, "https://HOST:PORT"},
		{"EndpointOfOtherKindIsErrInvalid", "s3://" + bucket, "ftp://localhost", nil, debrief.ErrInvalid, "https://HOST:PORT"},
		{"NoBucketNameIsErrInvalid", "s3://", server.Endpoint, nil, debrief.ErrInvalid, "s3://BUCKET/PREFIX"},
		{"PrefixWithDotsIsErrInvalid", "s3://" + bucket + "/a/../b", server.Endpoint, nil, debrief.ErrInvalid, "s3://BUCKET/PREFIX"},
		{"OtherStoreIsErrInvalid", "gs://" + bucket, server.Endpoint, nil, debrief.ErrInvalid, "s3://BUCKET/PREFIX"},
		{"NoStoreIsErrInvalid", "", "", nil, debrief.ErrInvalid, "s3://BUCKET/PREFIX"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server.Use(t)
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
			t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
			for k, v := range test.env {
				t.Setenv(k, v)
			}
			_, err := storage.Open(t.Context(), test.where, storage.S3Options{Endpoint: test.endpoint})
			if !errors.Is(err, test.kind) {
				t.Fatalf("error %v, want %v", err, test.kind)
			}
			if said := err.Error() + " | " + debrief.Hint(err); !strings.Contains(said, test.says) || strings.Contains(said, server.SecretKey) {
				t.Errorf("said %q, want %q in it and no secret", said, test.says)
			}
		})
	}
}

func TestOpenTakesKeysFromAProfile(t *testing.T) {
	server := testenv.S3(t)
	bucket := server.Bucket(t)
	file := filepath.Join(t.TempDir(), "credentials")
	lines := fmt.Sprintf("[default]\naws_access_key_id = nobody\naws_secret_access_key = wrong\n\n[practice]\naws_access_key_id = %s\naws_secret_access_key = %s\n",
		server.AccessKey, server.SecretKey)
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN"} {
		t.Setenv(k, "")
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_ENDPOINT_URL_S3", server.Endpoint)
	t.Setenv("AWS_PROFILE", "practice")
	if _, err := storage.Open(t.Context(), "s3://"+bucket, storage.S3Options{}); err != nil {
		t.Errorf("open with the right profile: %v", err)
	}
	t.Setenv("AWS_PROFILE", "default")
	if _, err := storage.Open(t.Context(), "s3://"+bucket, storage.S3Options{}); !errors.Is(err, debrief.ErrDenied) {
		t.Errorf("open with the wrong profile: %v, want ErrDenied", err)
	}
}

func TestS3PrefixesAreApart(t *testing.T) {
	server := testenv.S3(t)
	server.Use(t)
	bucket := server.Bucket(t)
	var stores []storage.Bucket
	for _, prefix := range []string{"/one", "/one/more/", "/two"} {
		b, err := storage.Open(t.Context(), "s3://"+bucket+prefix, storage.S3Options{Endpoint: server.Endpoint})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Put(t.Context(), "doc", strings.NewReader(prefix), int64(len(prefix)), storage.Condition{IfNoneMatch: true}); err != nil {
			t.Errorf("%s: %v", prefix, err)
		}
		stores = append(stores, b)
	}
	for i, b := range stores[1:] {
		for info, err := range b.List(t.Context(), "", storage.Deep) {
			if err != nil || info.Key != "doc" {
				t.Errorf("store %d lists %q, %v", i+1, info.Key, err)
			}
		}
	}
	again, err := storage.Open(t.Context(), "s3://"+bucket+"/two", storage.S3Options{Endpoint: server.Endpoint})
	if err != nil {
		t.Fatalf("open again: %v", err)
	}
	if _, err := again.Stat(t.Context(), "doc"); err != nil {
		t.Error(err)
	}
}
