package audio

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"debrief"
)

// stored is a recording of segments of odd lengths, with a count of how often one was opened.
type stored struct {
	pcm      []int16
	segments []debrief.Segment
	objects  map[int][]byte
	opened   atomic.Int32
}

func newStored(t testing.TB, lengths ...int) *stored {
	t.Helper()
	s := &stored{objects: map[int][]byte{}}
	for _, n := range lengths {
		s.pcm = append(s.pcm, make([]int16, n)...)
	}
	copy(s.pcm, sound(len(s.pcm)))
	at := 0
	for i, n := range lengths {
		data, err := EncodeFLAC(s.pcm[at : at+n])
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		index := 10 * i // the index names the object, it need not count
		s.objects[index] = data
		s.segments = append(s.segments, debrief.Segment{
			Index: index, Start: debrief.Samples(at), Samples: debrief.Samples(n), SHA256: hex.EncodeToString(sum[:]),
		})
		at += n
	}
	return s
}

func (s *stored) open(ctx context.Context, index int) (io.ReadCloser, error) {
	s.opened.Add(1)
	data, ok := s.objects[index]
	if !ok {
		return nil, debrief.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// file is the WAV file the recording must look like.
func (s *stored) file() []byte {
	h := pcmHeader(int64(2 * len(s.pcm)))
	return append(h[:], pcmBytes(s.pcm)...)
}

func newTestWAV(t testing.TB, s *stored, c *Cache) *WAV {
	t.Helper()
	w, err := NewWAV(t.Context(), s.segments, c, s.open)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWAVReadsAsAFile(t *testing.T) {
	s := newStored(t, 5000, 1, 4096, 12345)
	if err := iotest.TestReader(newTestWAV(t, s, nil), s.file()); err != nil {
		t.Error(err)
	}
	w := newTestWAV(t, s, nil)
	want := s.file()
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		off := r.IntN(len(want))
		p := make([]byte, 1+r.IntN(9000))
		if _, err := w.Seek(int64(off), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		n, err := io.ReadFull(w, p)
		if !bytes.Equal(p[:n], want[off:min(len(want), off+len(p))]) || err != nil && err != io.ErrUnexpectedEOF {
			t.Fatalf("read %d at %d: %d, %v", len(p), off, n, err)
		}
	}
}

func TestWAVIsReadBack(t *testing.T) {
	s := newStored(t, 70000, 70000)
	pcm, f, err := decode(t.Context(), writeFile(t, "a.wav", s.file()), Options{})
	if err != nil || !slices.Equal(pcm, s.pcm) || f.Total() != debrief.Samples(len(s.pcm)) {
		t.Errorf("%d samples, %v", len(pcm), err)
	}
}

func TestWAVOverHTTP(t *testing.T) {
	s := newStored(t, 16000, 16000, 16000)
	cache := NewCache(1 << 20)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w, err := NewWAV(r.Context(), s.segments, cache, s.open)
		if err != nil {
			t.Error(err)
			return
		}
		http.ServeContent(rw, r, "recording.wav", time.Time{}, w)
	}))
	defer server.Close()
	get := func(ranges string) (int, []byte) {
		req, err := http.NewRequest(http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ranges != "" {
			req.Header.Set("Range", ranges)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, body
	}
	// The middle of the second segment: nothing else is fetched.
	if code, body := get("bytes=50001-50100"); code != 206 || !bytes.Equal(body, s.file()[50001:50101]) {
		t.Errorf("range: %d, %d bytes", code, len(body))
	}
	if n := s.opened.Load(); n != 1 {
		t.Errorf("%d segments opened for a range in one", n)
	}
	for range 5 {
		get("bytes=50001-50100")
	}
	if n := s.opened.Load(); n != 1 {
		t.Errorf("%d segments opened for the same range again", n)
	}
	if code, body := get(""); code != 200 || !bytes.Equal(body, s.file()) {
		t.Errorf("whole: %d, %d bytes", code, len(body))
	}
	if code, body := get("bytes=-10"); code != 206 || !bytes.Equal(body, s.file()[len(s.file())-10:]) {
		t.Errorf("tail: %d, %d bytes", code, len(body))
	}
}

func TestCacheForgetsTheOldest(t *testing.T) {
	s := newStored(t, 1000, 1000, 1000)
	w := newTestWAV(t, s, NewCache(2*2*1000))
	read := func(segment int) {
		w.Seek(wavHeaderSize+int64(segment)*2000, io.SeekStart)
		if _, err := io.ReadFull(w, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct{ segment, opened int }{{0, 1}, {1, 2}, {0, 2}, {2, 3}, {0, 3}, {1, 4}, {2, 5}} {
		read(step.segment)
		if n := int(s.opened.Load()); n != step.opened {
			t.Errorf("segment %d: opened %d times so far, want %d", step.segment, n, step.opened)
		}
	}
}

func TestJoin(t *testing.T) {
	s := newStored(t, 5000, 1, 4096)
	j, err := Join(t.Context(), s.segments, s.open)
	if err != nil {
		t.Fatal(err)
	}
	pcm, err := readAll(j)
	if err != nil || !slices.Equal(pcm, s.pcm) {
		t.Errorf("%d samples, %v; want %d", len(pcm), err, len(s.pcm))
	}
	if n := s.opened.Load(); n != 3 {
		t.Errorf("opened %d segments, want 3", n)
	}
}

func TestSegmentErrors(t *testing.T) {
	both := func(ctx context.Context, s *stored) (errs []error) {
		j, err := Join(ctx, s.segments, s.open)
		if err == nil {
			_, err = readAll(j)
		}
		errs = append(errs, err)
		w, err := NewWAV(ctx, s.segments, nil, s.open)
		if err == nil {
			_, err = io.ReadAll(w)
		}
		return append(errs, err)
	}
	for name, test := range map[string]struct {
		spoil func(*stored)
		kind  error
	}{
		"MissingObjectIsErrNotFound":  {func(s *stored) { delete(s.objects, 10) }, debrief.ErrNotFound},
		"OtherObjectIsErrBadAudio":    {func(s *stored) { s.objects[10] = s.objects[0] }, debrief.ErrBadAudio},
		"BytesBehindItAreErrBadAudio": {func(s *stored) { s.objects[10] = append(s.objects[10], 0) }, debrief.ErrBadAudio},
		"CutObjectIsErrTruncated":     {func(s *stored) { s.objects[10] = s.objects[10][:100] }, debrief.ErrTruncated},
		"OtherLengthIsErrBadAudio":    {func(s *stored) { s.segments[2].Samples++; s.segments[2].SHA256 = "" }, debrief.ErrBadAudio},
		"HoleIsErrBadAudio":           {func(s *stored) { s.segments = append(s.segments[:1], s.segments[2]) }, debrief.ErrBadAudio},
		"EmptySegmentIsErrBadAudio":   {func(s *stored) { s.segments[2].Samples = 0 }, debrief.ErrBadAudio},
		"FirstNotAtZeroIsErrBadAudio": {func(s *stored) { s.segments = s.segments[1:] }, debrief.ErrBadAudio},
		"EndlessSegmentIsErrBadAudio": {func(s *stored) { s.segments[2].Samples = MaxSegment + 1 }, debrief.ErrBadAudio},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStored(t, 5000, 6000, 7000)
			test.spoil(s)
			for _, err := range both(t.Context(), s) {
				if !errors.Is(err, test.kind) {
					t.Errorf("%v, want %v", err, test.kind)
				}
			}
		})
	}
	t.Run("CancelledIsCancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range both(ctx, newStored(t, 5000)) {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
	})
	t.Run("MoreThanAWAVFileHoldsIsErrInvalid", func(t *testing.T) {
		var segments []debrief.Segment
		for i := range 4000 {
			segments = append(segments, debrief.Segment{Index: i, Start: debrief.Samples(i) * MaxSegment, Samples: MaxSegment})
		}
		if _, err := NewWAV(t.Context(), segments, nil, nil); !errors.Is(err, debrief.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("NoSegmentIsAnEmptyFile", func(t *testing.T) {
		w, err := NewWAV(t.Context(), nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(w); len(data) != wavHeaderSize || err != nil {
			t.Errorf("%d bytes, %v", len(data), err)
		}
	})
}

func TestPeaks(t *testing.T) {
	p, err := NewPeaks(4)
	if err != nil {
		t.Fatal(err)
	}
	p.Add([]int16{0, 0, 0})
	p.Add([]int16{0, 1, -1, 0, 0, 32767, -32768, 5, 5, 16384})
	if want := []byte{0, 1, 255, 128}; p.Total != 13 || !bytes.Equal(p.Levels, want) {
		t.Errorf("%d samples, levels %v; want 13 and %v", p.Total, p.Levels, want)
	}
	if _, err := NewPeaks(0); !errors.Is(err, debrief.ErrInvalid) {
		t.Error(err)
	}
}
