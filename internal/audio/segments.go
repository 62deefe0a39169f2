package audio

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"debrief"
)

// OpenSegment opens the FLAC object of a segment; index is [debrief.Segment.Index].
type OpenSegment func(ctx context.Context, index int) (io.ReadCloser, error)

// Join reads a stored recording from front to back, one segment in memory at a time. Every
// segment is checked against the manifest: a hash or a length that differs is
// [debrief.ErrBadAudio], and so is a list of segments with a hole. Errors of open are passed on.
func Join(ctx context.Context, segments []debrief.Segment, open OpenSegment) (Stream, error) {
	if err := checkSegments(segments); err != nil {
		return nil, err
	}
	return &joined{ctx: ctx, segments: segments, open: open}, nil
}

// joined keeps the context because a Stream's Read has none; it lives as long as one call of
// its consumer.
type joined struct {
	ctx      context.Context
	segments []debrief.Segment
	open     OpenSegment
	rest     []int16
}

func (j *joined) Read(dst []int16) (int, error) {
	if len(j.rest) == 0 {
		if len(j.segments) == 0 {
			return 0, io.EOF
		}
		pcm, err := loadSegment(j.ctx, j.segments[0], j.open)
		if err != nil {
			return 0, err
		}
		j.segments, j.rest = j.segments[1:], pcm
	}
	n := copy(dst, j.rest)
	j.rest = j.rest[n:]
	return n, nil
}

// checkSegments makes sure the segments follow each other without a hole.
func checkSegments(segments []debrief.Segment) error {
	var at debrief.Samples
	for i, s := range segments {
		if s.Start != at || s.Samples <= 0 || s.Samples > MaxSegment {
			return fmt.Errorf("segment %d begins at sample %d with %d samples, want sample %d: %w", i, s.Start, s.Samples, at, debrief.ErrBadAudio)
		}
		at += s.Samples
	}
	return nil
}

// loadSegment fetches, checks and decodes one segment.
func loadSegment(ctx context.Context, s debrief.Segment, open OpenSegment) ([]int16, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := open(ctx, s.Index)
	if err != nil {
		return nil, fmt.Errorf("open segment %d: %w", s.Index, err)
	}
	defer r.Close()
	sum := sha256.New()
	tee := io.TeeReader(r, sum)
	pcm, err := DecodeFLAC(tee)
	if err == nil {
		_, err = io.Copy(io.Discard, tee) // what follows the last frame belongs to the hash
	}
	if err == nil && s.SHA256 != "" && hex.EncodeToString(sum.Sum(nil)) != s.SHA256 {
		err = fmt.Errorf("the object is not the one the manifest names: %w", debrief.ErrBadAudio)
	}
	if err == nil && len(pcm) != int(s.Samples) {
		err = fmt.Errorf("%d samples where the manifest says %d: %w", len(pcm), s.Samples, debrief.ErrBadAudio)
	}
	if err != nil {
		err = fmt.Errorf("segment %d: %w", s.Index, err)
		if errors.Is(err, debrief.ErrBadAudio) || errors.Is(err, debrief.ErrTruncated) {
			err = debrief.WithHint(err, "the stored object was changed or damaged; bring it back from a backup, or import the recording again")
		}
		return nil, err
	}
	return pcm, nil
}

// Cache keeps decoded segments, the latest used ones, for all [WAV]s that share it. A browser
// seeks with many small requests; without a cache each would decode its segment anew. It is
// safe for concurrent use.
type Cache struct {
	mu    sync.Mutex
	limit int64
	size  int64
	order *list.List // of cached, latest first
	byKey map[string]*list.Element
}

type cached struct {
	key string
	pcm []int16
}

// NewCache makes a cache of at most limit bytes; a minute of audio takes 1.92 MB.
func NewCache(limit int64) *Cache {
	return &Cache{limit: limit, order: list.New(), byKey: map[string]*list.Element{}}
}

func (c *Cache) get(key string) ([]int16, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).pcm, true
}

func (c *Cache) put(key string, pcm []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok {
		return
	}
	c.byKey[key] = c.order.PushFront(&cached{key, pcm})
	c.size += int64(2 * len(pcm))
	for c.size > c.limit && c.order.Len() > 1 {
		last := c.order.Remove(c.order.Back()).(*cached)
		delete(c.byKey, last.key)
		c.size -= int64(2 * len(last.pcm))
	}
}
