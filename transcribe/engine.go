package transcribe

import (
	"context"

	"debrief"
)

// Engine turns speech into text. Implementations are safe for concurrent use and keep
// nothing of what they are given.
type Engine interface {
	// Name goes into the transcript, e.g. "moonshine-tiny" or "openai/whisper-1".
	Name() string
	// Sent is what goes along with the sound, a vocabulary, or "". Its echo is flagged, and kept
	// results are found again only under the same.
	Sent() string
	// Capabilities say what the engine can tell and how much it takes at once.
	Capabilities() Capabilities
	// Recognise returns what is said in the chunk; nothing is a valid answer. Errors wrap
	// [debrief.ErrUnavailable] when another try may succeed, and [debrief.ErrQuota],
	// [debrief.ErrDenied] or [debrief.ErrRefused] when it will not.
	Recognise(ctx context.Context, c *Chunk) (*Heard, error)
}

// Chunk is what an engine is given at once: whole islands, one after the other. The silence
// between them is left out.
type Chunk struct {
	Islands []Island
}

// Span reaches from the start of the first island to the end of the last.
func (c *Chunk) Span() debrief.Span {
	return debrief.Span{Start: c.Islands[0].Start, End: c.Islands[len(c.Islands)-1].End}
}

// Len is the sound in the chunk, in samples.
func (c *Chunk) Len() debrief.Samples {
	var n debrief.Samples
	for _, i := range c.Islands {
		n += i.Len()
	}
	return n
}

// PCM is the sound of all islands.
func (c *Chunk) PCM() []int16 {
	if len(c.Islands) == 1 {
		return c.Islands[0].PCM
	}
	pcm := make([]int16, 0, c.Len())
	for _, i := range c.Islands {
		pcm = append(pcm, i.PCM...)
	}
	return pcm
}

// At turns a position in the chunk's sound into one on the recording's clock. Positions
// outside the sound become its ends.
func (c *Chunk) At(pos debrief.Samples) debrief.Samples {
	pos = max(0, pos)
	for _, i := range c.Islands {
		if pos < i.Len() {
			return i.Start + pos
		}
		pos -= i.Len()
	}
	return c.Span().End
}

// Speech lists the runs of speech in the chunk.
func (c *Chunk) Speech() []debrief.Span {
	var out []debrief.Span
	for _, i := range c.Islands {
		out = append(out, i.Speech...)
	}
	return out
}

// Heard is what an engine made of a chunk. Times are on the recording's clock. It is what a
// [Chunks] store keeps, as JSON.
type Heard struct {
	Language string    `json:"language,omitempty"` // ISO 639-1, "" when the engine does not tell
	Passages []Passage `json:"passages"`
	// Spent is what the answer cost; kept with it, so that a run that goes on knows.
	Spent debrief.Spent `json:"spent,omitzero"`
}

// Passage is a stretch of text. An empty span means that the engine told no time.
type Passage struct {
	debrief.Span
	Text       string  `json:"text"`
	Words      []Word  `json:"words,omitempty"`
	Confidence float64 `json:"confidence,omitempty"` // 0-1, mean probability of the words; 0 when the engine does not tell
	NoSpeech   float64 `json:"no_speech,omitempty"`  // 0-1, the engine's own doubt that anybody spoke
	Speaker    string  `json:"speaker,omitempty"`    // the engine's label of the voice
}

// Word is a word as the engine heard it, with its punctuation.
type Word struct {
	debrief.Word
	Confidence float64 `json:"confidence,omitempty"`
}
