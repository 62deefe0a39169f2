package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"debrief"
	"debrief/storage"
	"debrief/storage/storagetest"
)

// TestBreakAnywhere stores a recording, broken at every operation in every way, runs it again
// and wants the same end state as if nothing had been.
func TestBreakAnywhere(t *testing.T) {
	store := func(ctx context.Context, b storage.Bucket) error {
		l := storage.NewLibrary(b)
		rec := &debrief.Recording{ID: id, Client: client, Status: debrief.Stored}
		for i := range 3 {
			data := bytes.Repeat([]byte{byte(i)}, 1000)
			if err := l.SaveSegment(ctx, client, id, i, data); err != nil {
				return err
			}
			rec.Segments = append(rec.Segments, debrief.Segment{Index: i, Bytes: 1000})
		}
		if err := l.SaveOriginal(ctx, client, id, ".mp3", strings.NewReader("sound"), 5); err != nil {
			return err
		}
		if _, _, err := l.LoadRecording(ctx, client, id); !errors.Is(err, debrief.ErrNotFound) {
			return err
		}
		_, err := l.SaveRecording(ctx, rec, "")
		return err
	}
	state := func(b storage.Bucket) map[string]string {
		all := map[string]string{}
		for info, err := range b.List(t.Context(), "", storage.Deep) {
			if err != nil {
				t.Fatal(err)
			}
			o, err := b.Open(t.Context(), info.Key)
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(o)
			if err != nil {
				t.Fatal(err)
			}
			o.Close()
			all[info.Key] = string(data)
		}
		return all
	}
	undisturbed := storagetest.NewFault(newDir(t, t.TempDir()), storagetest.Fault{})
	if err := store(t.Context(), undisturbed); err != nil {
		t.Fatal(err)
	}
	ops := undisturbed.Ops()
	if ops < 6 {
		t.Fatalf("%d operations only", ops)
	}
	want := state(undisturbed)
	for at := 1; at <= ops; at++ {
		for _, when := range []storagetest.When{storagetest.Before, storagetest.Half, storagetest.After} {
			b := newDir(t, t.TempDir())
			broken := storagetest.NewFault(b, storagetest.Fault{At: at, When: when})
			if err := store(t.Context(), broken); !errors.Is(err, storagetest.ErrKilled) {
				t.Errorf("operation %d, %d: %v, want ErrKilled", at, when, err)
			}
			if err := store(t.Context(), b); err != nil {
				t.Errorf("operation %d, %d: run again: %v", at, when, err)
			}
			if diff := cmp.Diff(want, state(b)); diff != "" {
				t.Errorf("operation %d, %d: other end state (-want +got):\n%s", at, when, diff)
			}
		}
	}
}

func TestFaultBucket(t *testing.T) {
	run := func(f storagetest.Fault) (*storagetest.FaultBucket, []error) {
		b := storagetest.NewFault(newDir(t, t.TempDir()), f)
		var errs []error
		for i := range 3 {
			_, err := b.Put(t.Context(), fmt.Sprint(i), strings.NewReader("data"), 4, storage.Condition{})
			errs = append(errs, err)
		}
		return b, errs
	}
	left := func(b *storagetest.FaultBucket) int {
		n := 0
		for range b.Bucket.List(t.Context(), "", storage.Deep) {
			n++
		}
		return n
	}
	for name, test := range map[string]struct {
		fault storagetest.Fault
		fail  [3]error
		left  int
	}{
		"NoneFails":         {storagetest.Fault{}, [3]error{}, 3},
		"DeadBefore":        {storagetest.Fault{At: 2}, [3]error{nil, storagetest.ErrKilled, storagetest.ErrKilled}, 1},
		"DeadHalfway":       {storagetest.Fault{At: 2, When: storagetest.Half}, [3]error{nil, storagetest.ErrKilled, storagetest.ErrKilled}, 1},
		"DeadAfter":         {storagetest.Fault{At: 2, When: storagetest.After}, [3]error{nil, storagetest.ErrKilled, storagetest.ErrKilled}, 2},
		"OnceWithOwnErrors": {storagetest.Fault{At: 2, Once: true, Err: debrief.ErrDiskFull}, [3]error{nil, debrief.ErrDiskFull, nil}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			b, errs := run(test.fault)
			for i, err := range errs {
				if !errors.Is(err, test.fail[i]) || test.fail[i] == nil && err != nil {
					t.Errorf("put %d: %v, want %v", i+1, err, test.fail[i])
				}
			}
			if n := left(b); n != test.left {
				t.Errorf("%d objects are there, want %d", n, test.left)
			}
		})
	}
}

// BenchmarkDirPut measures durable puts of a document: file and folder synced.
func BenchmarkDirPut(b *testing.B) {
	d := newDir(b, b.TempDir())
	data := strings.Repeat("x", 1000)
	b.SetParallelism(8)
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			key := fmt.Sprintf("k/%06d", n.Add(1))
			if _, err := d.Put(b.Context(), key, strings.NewReader(data), int64(len(data)), storage.Condition{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "puts/s")
}
