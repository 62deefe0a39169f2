package capture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"debrief"
	"debrief/capture/spool"
	"debrief/internal/audio"
)

// faultStore is a store in memory that fails on request.
type faultStore struct {
	segments  map[int][]byte
	puts      []int
	manifests []*debrief.Recording
	fail      func(op string) error // nil for never
	corrupt   bool
}

func (s *faultStore) op(name string) error {
	if s.fail == nil {
		return nil
	}
	return s.fail(name)
}

func (s *faultStore) PutSegment(_ context.Context, _ *debrief.Recording, index int, flac []byte) error {
	s.puts = append(s.puts, index)
	if err := s.op("put"); err != nil {
		return err
	}
	if s.segments == nil {
		s.segments = map[int][]byte{}
	}
	s.segments[index] = bytes.Clone(flac)
	if s.corrupt {
		s.segments[index][len(flac)/2] ^= 1
	}
	return nil
}

func (s *faultStore) SegmentSum(_ context.Context, _ *debrief.Recording, index int) (string, error) {
	if err := s.op("sum"); err != nil {
		return "", err
	}
	data, ok := s.segments[index]
	if !ok {
		return "", debrief.ErrNotFound
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

func (s *faultStore) PutRecording(_ context.Context, rec *debrief.Recording) error {
	if err := s.op("manifest"); err != nil {
		return err
	}
	s.manifests = append(s.manifests, rec)
	return nil
}

// slowStore takes its time for each request, unless it is called off.
type slowStore struct {
	*faultStore
	takes time.Duration
}

func (s slowStore) wait(ctx context.Context) error {
	select {
	case <-time.After(s.takes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s slowStore) PutSegment(ctx context.Context, rec *debrief.Recording, index int, flac []byte) error {
	if err := s.wait(ctx); err != nil {
		s.puts = append(s.puts, index)
		return err
	}
	return s.faultStore.PutSegment(ctx, rec, index, flac)
}

func (s slowStore) SegmentSum(ctx context.Context, rec *debrief.Recording, index int) (string, error) {
	if err := s.wait(ctx); err != nil {
		return "", err
	}
	return s.faultStore.SegmentSum(ctx, rec, index)
}

const layout = 4000

// tone is what the spool of these tests holds; it does not compress to nothing.
func tone(n int) []int16 {
	rnd := rand.New(rand.NewPCG(8, 8))
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(rnd.IntN(2000) - 1000)
	}
	return out
}

// newSpool holds an ended recording of 2.5 segments.
func newSpool(t *testing.T) (root string, pcm []int16) {
	t.Helper()
	root, pcm = t.TempDir(), tone(layout*5/2)
	w, err := spool.Create(spool.Config{Root: root, Who: someone, Layout: layout})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(pcm); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return root, pcm
}

func newUploader(t *testing.T, root string, s Store, keep time.Duration) *Uploader {
	t.Helper()
	u, err := NewUploader(UploadConfig{Spool: root, Store: s, Keep: keep})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// checkStored compares the store's audio with what was spooled.
func checkStored(t *testing.T, s *faultStore, pcm []int16) {
	t.Helper()
	rec := s.manifests[len(s.manifests)-1]
	if rec.Status != debrief.Stored || rec.Origin != debrief.Captured || rec.Samples != debrief.Samples(len(pcm)) {
		t.Errorf("manifest %+v", rec)
	}
	var got []int16
	for _, seg := range rec.Segments {
		part, err := audio.DecodeFLAC(bytes.NewReader(s.segments[seg.Index]))
		if err != nil {
			t.Fatal(err)
		}
		if audio.PCMHash(part) != seg.PCM {
			t.Errorf("segment %d: manifest names other samples", seg.Index)
		}
		got = append(got, part...)
	}
	if !slices.Equal(got, pcm) {
		t.Error("the store holds other samples than were spooled")
	}
}

var errDown = fmt.Errorf("connection refused: %w", debrief.ErrUnavailable)

func TestUpload(t *testing.T) {
	t.Run("stores what was spooled, each segment once", func(t *testing.T) {
		root, pcm := newSpool(t)
		s := &faultStore{}
		u := newUploader(t, root, s, time.Hour)
		if err := u.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkStored(t, s, pcm)
		if err := u.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.puts, []int{0, 1, 2}) || len(s.manifests) != 1 {
			t.Errorf("puts %v, %d manifests", s.puts, len(s.manifests))
		}
	})
	t.Run("a store that is down for an hour, then fails every second request", func(t *testing.T) {
		root, pcm := newSpool(t)
		synctest.Test(t, func(t *testing.T) {
			begun, n := time.Now(), 0
			s := &faultStore{fail: func(string) error {
				if n++; time.Since(begun) < time.Hour || n%2 == 0 {
					return errDown
				}
				return nil
			}}
			var told []Event
			u, err := NewUploader(UploadConfig{Spool: root, Store: s, Keep: time.Hour, Notify: func(e Event) { told = append(told, e) }})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
			defer cancel()
			if err := u.Flush(ctx); err != nil {
				t.Fatal(err)
			}
			checkStored(t, s, pcm)
			// Once a minute at most when it is down, and not only once an hour either.
			if n < 60 || n > 200 {
				t.Errorf("%d requests", n)
			}
			if len(told) < 2 || !told[0].Bad {
				t.Errorf("told %+v", told)
			}
		})
	})
	t.Run("a store slower than the recording, for all of it and across a restart", func(t *testing.T) {
		root := t.TempDir()
		const segments, every = 60, 2 * time.Second
		pcm := tone(segments*layout + layout/2)
		s := &faultStore{}
		slow := slowStore{s, 3 * every}
		synctest.Test(t, func(t *testing.T) {
			w, err := spool.Create(spool.Config{Root: root, Who: someone, Layout: layout})
			if err != nil {
				t.Fatal(err)
			}
			live := &Recorder{w: w, status: Status{Recording: someone.ID}}
			upload := func() (stop func()) {
				ctx, cancel := context.WithCancel(t.Context())
				u := newUploader(t, root, slow, time.Hour)
				u.Follow(live)
				done := make(chan struct{})
				go func() { u.Run(ctx); close(done) }()
				return func() { cancel(); <-done }
			}
			stop := upload()
			for i := range segments {
				if i == segments/2 { // in the middle of a request
					time.Sleep(slow.takes / 2)
					stop()
					stop = upload()
				}
				if err := w.Append(pcm[i*layout : (i+1)*layout]); err != nil {
					t.Fatal(err)
				}
				time.Sleep(every)
			}
			if err := w.Append(pcm[segments*layout:]); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			stop()
			if len(s.segments) == 0 || len(s.segments) >= segments/2 {
				t.Errorf("%d segments stored while it was recorded: the store is not slow", len(s.segments))
			}
			if err := newUploader(t, root, slow, time.Hour).Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		checkStored(t, s, pcm)
		if len(s.puts) > segments+1+2 { // each of the two stops may have hit a request
			t.Errorf("%d puts of %d segments", len(s.puts), segments+1)
		}
	})
	t.Run("another process goes on where one was killed", func(t *testing.T) {
		root, pcm := newSpool(t)
		s := &faultStore{}
		for at := 1; ; at++ { // dies at its first, second, ... request
			n, dead := 0, false
			s.fail = func(string) error {
				if n++; n == at {
					dead = true
				}
				if dead {
					return errDown
				}
				return nil
			}
			u := newUploader(t, root, s, time.Hour)
			if left, err := u.pass(t.Context()); err == nil && left == 0 {
				break
			}
		}
		checkStored(t, s, pcm)
	})
	t.Run("is not believed when the store holds something else", func(t *testing.T) {
		root, _ := newSpool(t)
		s := &faultStore{corrupt: true}
		u := newUploader(t, root, s, 0)
		for range 3 {
			if left, err := u.pass(t.Context()); left != 1 || !errors.Is(err, debrief.ErrConflict) {
				t.Errorf("%d left, %v", left, err)
			}
		}
		if len(s.manifests) != 0 {
			t.Error("a manifest for audio that is not there")
		}
	})
	t.Run("audio is deleted after its keep time, and only when the store still has it", func(t *testing.T) {
		root, _ := newSpool(t)
		dir := spool.Dir(root, someone.ID)
		synctest.Test(t, func(t *testing.T) {
			s := &faultStore{}
			u := newUploader(t, root, s, time.Hour)
			if err := u.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(59 * time.Minute)
			if _, err := u.pass(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(dir); err != nil {
				t.Fatal("deleted too early")
			}
			time.Sleep(2 * time.Minute)
			lost := s.segments[1]
			delete(s.segments, 1)
			if _, err := u.pass(t.Context()); !errors.Is(err, debrief.ErrNotFound) {
				t.Errorf("the store lost a segment: %v", err)
			}
			if _, err := os.Stat(dir); err != nil {
				t.Fatal("the only copy was deleted")
			}
			s.segments[1] = lost
			if _, err := u.pass(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Error("kept after its time")
			}
		})
	})
	t.Run("the store learns of a recording as soon as something of it is safe", func(t *testing.T) {
		root := t.TempDir()
		w, err := spool.Create(spool.Config{Root: root, Who: someone, Layout: layout})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		s := &faultStore{}
		u := newUploader(t, root, s, time.Hour)
		u.Follow(&Recorder{w: w, status: Status{Recording: someone.ID}})
		pass := func(manifests int) {
			t.Helper()
			if _, err := u.pass(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(s.manifests) != manifests {
				t.Fatalf("%d manifests, want %d", len(s.manifests), manifests)
			}
		}
		pass(0)
		if err := w.Note(spool.Entry{Kind: spool.KindDevice, Wall: time.Now(), Device: "lapel"}); err != nil {
			t.Fatal(err)
		}
		if err := w.Append(tone(layout / 4)); err != nil {
			t.Fatal(err)
		}
		if err := w.Sync(); err != nil {
			t.Fatal(err)
		}
		s.fail = func(string) error { return errDown }
		if _, err := u.pass(t.Context()); !errors.Is(err, debrief.ErrUnavailable) {
			t.Fatalf("a store that is down: %v", err)
		}
		s.fail = nil
		pass(1)
		pass(1)
		if rec := s.manifests[0]; rec.Status != debrief.Capturing || rec.Samples != 0 || len(s.puts) != 0 {
			t.Errorf("manifest %+v, puts %v", rec, s.puts)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := u.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkStored(t, s, tone(layout/4))
	})
	t.Run("goes on while recording, and leaves recordings of other processes alone", func(t *testing.T) {
		root := t.TempDir()
		w, err := spool.Create(spool.Config{Root: root, Who: someone, Layout: layout})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if err := w.Append(tone(layout * 3 / 2)); err != nil {
			t.Fatal(err)
		}
		if err := w.Sync(); err != nil {
			t.Fatal(err)
		}
		s := &faultStore{}
		u := newUploader(t, root, s, time.Hour)
		if left, err := u.pass(t.Context()); left != 0 || err != nil || len(s.puts) != 0 {
			t.Errorf("another's recording: %d left, %v, puts %v", left, err, s.puts)
		}
		u.Follow(&Recorder{w: w, status: Status{Recording: someone.ID}})
		if _, err := u.pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := u.Status(someone.ID); got.Stored != layout || len(s.manifests) != 1 || s.manifests[0].Status != debrief.Capturing || s.manifests[0].Samples != layout {
			t.Errorf("status %+v, manifests %+v", got, s.manifests)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := u.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkStored(t, s, tone(layout*3/2))
		if !slices.Equal(s.puts, []int{0, 1}) {
			t.Errorf("puts %v", s.puts)
		}
	})
}
