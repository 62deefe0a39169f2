package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"debrief"
	"debrief/storage"
)

// Conformance tests that a bucket keeps the contract of [storage.Bucket]; fresh makes an empty
// one for each subtest.
func Conformance(t *testing.T, fresh func(t *testing.T) storage.Bucket) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, storage.Bucket)
	}{
		{"ReadsWhatWasPut", readsWhatWasPut},
		{"OverwriteReplacesWhole", overwriteReplaces},
		{"MissingIsErrNotFound", missingIsNotFound},
		{"BadKeyIsErrInvalid", badKeyIsInvalid},
		{"WrongSizeStoresNothing", wrongSizeStoresNothing},
		{"FailingReaderStoresNothing", failingReaderStoresNothing},
		{"ReaderIsNotClosed", readerIsNotClosed},
		{"ConditionHoldsOrErrConflict", conditionHolds},
		{"RangesAndSeeks", rangesAndSeeks},
		{"OpenObjectKeepsItsState", openKeepsState},
		{"ListInOrder", listInOrder},
		{"ListBeyondOnePage", listBeyondOnePage},
		{"ListStopsEarly", listStopsEarly},
		{"CancelledStoresNothing", cancelledStoresNothing},
		{"OneCreatorWins", oneCreatorWins},
		{"NoIncrementLost", noIncrementLost},
		{"NothingTornIsRead", nothingTornIsRead},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, fresh(t)) })
	}
}

// content makes n bytes that do not repeat and are the same each time for the same seed.
func content(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	r.Read(b)
	return b
}

// put stores a whole object and fails the test when it cannot.
func put(t *testing.T, b storage.Bucket, key string, data []byte) storage.ETag {
	t.Helper()
	etag, err := b.Put(t.Context(), key, bytes.NewReader(data), int64(len(data)), storage.Condition{})
	if err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
	return etag
}

// get reads a whole object.
func get(ctx context.Context, b storage.Bucket, key string) ([]byte, storage.Info, error) {
	o, err := b.Open(ctx, key)
	if err != nil {
		return nil, storage.Info{}, err
	}
	defer o.Close()
	data, err := io.ReadAll(o)
	return data, o.Info(), err
}

// want fails the test when the object does not hold data.
func want(t *testing.T, b storage.Bucket, key string, data []byte) {
	t.Helper()
	got, _, err := get(t.Context(), b, key)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%s: %d bytes (%v), want the %d that were put", key, len(got), err, len(data))
	}
}

// wantNone fails the test when there is an object.
func wantNone(t *testing.T, b storage.Bucket, key string) {
	t.Helper()
	if _, err := b.Stat(t.Context(), key); !errors.Is(err, debrief.ErrNotFound) {
		t.Errorf("stat %s: %v, want ErrNotFound", key, err)
	}
}

func wantError(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: error %v, want %v", what, err, kind)
	}
}

func readsWhatWasPut(t *testing.T, b storage.Bucket) {
	for _, size := range []int{0, 1, 5000, storage.MaxConditional - 1, storage.MaxConditional, storage.MaxConditional + 1, 40 << 20} {
		t.Run(fmt.Sprintf("Bytes%d", size), func(t *testing.T) {
			key, data := fmt.Sprintf("a/b-%d/c.bin", size), content(uint64(size), size)
			// A reader that can do nothing but read, and hands out odd lengths.
			etag, err := b.Put(t.Context(), key, iotest.HalfReader(bytes.NewReader(data)), int64(size), storage.Condition{})
			if err != nil {
				t.Fatal(err)
			}
			got, info, err := get(t.Context(), b, key)
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("read %d bytes (%v), want the %d that were put", len(got), err, size)
			}
			stat, err := b.Stat(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			for what, i := range map[string]storage.Info{"open": info, "stat": stat} {
				if i.Key != key || i.Size != int64(size) || i.ETag != etag || i.Modified.IsZero() {
					t.Errorf("%s says %+v, want key %s, %d bytes, ETag %q and a time", what, i, key, size, etag)
				}
			}
			if etag == "" {
				t.Error("the ETag is empty")
			}
		})
	}
}

func overwriteReplaces(t *testing.T, b storage.Bucket) {
	first := put(t, b, "doc.json", content(1, 9000))
	second := put(t, b, "doc.json", content(2, 100))
	want(t, b, "doc.json", content(2, 100))
	if first == second {
		t.Error("two contents have the same ETag")
	}
}

func missingIsNotFound(t *testing.T, b storage.Bucket) {
	put(t, b, "folder/object", []byte("x"))
	for _, key := range []string{"none", "folder", "folder/none", "folder/object/none", "none/none"} {
		_, err := b.Open(t.Context(), key)
		wantError(t, "open "+key, err, debrief.ErrNotFound)
		_, err = b.Stat(t.Context(), key)
		wantError(t, "stat "+key, err, debrief.ErrNotFound)
		for range 2 {
			if err := b.Delete(t.Context(), key); err != nil {
				t.Errorf("delete %s: %v", key, err)
			}
		}
	}
	want(t, b, "folder/object", []byte("x"))
	if err := b.Delete(t.Context(), "folder/object"); err != nil {
		t.Error(err)
	}
	wantNone(t, b, "folder/object")
}

