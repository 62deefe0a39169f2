package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"debrief"
	"debrief/internal/audio"
)

// Library is the bucket as people know it: clients, sessions, recordings, and what was made of
// them. It is safe for concurrent use.
//
// Every Load returns the document and its version, or [debrief.ErrNotFound] when there is none
// and [debrief.ErrInvalid] when it is damaged. Every Save takes the version the change is based
// on, "" for a document that must not exist yet, and returns the new one; when somebody else
// was quicker it returns [debrief.ErrConflict] and changes nothing.
type Library struct{ bucket Bucket }

// NewLibrary makes a library on any bucket.
func NewLibrary(b Bucket) *Library { return &Library{b} }

// load reads the document under key.
func load[T any](ctx context.Context, b Bucket, key string) (*T, ETag, error) {
	data, version, err := readAll(ctx, b, key)
	if err != nil {
		return nil, "", err
	}
	doc := new(T)
	if err := json.Unmarshal(data, doc); err != nil {
		return nil, "", debrief.WithHint(fmt.Errorf("read %s: %v: %w", key, err, debrief.ErrInvalid),
			"the document was damaged or written by a newer debrief; bring it back from a backup")
	}
	return doc, version, nil
}

// save writes the document under key if it is still in the version it was read in.
func save(ctx context.Context, b Bucket, key string, doc any, version ETag) (ETag, error) {
	data, err := json.Marshal(doc)
	if err != nil {
		return "", fmt.Errorf("write %s: %v: %w", key, err, debrief.ErrInvalid)
	}
	data = append(data, '\n')
	return b.Put(ctx, key, bytes.NewReader(data), int64(len(data)), Condition{IfNoneMatch: version == "", IfMatch: version})
}

// readAll reads a whole object that fits into memory.
func readAll(ctx context.Context, b Bucket, key string) ([]byte, ETag, error) {
	o, err := b.Open(ctx, key)
	if err != nil {
		return nil, "", err
	}
	defer o.Close()
	info := o.Info()
	if info.Size > MaxConditional {
		return nil, "", fmt.Errorf("read %s: %d bytes are no document: %w", key, info.Size, debrief.ErrInvalid)
	}
	data := make([]byte, info.Size)
	if _, err := io.ReadFull(o, data); err != nil {
		return nil, "", fmt.Errorf("read %s: %w", key, err)
	}
	return data, info.ETag, nil
}

// LoadClient loads what is known of a client. A client may have recordings and no document.
func (l *Library) LoadClient(ctx context.Context, c debrief.ClientID) (*debrief.Client, ETag, error) {
	return load[debrief.Client](ctx, l.bucket, clientKey(c))
}

// SaveClient saves what is known of a client.
func (l *Library) SaveClient(ctx context.Context, c *debrief.Client, version ETag) (ETag, error) {
	return save(ctx, l.bucket, clientKey(c.ID), c, version)
}

// LoadSession loads a treatment.
func (l *Library) LoadSession(ctx context.Context, c debrief.ClientID, n int) (*debrief.Session, ETag, error) {
	return load[debrief.Session](ctx, l.bucket, sessionKey(c, n))
}

// SaveSession saves a treatment.
func (l *Library) SaveSession(ctx context.Context, s *debrief.Session, version ETag) (ETag, error) {
	return save(ctx, l.bucket, sessionKey(s.Client, s.Number), s, version)
}

// LoadRecording loads the manifest of a recording.
func (l *Library) LoadRecording(ctx context.Context, c debrief.ClientID, id debrief.RecordingID) (*debrief.Recording, ETag, error) {
	return load[debrief.Recording](ctx, l.bucket, manifestKey(c, id))
}

// SaveRecording saves the manifest of a recording.
func (l *Library) SaveRecording(ctx context.Context, r *debrief.Recording, version ETag) (ETag, error) {
	return save(ctx, l.bucket, manifestKey(r.Client, r.ID), r, version)
}

// LoadTranscript loads what was said in a recording.
func (l *Library) LoadTranscript(ctx context.Context, c debrief.ClientID, id debrief.RecordingID) (*debrief.Transcript, ETag, error) {
	return load[debrief.Transcript](ctx, l.bucket, transcriptKey(c, id))
}

