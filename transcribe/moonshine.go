package transcribe

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"debrief"
	"debrief/internal/models"
)

// moonshineName is the engine's name in transcripts and in the table of capabilities.
const moonshineName = "moonshine-tiny"

// MoonshineConfig configures the recogniser on this machine.
type MoonshineConfig struct {
	Models models.Dir
	// Workers is how many chunks are recognised side by side, on one core each; 0 means
	// all cores, at most [MaxWorkers].
	Workers int
}

// MaxWorkers is the default's bound. Each worker adds about 100 MB; two are measured.
const MaxWorkers = 2

// Moonshine recognises English speech on this machine: Moonshine tiny, 27 million
// parameters. It sends nothing anywhere.
type Moonshine struct {
	model *model
	slots chan struct{} // a place for each worker
}

// NewMoonshine opens the model. Close it when no one uses it any more. The error wraps
// [debrief.ErrModel] when files are missing or damaged.
func NewMoonshine(c MoonshineConfig) (*Moonshine, error) {
	if c.Workers < 0 {
		return nil, fmt.Errorf("open recogniser: %d workers: %w", c.Workers, debrief.ErrInvalid)
	}
	if c.Workers == 0 {
		c.Workers = min(runtime.NumCPU(), MaxWorkers)
	}
	m, err := openModel(c.Models)
	if err != nil {
		return nil, fmt.Errorf("open recogniser: %w", err)
	}
	return &Moonshine{model: m, slots: make(chan struct{}, c.Workers)}, nil
}

// Close frees the model. Nothing may use the engine any more.
func (m *Moonshine) Close() error { return m.model.close() }

// Name is "moonshine-tiny".
func (m *Moonshine) Name() string { return moonshineName }

// Sent is nothing: the model takes only sound.
func (m *Moonshine) Sent() string { return "" }

// Capabilities are those of the table, with as many chunks in parallel as there are workers,
// and one that waits for the next to be free.
func (m *Moonshine) Capabilities() Capabilities {
	c := capabilitiesOf(moonshineName)
	c.Parallel = cap(m.slots) + 1
	return c
}

// Recognise writes down each island, as workers become free: at the end of a recording they
// share its last chunk. It is deterministic: same sound, same text.
func (m *Moonshine) Recognise(ctx context.Context, c *Chunk) (*Heard, error) {
	heard := make([][]Passage, len(c.Islands))
	group, ctx := errgroup.WithContext(ctx)
	for i, island := range c.Islands {
		group.Go(func() (err error) {
			select {
			case m.slots <- struct{}{}:
				defer func() { <-m.slots }()
			case <-ctx.Done():
				return ctx.Err()
			}
			if heard[i], err = m.island(ctx, island); err != nil {
				return fmt.Errorf("recognise at %s: %w", island.Start, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return &Heard{Language: "en", Passages: slices.Concat(heard...)}, nil
}

// island recognises one island. When the decoder falls into a loop, or says nothing where
// there is speech, the island is heard again in two halves.
func (m *Moonshine) island(ctx context.Context, island Island) ([]Passage, error) {
	tokens, full, err := m.model.decode(ctx, island.PCM)
	if err != nil {
		return nil, err
	}
	p := m.passage(island, tokens)
	if doubtful := full || repetitive(p.Text) || len(tokens) == 0; doubtful {
		if a, b, ok := island.halves(); ok {
			first, err := m.island(ctx, a)
			if err != nil {
				return nil, err
			}
			second, err := m.island(ctx, b)
			return append(first, second...), err
		}
	}
	if p.Text == "" {
		return nil, nil
	}
	if p.Confidence < unsure {
		other, err := m.shifted(ctx, island)
		if err != nil {
			return nil, err
		}
		if other.Confidence > p.Confidence && !repetitive(other.Text) {
			p = other
		}
	}
	return []Passage{p}, nil
}

// unsure is the confidence below which an island is heard a second time.
const unsure = 0.85

// shifted hears an island again, its frames half a frame later. Where the sound is clear that
// changes nothing; where it is not, it is a second opinion, and the surer one is mostly right.
func (m *Moonshine) shifted(ctx context.Context, island Island) (Passage, error) {
	later := island
	later.Start += frame / 2
	later.PCM = island.PCM[min(frame/2, len(island.PCM)):]
	tokens, full, err := m.model.decode(ctx, later.PCM)
	if err != nil || full {
		return Passage{}, err
	}
	return m.passage(later, tokens), nil
}

// passage puts words together from tokens.
func (m *Moonshine) passage(island Island, tokens []token) Passage {
	p := Passage{Span: debrief.Span{Start: island.Speech[0].Start, End: island.Speech[len(island.Speech)-1].End}}
	var ids []int64
	for i := 0; i < len(tokens); {
		n := i + 1
		for n < len(tokens) && !m.model.words.startsWord(tokens[n].id) {
			n++
		}
		var word []int64
		sum := 0.0
		for _, t := range tokens[i:n] {
			word = append(word, t.id)
			sum += t.probability
		}
		ids = append(ids, word...)
		if text := m.model.words.text(word); text != "" {
			at := island.Start + debrief.Samples(tokens[i].frame*frame)
			p.Words = append(p.Words, Word{
				Word:       debrief.Word{Span: debrief.Span{Start: at, End: at}, Text: text},
				Confidence: sum / float64(n-i),
			})
		}
		p.Confidence += sum
		i = n
	}
	p.Text = m.model.words.text(ids)
	if len(tokens) > 0 {
		p.Confidence /= float64(len(tokens))
	}
	settle(p.Words, island.Speech)
	return p
}
