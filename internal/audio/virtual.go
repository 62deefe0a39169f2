package audio

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"

	"debrief"
)

// wavHeaderSize is the length of a plain PCM header, in bytes.
const wavHeaderSize = 44

// ownCache is the cache of a [WAV] that shares none, in bytes: two segments of a minute, so
// that reading across a border does not decode twice.
const ownCache = 4 << 20

// WAV is a stored recording as one WAV file that can be sought: 16 kHz, mono, 16 bit. Only the
// segments that are read are fetched and decoded. It serves one goroutine.
type WAV struct {
	ctx      context.Context // of the request; a Read has none
	segments []debrief.Segment
	cache    *Cache
	open     OpenSegment
	header   [wavHeaderSize]byte
	size     int64
	pos      int64
}

// NewWAV makes the file of the segments of a recording, for http.ServeContent. A nil cache
// makes one of its own; a server shares one between requests. Segments with a hole between
// them are [debrief.ErrBadAudio], more than 37 hours (4 GiB) [debrief.ErrInvalid]. Read fails
// as [Join] does. There is nothing to close.
func NewWAV(ctx context.Context, segments []debrief.Segment, cache *Cache, open OpenSegment) (*WAV, error) {
	if err := checkSegments(segments); err != nil {
		return nil, err
	}
	if cache == nil {
		cache = NewCache(ownCache)
	}
	w := &WAV{ctx: ctx, segments: segments, cache: cache, open: open, size: wavHeaderSize}
	if n := len(segments); n > 0 {
		w.size += 2 * int64(segments[n-1].Start+segments[n-1].Samples)
	}
	if w.size > math.MaxUint32 {
		return nil, fmt.Errorf("%d bytes are more than a WAV file can hold: %w", w.size, debrief.ErrInvalid)
	}
	w.header = pcmHeader(w.size - wavHeaderSize)
	return w, nil
}

// pcmHeader is the header of a WAV file with n bytes of canonical samples.
func pcmHeader(n int64) (h [wavHeaderSize]byte) {
	copy(h[0:], "RIFF")
	binary.LittleEndian.PutUint32(h[4:], uint32(n+wavHeaderSize-8))
	copy(h[8:], "WAVEfmt ")
	binary.LittleEndian.PutUint32(h[16:], 16) // length of the format
	binary.LittleEndian.PutUint16(h[20:], codingPCM)
	binary.LittleEndian.PutUint16(h[22:], 1) // channel
	binary.LittleEndian.PutUint32(h[24:], debrief.SampleRate)
	binary.LittleEndian.PutUint32(h[28:], 2*debrief.SampleRate) // bytes a second
	binary.LittleEndian.PutUint16(h[32:], 2)                    // bytes a sample
	binary.LittleEndian.PutUint16(h[34:], 16)                   // bits a sample
	copy(h[36:], "data")
	binary.LittleEndian.PutUint32(h[40:], uint32(n))
	return h
}

// Size is the length of the file in bytes.
func (w *WAV) Size() int64 { return w.size }

// Seek implements io.Seeker. Beyond the end is allowed and reads io.EOF.
func (w *WAV) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += w.pos
	case io.SeekEnd:
		offset += w.size
	}
	if offset < 0 {
		return 0, errors.New("seek in recording: before its beginning")
	}
	w.pos = offset
	return offset, nil
}

// Read implements io.Reader. It reads up to the end of a segment at once.
func (w *WAV) Read(p []byte) (int, error) {
	if w.pos >= w.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if w.pos < wavHeaderSize {
		n := copy(p, w.header[w.pos:])
		w.pos += int64(n)
		return n, nil
	}
	at := w.pos - wavHeaderSize
	i := sort.Search(len(w.segments), func(i int) bool {
		return 2*int64(w.segments[i].Start+w.segments[i].Samples) > at
	})
	pcm, err := w.segment(w.segments[i])
	if err != nil {
		return 0, err
	}
	n := copyBytes(p, pcm, at-2*int64(w.segments[i].Start))
	w.pos += int64(n)
	return n, nil
}

func (w *WAV) segment(s debrief.Segment) ([]int16, error) {
	if s.SHA256 == "" { // a recording under way: its manifest has no hash to know the content by
		return loadSegment(w.ctx, s, w.open)
	}
	if pcm, ok := w.cache.get(s.SHA256); ok {
		return pcm, nil
	}
	pcm, err := loadSegment(w.ctx, s, w.open)
	if err == nil {
		w.cache.put(s.SHA256, pcm)
	}
	return pcm, err
}

// copyBytes copies samples as little-endian bytes, beginning at byte off, which may lie within
// a sample: a browser may ask for any range.
func copyBytes(p []byte, pcm []int16, off int64) int {
	n := int(min(int64(len(p)), 2*int64(len(pcm))-off))
	for i := range n {
		s := uint16(pcm[(off+int64(i))/2])
		if (off+int64(i))%2 == 1 {
			s >>= 8
		}
		p[i] = byte(s)
	}
	return n
}