// SaveTranscript saves what was said in a recording.
func (l *Library) SaveTranscript(ctx context.Context, c debrief.ClientID, t *debrief.Transcript, version ETag) (ETag, error) {
	return save(ctx, l.bucket, transcriptKey(c, t.Recording), t, version)
}

// LoadTags loads the tags of a recording.
func (l *Library) LoadTags(ctx context.Context, c debrief.ClientID, id debrief.RecordingID) (*debrief.Tags, ETag, error) {
	return load[debrief.Tags](ctx, l.bucket, tagsKey(c, id))
}

// SaveTags saves the tags of a recording.
func (l *Library) SaveTags(ctx context.Context, c debrief.ClientID, t *debrief.Tags, version ETag) (ETag, error) {
	return save(ctx, l.bucket, tagsKey(c, t.Recording), t, version)
}

// LoadSummary loads the summary of a recording.
func (l *Library) LoadSummary(ctx context.Context, c debrief.ClientID, id debrief.RecordingID) (*debrief.Summary, ETag, error) {
	return load[debrief.Summary](ctx, l.bucket, summaryKey(c, id))
}

// SaveSummary saves the summary of a recording.
func (l *Library) SaveSummary(ctx context.Context, c debrief.ClientID, s *debrief.Summary, version ETag) (ETag, error) {
	return save(ctx, l.bucket, summaryKey(c, s.Recording), s, version)
}

// LoadReview loads the coach's edits and decisions as they were saved.
func (l *Library) LoadReview(ctx context.Context, c debrief.ClientID, id debrief.RecordingID) (json.RawMessage, ETag, error) {
	return loadRaw(ctx, l.bucket, reviewKey(c, id))
}

// SaveReview saves the coach's edits and decisions, any JSON.
func (l *Library) SaveReview(ctx context.Context, c debrief.ClientID, id debrief.RecordingID, doc json.RawMessage, version ETag) (ETag, error) {
	return save(ctx, l.bucket, reviewKey(c, id), doc, version)
}

// LoadPeaks loads the waveform of a recording.
func (l *Library) LoadPeaks(ctx context.Context, c debrief.ClientID, id debrief.RecordingID) (*audio.Peaks, ETag, error) {
	return load[audio.Peaks](ctx, l.bucket, peaksKey(c, id))
}

// SavePeaks saves the waveform of a recording.
func (l *Library) SavePeaks(ctx context.Context, c debrief.ClientID, id debrief.RecordingID, p *audio.Peaks, version ETag) (ETag, error) {
	return save(ctx, l.bucket, peaksKey(c, id), p, version)
}

// loadRaw loads a document whose shape is its reader's affair.
func loadRaw(ctx context.Context, b Bucket, key string) (json.RawMessage, ETag, error) {
	doc, version, err := load[json.RawMessage](ctx, b, key)
	if err != nil {
		return nil, "", err
	}
	return *doc, version, nil
}

// LoadChunk loads the result of a part of a transcription under way; name is 1-200 letters,
// digits, '.', '_' and '-'.
func (l *Library) LoadChunk(ctx context.Context, c debrief.ClientID, id debrief.RecordingID, name string) ([]byte, error) {
	data, _, err := readAll(ctx, l.bucket, chunkKey(c, id, name))
	return data, err
}

// SaveChunk saves the result of a part of a transcription under way. The name says what it was
// made from, so that writing it again is harmless.
func (l *Library) SaveChunk(ctx context.Context, c debrief.ClientID, id debrief.RecordingID, name string, data []byte) error {
	_, err := l.bucket.Put(ctx, chunkKey(c, id, name), bytes.NewReader(data), int64(len(data)), Condition{})
	return err
}

// DeleteChunks removes the results of all parts, once the transcript is whole. It may be called
// twice.
func (l *Library) DeleteChunks(ctx context.Context, c debrief.ClientID, id debrief.RecordingID) error {
	return l.deleteAll(ctx, chunksPrefix(c, id))
}

// deleteAll removes every object under a prefix.
func (l *Library) deleteAll(ctx context.Context, prefix string) error {
	var keys []string
	for info, err := range l.bucket.List(ctx, prefix, Deep) {
		if err != nil {
			return err
		}
		keys = append(keys, info.Key)
	}
	var bad []error
	for _, key := range keys {
		if err := l.bucket.Delete(ctx, key); err != nil {
			bad = append(bad, err)
		}
	}
	return errors.Join(bad...)
}
