package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"debrief"
)

// SaveSegment stores canonical audio, FLAC as of audio.EncodeFLAC. Storing the same bytes again
// is harmless. Other bytes under the same index replace what a broken-off import left, of which
// nobody knows; once the recording has a manifest they are [debrief.ErrConflict].
func (l *Library) SaveSegment(ctx context.Context, c debrief.ClientID, id debrief.RecordingID, index int, flac []byte) error {
	key := segmentKey(c, id, index)
	put := func(cond Condition) error {
		_, err := l.bucket.Put(ctx, key, bytes.NewReader(flac), int64(len(flac)), cond)
		return err
	}
	err := put(Condition{IfNoneMatch: true})
	if !errors.Is(err, debrief.ErrConflict) {
		return err
	}
	there, version, err := readAll(ctx, l.bucket, key)
	if err != nil {
		return err
	}
	if bytes.Equal(there, flac) {
		return nil
	}
	switch _, err := l.bucket.Stat(ctx, manifestKey(c, id)); {
	case err == nil:
		return debrief.WithHint(fmt.Errorf("store segment %d: other audio is stored there: %w", index, debrief.ErrConflict),
			"two recorders write under one recording; let one of them finish")
	case !errors.Is(err, debrief.ErrNotFound):
		return err
	}
	return put(Condition{IfMatch: version})
}

// OpenSegment opens canonical audio; the caller closes it. None is [debrief.ErrNotFound].
func (l *Library) OpenSegment(ctx context.Context, c debrief.ClientID, id debrief.RecordingID, index int) (io.ReadCloser, error) {
	return l.bucket.Open(ctx, segmentKey(c, id, index))
}

// DeleteSegments removes all audio of a recording, to start its import over. It may be called
// twice. A recording that has a manifest keeps its audio: [debrief.ErrConflict].
func (l *Library) DeleteSegments(ctx context.Context, c debrief.ClientID, id debrief.RecordingID) error {
	switch _, err := l.bucket.Stat(ctx, manifestKey(c, id)); {
	case err == nil:
		return fmt.Errorf("delete audio of %s: it has a manifest: %w", id, debrief.ErrConflict)
	case !errors.Is(err, debrief.ErrNotFound):
		return err
	}
	return l.deleteAll(ctx, audioPrefix(c, id))
}

// SaveOriginal stores an imported file as it is; ext is its extension with the dot. The id of
// an import comes from the content, so that an object of the same size is the same file, and
// nothing is sent.
func (l *Library) SaveOriginal(ctx context.Context, c debrief.ClientID, id debrief.RecordingID, ext string, r io.Reader, size int64) error {
	key := originalKey(c, id, ext)
	info, err := l.bucket.Stat(ctx, key)
	if err == nil && info.Size == size {
		return nil
	}
	if err != nil && !errors.Is(err, debrief.ErrNotFound) {
		return err
	}
	_, err = l.bucket.Put(ctx, key, r, size, Condition{})
	return err
}

// OpenOriginal opens an imported file as it was; the caller closes it. None is
// [debrief.ErrNotFound].
func (l *Library) OpenOriginal(ctx context.Context, c debrief.ClientID, id debrief.RecordingID, ext string) (io.ReadSeekCloser, error) {
	return l.bucket.Open(ctx, originalKey(c, id, ext))
}