func badKeyIsInvalid(t *testing.T, b storage.Bucket) {
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..", ".hidden", "a/.hidden", "a b", "a\\b", "a\x00b", "ä", "a\nb",
		strings.Repeat("a", 201), strings.Repeat("a/", 500) + "a",
	} {
		_, err := b.Put(t.Context(), key, strings.NewReader("x"), 1, storage.Condition{})
		wantError(t, fmt.Sprintf("put %q", key), err, debrief.ErrInvalid)
		_, err = b.Open(t.Context(), key)
		wantError(t, fmt.Sprintf("open %q", key), err, debrief.ErrInvalid)
		_, err = b.Stat(t.Context(), key)
		wantError(t, fmt.Sprintf("stat %q", key), err, debrief.ErrInvalid)
		wantError(t, fmt.Sprintf("delete %q", key), b.Delete(t.Context(), key), debrief.ErrInvalid)
	}
	for _, prefix := range []string{"/", "a", "../", "a/../", ".hidden/"} {
		for _, err := range b.List(t.Context(), prefix, storage.Deep) {
			wantError(t, fmt.Sprintf("list %q", prefix), err, debrief.ErrInvalid)
		}
	}
	long := strings.Repeat("a", 200) + "/" + strings.Repeat("b", 200)
	put(t, b, long, []byte("x"))
	want(t, b, long, []byte("x"))
}

func wrongSizeStoresNothing(t *testing.T, b storage.Bucket) {
	old := content(1, 10)
	put(t, b, "old", old)
	for _, size := range []int{1, 1000, storage.MaxConditional, storage.MaxConditional + 5, 34 << 20} {
		data := content(2, size)
		for name, announced := range map[string]int64{"shorter": int64(size) + 1, "longer": int64(size) - 1, "negative": -1} {
			what := fmt.Sprintf("%d bytes announced as %d (%s)", size, announced, name)
			_, err := b.Put(t.Context(), "new", iotest.DataErrReader(bytes.NewReader(data)), announced, storage.Condition{})
			wantError(t, what, err, debrief.ErrInvalid)
			_, err = b.Put(t.Context(), "old", bytes.NewReader(data), announced, storage.Condition{})
			wantError(t, what, err, debrief.ErrInvalid)
		}
	}
	wantNone(t, b, "new")
	want(t, b, "old", old)
}

func failingReaderStoresNothing(t *testing.T, b storage.Bucket) {
	broken := errors.New("cable pulled")
	for _, size := range []int{1000, 20 << 20} {
		r := io.MultiReader(bytes.NewReader(content(1, size/2)), iotest.ErrReader(broken))
		_, err := b.Put(t.Context(), "new", r, int64(size), storage.Condition{})
		wantError(t, "put", err, broken)
	}
	wantNone(t, b, "new")
}

