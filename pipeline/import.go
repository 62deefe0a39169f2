package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"debrief"
)

// SegmentSamples is the length of a stored segment: one minute is about 1 MB of FLAC, small
// enough to hold in memory several times over and to lose nothing much when one is damaged.
const SegmentSamples = 60 * debrief.SampleRate

// Target is which debrief files are imported as.
type Target struct {
	Client  debrief.ClientID
	Session int
	Phase   debrief.Phase
}

// source is a file as it was when its content was hashed.
type source struct {
	path string
	name string // what it was called; a coach knows it again by that
	sum  string // SHA-256 of its bytes in hex
	info os.FileInfo
}

func readSource(ctx context.Context, path string) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fileError(err)
	}
	h := sha256.New()
	if _, err := io.Copy(h, &cancelReader{ctx, f}); err != nil {
		return nil, fileError(err)
	}
	return &source{path, filepath.Base(path), hex.EncodeToString(h.Sum(nil)), info}, nil
}

// unchanged notices when the file is another by now: a recorder may still be writing it.
func (s *source) unchanged() error {
	now, err := os.Stat(s.path)
	if err != nil {
		return fileError(err)
	}
	if now.Size() != s.info.Size() || !now.ModTime().Equal(s.info.ModTime()) {
		return debrief.WithHint(errChanged, "wait until the recorder has finished writing it, then run again")
	}
	return nil
}

var errChanged = fmt.Errorf("the file changed while it was read: %w", debrief.ErrConflict)

func fileError(err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return debrief.WithHint(debrief.ErrNotFound, "check the path")
	case errors.Is(err, os.ErrPermission):
		return debrief.WithHint(debrief.ErrDenied, "make the file readable for you: chmod u+r FILE")
	}
	return err
}

// cancelReader lets a long read be interrupted.
type cancelReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// importFile keeps the file's bytes and derives its canonical audio. The manifest is written
// last and in one piece: a recording that has one is whole. What a stop leaves before that has
// no manifest, is never shown, and is written over with the same bytes by the next run.
func (p *Pipeline) importFile(ctx context.Context, src *source, to Target) (*debrief.Recording, error) {
	rec := &debrief.Recording{
		ID:      debrief.ImportID(to.Client, src.sum),
		Client:  to.Client,
		Session: to.Session,
		Phase:   to.Phase,
		Origin:  debrief.Imported,
		Status:  debrief.Stored,
		Original: &debrief.Original{
			Name:   src.name,
			Ext:    strings.ToLower(filepath.Ext(src.name)),
			SHA256: src.sum,
			Bytes:  src.info.Size(),
		},
	}
	if err := p.storeAudio(ctx, src, rec); err != nil {
		// A file that is no audio leaves nothing behind; any other error leaves what the next run goes on from.
		if unusable(err) {
			if derr := p.Objects.Discard(ctx, rec.Client, rec.ID); derr != nil {
				p.Log.Warn("unusable audio not discarded", "recording", rec.ID, "err", derr)
			}
		}
		return nil, err
	}
	if _, err := p.Documents.PutRecording(ctx, rec, ""); err != nil {
		if !errors.Is(err, debrief.ErrConflict) {
			return nil, err
		}
		// Another worker imported the same bytes first; its manifest counts.
		other, _, lerr := p.Documents.Recording(ctx, rec.Client, rec.ID)
		if lerr != nil {
			return nil, lerr
		}
		return other, sameTarget(other, to)
	}
	return rec, nil
}

func unusable(err error) bool {
	return errors.Is(err, debrief.ErrBadAudio) || errors.Is(err, debrief.ErrTruncated) || errors.Is(err, debrief.ErrNoAudio)
}

func (p *Pipeline) storeAudio(ctx context.Context, src *source, rec *debrief.Recording) error {
	dec, err := p.Decode(ctx, src.path)
	if err != nil {
		return err
	}
	defer dec.Close()
	pcm := make([]int16, SegmentSamples)
	for {
		n, err := readFull(dec, pcm)
		if err != nil {
			return err
		}
		if n > 0 {
			if err := p.storeSegment(ctx, rec, pcm[:n]); err != nil {
				return err
			}
		}
		if n < len(pcm) {
			break
		}
	}
	if rec.Samples == 0 {
		return debrief.WithHint(fmt.Errorf("%w: it holds no samples", debrief.ErrNoAudio), "check that the file plays")
	}
	return p.storeOriginal(ctx, src, rec)
}

// readFull fills dst; a short count without an error means the end.
func readFull(r AudioReader, dst []int16) (int, error) {
	for n := 0; ; {
		m, err := r.Read(dst[n:])
		n += m
		if n == len(dst) {
			return n, nil
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

func (p *Pipeline) storeSegment(ctx context.Context, rec *debrief.Recording, pcm []int16) error {
	data, err := p.EncodeFLAC(pcm)
	if err != nil {
		return fmt.Errorf("encode segment %d: %w", len(rec.Segments), err)
	}
	sum := sha256.Sum256(data)
	seg := debrief.Segment{
		Index:   len(rec.Segments),
		Start:   rec.Samples,
		Samples: debrief.Samples(len(pcm)),
		Bytes:   int64(len(data)),
		SHA256:  hex.EncodeToString(sum[:]),
	}
	if err := p.Objects.PutSegment(ctx, rec, seg.Index, data); err != nil {
		return fmt.Errorf("store segment %d: %w", seg.Index, err)
	}
	rec.Segments = append(rec.Segments, seg)
	rec.Samples += seg.Samples
	return nil
}

func (p *Pipeline) storeOriginal(ctx context.Context, src *source, rec *debrief.Recording) error {
	f, err := os.Open(src.path)
	if err != nil {
		return fileError(err)
	}
	defer f.Close()
	if err := p.Objects.PutOriginal(ctx, rec, f); err != nil {
		return fmt.Errorf("store original: %w", err)
	}
	return src.unchanged()
}

// sameTarget refuses to take a recording for another debrief than the one it is stored as.
func sameTarget(rec *debrief.Recording, to Target) error {
	if rec.Session == to.Session && rec.Phase == to.Phase {
		return nil
	}
	return debrief.WithHint(
		fmt.Errorf("the same audio is already stored as session %d, %s: %w", rec.Session, rec.Phase, debrief.ErrConflict),
		fmt.Sprintf("run it with --session %d --phase %s, or check which file belongs where", rec.Session, rec.Phase))
}
