package transcribe

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"debrief"
)

// Chunks keeps the result of every chunk as it arrives, so that a run that stopped goes on
// at the first chunk that is missing. Implementations are safe for concurrent use.
type Chunks interface {
	// Load returns what was saved under the key; [debrief.ErrNotFound] when nothing was.
	Load(ctx context.Context, key string) ([]byte, error)
	// Save keeps a result. Saving the same key again replaces it.
	Save(ctx context.Context, key string, result []byte) error
}

// chunkVersion changes when islands or results are made another way, so that what an older
// program kept is not taken for this one's.
const chunkVersion = 3

// chunkKey names a chunk: 64 hex digits, the same when the same sound at the same place goes to the
// same engine with the same things sent along. It does not name the recording: one that is still
// being made has no hash yet.
func (t *Transcriber) chunkKey(c *Chunk) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %q %q %q\n", chunkVersion, t.engine.Name(), t.engine.Sent(), t.language)
	var b []byte
	for _, i := range c.Islands {
		fmt.Fprintf(h, "%d %d\n", i.Start, i.End)
		b = b[:0]
		for _, v := range i.PCM {
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// recall returns a kept result, or nil.
func (t *Transcriber) recall(ctx context.Context, key string) (*Heard, error) {
	if t.chunks == nil {
		return nil, nil
	}
	b, err := t.chunks.Load(ctx, key)
	if errors.Is(err, debrief.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load chunk %s: %w", key, err)
	}
	h := &Heard{}
	if err := json.Unmarshal(b, h); err != nil {
		t.log.Warn("kept chunk is not readable, recognising it again", "key", key)
		return nil, nil
	}
	return h, nil
}

func (t *Transcriber) keep(ctx context.Context, key string, h *Heard) error {
	if t.chunks == nil {
		return nil
	}
	b, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("keep chunk %s: %w", key, err)
	}
	if err := t.chunks.Save(ctx, key, b); err != nil {
		return fmt.Errorf("keep chunk %s: %w", key, err)
	}
	return nil
}

// packer makes chunks of whole islands, as large as an engine takes.
type packer struct {
	most  debrief.Samples // sound a chunk may hold
	bytes int64           // and bytes of encoded sound; 0 is no limit
	open  []Island
	held  debrief.Samples
}

// newPacker makes chunks for an engine. A model that is not known gets them short until it
// has shown that it gives times.
func newPacker(c Capabilities) *packer {
	p := &packer{most: c.chunkSamples(), bytes: c.MaxBytes}
	if !c.Known {
		p.most = maxIsland
	}
	return p
}

// flacBytes is what FLAC needs around incompressible samples: under 1 % in frames of 4,096,
// and 8 KiB for its head. With it, no chunk can come out larger than its samples say.
func flacBytes(n debrief.Samples) int64 { return int64(n)*2*101/100 + 8<<10 }

// fits reports whether so much sound is within the limits, even if it does not compress at all.
func (p *packer) fits(n debrief.Samples) bool {
	return n <= p.most && (p.bytes == 0 || flacBytes(n) <= p.bytes)
}

// add takes an island and returns the chunk it did not fit into any more, or nil.
func (p *packer) add(i Island) *Chunk {
	var full *Chunk
	if len(p.open) > 0 && !p.fits(p.held+i.Len()) {
		full = p.flush()
	}
	p.open = append(p.open, i)
	p.held += i.Len()
	return full
}

// flush returns the chunk being made, or nil.
func (p *packer) flush() *Chunk {
	if len(p.open) == 0 {
		return nil
	}
	c := &Chunk{Islands: p.open}
	p.open, p.held = nil, 0
	return c
}