// closer notices being closed.
type closer struct {
	*bytes.Reader
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

func readerIsNotClosed(t *testing.T, b storage.Bucket) {
	for _, size := range []int{100, 20 << 20} {
		c := &closer{Reader: bytes.NewReader(content(1, size+7))}
		c.Seek(7, io.SeekStart) // a reader is read from where it stands
		if _, err := b.Put(t.Context(), "k", c, int64(size), storage.Condition{}); err != nil {
			t.Fatal(err)
		}
		want(t, b, "k", content(1, size+7)[7:])
		if c.closed {
			t.Error("Put closed its reader")
		}
	}
}

func conditionHolds(t *testing.T, b storage.Bucket) {
	write := func(key, data string, c storage.Condition) (storage.ETag, error) {
		return b.Put(t.Context(), key, strings.NewReader(data), int64(len(data)), c)
	}
	first, err := write("doc", "one", storage.Condition{IfNoneMatch: true})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	_, err = write("doc", "two", storage.Condition{IfNoneMatch: true})
	wantError(t, "create again", err, debrief.ErrConflict)
	second, err := write("doc", "two", storage.Condition{IfMatch: first})
	if err != nil {
		t.Fatalf("change: %v", err)
	}
	_, err = write("doc", "three", storage.Condition{IfMatch: first})
	wantError(t, "change of an old state", err, debrief.ErrConflict)
	want(t, b, "doc", []byte("two"))
	_, err = write("none", "x", storage.Condition{IfMatch: second})
	wantError(t, "change of nothing", err, debrief.ErrConflict)
	wantNone(t, b, "none")
	_, err = write("doc", "x", storage.Condition{IfNoneMatch: true, IfMatch: second})
	wantError(t, "two conditions", err, debrief.ErrInvalid)
	_, err = b.Put(t.Context(), "large", bytes.NewReader(content(1, storage.MaxConditional+1)), storage.MaxConditional+1, storage.Condition{IfNoneMatch: true})
	wantError(t, "condition on a large object", err, debrief.ErrInvalid)
	if _, err := b.Put(t.Context(), "large", bytes.NewReader(content(1, storage.MaxConditional)), storage.MaxConditional, storage.Condition{IfNoneMatch: true}); err != nil {
		t.Errorf("condition on the largest object allowed: %v", err)
	}
	if err := b.Delete(t.Context(), "doc"); err != nil {
		t.Fatal(err)
	}
	if _, err := write("doc", "four", storage.Condition{IfNoneMatch: true}); err != nil {
		t.Errorf("create after delete: %v", err)
	}
}

func rangesAndSeeks(t *testing.T, b storage.Bucket) {
	data := content(3, 3<<20)
	put(t, b, "k", data)
	o, err := b.Open(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	r := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		off, n := r.IntN(len(data)), r.IntN(100_000)
		whole := data[off:min(off+n, len(data))]
		p := make([]byte, n)
		got, err := o.ReadAt(p, int64(off))
		if !bytes.Equal(p[:got], whole) || got < n && err != io.EOF || got == n && err != nil && err != io.EOF {
			t.Fatalf("ReadAt(%d, %d): %d bytes, %v", off, n, got, err)
		}
		seeks := []struct {
			offset int64
			whence int
		}{{int64(off), io.SeekStart}, {int64(off - len(data)), io.SeekEnd}}
		s := seeks[r.IntN(2)]
		if pos, err := o.Seek(s.offset, s.whence); pos != int64(off) || err != nil {
			t.Fatalf("seek: %d, %v; want %d", pos, err, off)
		}
		if _, err := io.ReadFull(o, p[:len(whole)]); err != nil || !bytes.Equal(p[:len(whole)], whole) {
			t.Fatalf("read %d at %d: %v", len(whole), off, err)
		}
	}
	if n, err := o.ReadAt(make([]byte, 1), int64(len(data))); n != 0 || err != io.EOF {
		t.Errorf("ReadAt the end: %d, %v; want io.EOF", n, err)
	}
	if _, err := o.Seek(5, io.SeekEnd); err != nil {
		t.Errorf("seek beyond the end: %v", err)
	}
	if n, err := o.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("read beyond the end: %d, %v; want io.EOF", n, err)
	}
	if _, err := o.Seek(-1, io.SeekStart); err == nil {
		t.Error("seek before the beginning is no error")
	}
	for range 2 {
		if err := o.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if _, err := o.Read(make([]byte, 1)); err == nil {
		t.Error("read after Close is no error")
	}
}

func openKeepsState(t *testing.T, b storage.Bucket) {
	old := content(1, 8<<20)
	put(t, b, "k", old)
	o, err := b.Open(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	head := make([]byte, 1000)
	if _, err := io.ReadFull(o, head); err != nil {
		t.Fatal(err)
	}
	put(t, b, "k", content(2, 9<<20))
	tail := make([]byte, 1000)
	_, err = o.ReadAt(tail, 7<<20)
	if err != nil {
		wantError(t, "read after overwrite", err, debrief.ErrConflict)
	} else if !bytes.Equal(tail, old[7<<20:7<<20+1000]) {
		t.Error("an open object became another one")
	}
}

func cancelledStoresNothing(t *testing.T, b storage.Bucket) {
	for _, size := range []int{1000, 20 << 20} {
		ctx, cancel := context.WithCancel(t.Context())
		data := content(1, size)
		r := io.MultiReader(bytes.NewReader(data[:size/2]), onRead(cancel), bytes.NewReader(data[size/2:]))
		_, err := b.Put(ctx, "k", r, int64(size), storage.Condition{})
		wantError(t, "put cancelled halfway", err, context.Canceled)
		wantNone(t, b, "k")
	}
	put(t, b, "there", content(1, 8<<20))
	ctx, cancel := context.WithCancel(t.Context())
	o, err := b.Open(ctx, "there")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	cancel()
	_, err = io.Copy(io.Discard, o)
	wantError(t, "read", err, context.Canceled)
	_, err = b.Put(ctx, "k", strings.NewReader("x"), 1, storage.Condition{})
	wantError(t, "put", err, context.Canceled)
	_, err = b.Open(ctx, "there")
	wantError(t, "open", err, context.Canceled)
	_, err = b.Stat(ctx, "there")
	wantError(t, "stat", err, context.Canceled)
	wantError(t, "delete", b.Delete(ctx, "there"), context.Canceled)
	yielded := 0
	for _, err := range b.List(ctx, "", storage.Deep) {
		yielded++
		wantError(t, "list", err, context.Canceled)
	}
	if yielded != 1 {
		t.Errorf("a cancelled listing yielded %d times, want the error alone", yielded)
	}
	want(t, b, "there", content(1, 8<<20))
}

// onRead calls a function when it is read, and is empty.
type onRead func()

func (f onRead) Read([]byte) (int, error) { f(); return 0, io.EOF }
