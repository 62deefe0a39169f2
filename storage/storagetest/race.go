package storagetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"debrief"
	"debrief/storage"
)

func listInOrder(t *testing.T, b storage.Bucket) {
	keys := []string{"a-b", "a.b", "a/1", "a/b-c/2", "a/b/1", "a/b/2", "a/b.c", "a0", "b"}
	for _, k := range keys {
		put(t, b, k, []byte(k))
	}
	slices.Sort(keys)
	for _, test := range []struct {
		prefix string
		depth  storage.Depth
		want   []string
	}{
		{"", storage.Deep, keys},
		{"", storage.Shallow, []string{"a-b", "a.b", "a/", "a0", "b"}},
		{"a/", storage.Shallow, []string{"a/1", "a/b-c/", "a/b.c", "a/b/"}},
		{"a/b/", storage.Deep, []string{"a/b/1", "a/b/2"}},
		{"a/b/", storage.Shallow, []string{"a/b/1", "a/b/2"}},
		{"none/", storage.Deep, nil},
		{"b/", storage.Shallow, nil},
	} {
		var got []string
		for info, err := range b.List(t.Context(), test.prefix, test.depth) {
			if err != nil {
				t.Fatalf("list %q: %v", test.prefix, err)
			}
			got = append(got, info.Key)
			folder := strings.HasSuffix(info.Key, "/")
			if size := int64(len(info.Key)); !folder && (info.Size != size || info.Modified.IsZero()) || folder && info.Size != 0 {
				t.Errorf("%+v, want %d bytes and a time", info, size)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("list %q, depth %d: %q, want %q", test.prefix, test.depth, got, test.want)
		}
	}
	for _, k := range []string{"a/b/1", "a/b/2"} {
		if err := b.Delete(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	for info := range b.List(t.Context(), "a/", storage.Shallow) {
		if info.Key == "a/b/" {
			t.Error("a folder is listed that holds nothing any more")
		}
	}
}

// listBeyondOnePage holds more objects than an S3 server returns at once, which is 1000.
func listBeyondOnePage(t *testing.T, b storage.Bucket) {
	const n = 1100
	parallel(t, 16, n, func(i int) error {
		_, err := b.Put(t.Context(), fmt.Sprintf("many/%04d", i), strings.NewReader("x"), 1, storage.Condition{})
		return err
	})
	i := 0
	for info, err := range b.List(t.Context(), "many/", storage.Deep) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("many/%04d", i); info.Key != want {
			t.Fatalf("object %d is %s, want %s", i, info.Key, want)
		}
		i++
	}
	if i != n {
		t.Errorf("%d objects listed, want %d", i, n)
	}
}

func listStopsEarly(t *testing.T, b storage.Bucket) {
	for i := range 5 {
		put(t, b, fmt.Sprintf("f/%d/x", i), []byte("x"))
	}
	n := 0
	for _, err := range b.List(t.Context(), "", storage.Deep) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d objects before the break, want 2", n)
	}
}

// parallel runs f(0) to f(n-1) on several workers and fails the test with the first error.
func parallel(t *testing.T, workers, n int, f func(i int) error) {
	t.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && errs[w] == nil; i = next.Add(1) - 1 {
				errs[w] = f(int(i))
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func oneCreatorWins(t *testing.T, b storage.Bucket) {
	const keys, creators = 20, 16
	var wins [keys]atomic.Int32
	var winner [keys]atomic.Int32
	parallel(t, creators, keys*creators, func(i int) error {
		key, who := i/creators, i%creators
		data := fmt.Sprintf("creator %d of key %d", who, key)
		_, err := b.Put(t.Context(), fmt.Sprintf("race/%d", key), strings.NewReader(data), int64(len(data)), storage.Condition{IfNoneMatch: true})
		switch {
		case err == nil:
			wins[key].Add(1)
			winner[key].Store(int32(who))
		case !errors.Is(err, debrief.ErrConflict):
			return err
		}
		return nil
	})
	for key := range keys {
		if n := wins[key].Load(); n != 1 {
			t.Errorf("key %d has %d creators, want one", key, n)
		}
		want(t, b, fmt.Sprintf("race/%d", key), fmt.Appendf(nil, "creator %d of key %d", winner[key].Load(), key))
	}
}

func noIncrementLost(t *testing.T, b storage.Bucket) {
	const writers, increments = 8, 20
	put(t, b, "counter", []byte("0"))
	var lost atomic.Int32
	parallel(t, writers, writers, func(int) error {
		for done := 0; done < increments; {
			data, info, err := get(t.Context(), b, "counter")
			if errors.Is(err, debrief.ErrConflict) {
				continue // overwritten while it was read
			}
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(string(data))
			if err != nil {
				return err
			}
			next := strconv.Itoa(n + 1)
			_, err = b.Put(t.Context(), "counter", strings.NewReader(next), int64(len(next)), storage.Condition{IfMatch: info.ETag})
			switch {
			case err == nil:
				done++
			case errors.Is(err, debrief.ErrConflict):
				lost.Add(1)
			default:
				return err
			}
		}
		return nil
	})
	want(t, b, "counter", []byte(strconv.Itoa(writers*increments)))
	if lost.Load() == 0 {
		t.Log("no writer ever met another; the race was not run")
	}
}

func nothingTornIsRead(t *testing.T, b storage.Bucket) {
	const versions, readers = 30, 4
	contents := [2][]byte{content(1, 300_000), content(2, 310_000)}
	put(t, b, "k", contents[0])
	var done atomic.Bool
	parallel(t, readers+1, readers+1, func(i int) error {
		if i == 0 {
			defer done.Store(true)
			for v := range versions {
				data := contents[v%2]
				if _, err := b.Put(t.Context(), "k", bytes.NewReader(data), int64(len(data)), storage.Condition{}); err != nil {
					return err
				}
			}
			return nil
		}
		for !done.Load() {
			data, info, err := get(t.Context(), b, "k")
			if errors.Is(err, debrief.ErrConflict) {
				continue
			}
			if err != nil {
				return err
			}
			if !bytes.Equal(data, contents[0]) && !bytes.Equal(data, contents[1]) || info.Size != int64(len(data)) {
				return fmt.Errorf("read %d bytes that nobody wrote, size %d", len(data), info.Size)
			}
		}
		return nil
	})
}
