package transcribe

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"sort"

	"github.com/yalue/onnxruntime_go"

	"debrief"
	"debrief/internal/models"
	"debrief/internal/moonshine"
	"debrief/internal/ort"
)

// Limits of the recogniser.
const (
	// tokensPerSecond and tokensMore bound what is decoded of a chunk: fast conversation
	// reaches 6 tokens a second; a decoder that runs into the bound is in a loop.
	tokensPerSecond = 6.5
	tokensMore      = 6
	// frame is what one step of the encoder's time stands for, in samples: 24 ms.
	frame = 64 * 3 * 2
	// shortest is the least sound the encoder's convolutions can be laid over.
	shortest = debrief.SampleRate / 10
)

// alignHeads are the heads of the attention output that look at the word being written; see
// internal/moonshine for how they were found.
var alignHeads = []int{0, 1, 2, 3, 6}

// Sizes of the decoder's tensors.
const (
	layers = 6
	heads  = 8
	head   = 36
)

// token is one decoded piece.
type token struct {
	id          int64
	probability float64
	frame       int // where in the sound the decoder looked while it wrote the token
}

// model is Moonshine tiny on ONNX Runtime. Its sessions take several callers at once.
type model struct {
	encoder, decoder *onnxruntime_go.DynamicAdvancedSession
	words            vocabulary
}

func openModel(dir models.Dir) (*model, error) {
	if err := ort.Start(dir.Runtime()); err != nil {
		return nil, err
	}
	var cross, present []string
	past := []string{"token", "position"}
	out := []string{"next", "probability", "attention"}
	for l := range layers {
		for _, kind := range []string{"key", "value"} {
			name := fmt.Sprintf(".%d.%s", l, kind)
			cross = append(cross, "cross"+name)
			past = append(past, "past"+name)
			present = append(present, "present"+name)
		}
	}
	m := &model{}
	var err error
	if m.words, err = readVocabulary(filepath.Join(dir.Moonshine(), "tokens.txt")); err != nil {
		return nil, err
	}
	if m.encoder, err = ort.Open(filepath.Join(dir.Moonshine(), moonshine.EncoderFile), []string{"input_values"}, cross); err != nil {
		return nil, err
	}
	m.decoder, err = ort.Open(filepath.Join(dir.Moonshine(), moonshine.DecoderFile), append(past, cross...), append(out, present...))
	if err != nil {
		m.encoder.Destroy()
		return nil, err
	}
	return m, nil
}

func (m *model) close() error {
	err := m.encoder.Destroy()
	if e := m.decoder.Destroy(); err == nil {
		err = e
	}
	return err
}

// decode writes down the sound of a chunk. full reports that it ran into the bound on tokens.
func (m *model) decode(ctx context.Context, pcm []int16) (tokens []token, full bool, err error) {
	if len(pcm) < shortest {
		return nil, false, nil
	}
	cross, err := m.encode(pcm)
	defer destroy(cross)
	if err != nil {
		return nil, false, err
	}
	d, err := m.start(cross)
	defer d.close()
	if err != nil {
		return nil, false, err
	}
	limit := int(math.Ceil(tokensPerSecond*debrief.Samples(len(pcm)).Seconds())) + tokensMore
	for range limit {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		t, err := d.step()
		if err != nil {
			return nil, false, err
		}
		if t.id == tokenEnd {
			return tokens, false, nil
		}
		tokens = append(tokens, t)
	}
	return tokens, true, nil
}

// encode returns the keys and values the decoder's layers attend to; the caller destroys them.
func (m *model) encode(pcm []int16) ([]onnxruntime_go.Value, error) {
	sound := make([]float32, len(pcm))
	for i, s := range pcm {
		sound[i] = float32(s) / 32768
	}
	in, err := tensors(shaped{sound, onnxruntime_go.NewShape(1, int64(len(sound)))})
	defer destroy(in)
	if err != nil {
		return nil, err
	}
	cross := make([]onnxruntime_go.Value, 2*layers)
	if err := m.encoder.Run(in, cross); err != nil {
		return cross, fmt.Errorf("run encoder: %w", err)
	}
	return cross, nil
}

// decoding is the state between two steps.
type decoding struct {
	model    *model
	token    *onnxruntime_go.Tensor[int64]
	position *onnxruntime_go.Tensor[int64]
	past     []onnxruntime_go.Value
	cross    []onnxruntime_go.Value // not its own
}

func (m *model) start(cross []onnxruntime_go.Value) (*decoding, error) {
	d := &decoding{model: m, cross: cross}
	var err error
	if d.token, err = onnxruntime_go.NewTensor(onnxruntime_go.NewShape(1, 1), []int64{tokenStart}); err != nil {
		return d, fmt.Errorf("make tensor: %w", err)
	}
	if d.position, err = onnxruntime_go.NewTensor(onnxruntime_go.NewShape(1), []int64{0}); err != nil {
		return d, fmt.Errorf("make tensor: %w", err)
	}
	empty := make([]shaped, 2*layers)
	for i := range empty {
		empty[i] = shaped{nil, onnxruntime_go.NewShape(1, heads, 0, head)}
	}
	d.past, err = tensors(empty...)
	return d, err
}

func (d *decoding) close() {
	if d.token != nil {
		d.token.Destroy()
	}
	if d.position != nil {
		d.position.Destroy()
	}
	destroy(d.past)
}

func (d *decoding) step() (token, error) {
	in := append(append([]onnxruntime_go.Value{d.token, d.position}, d.past...), d.cross...)
	out := make([]onnxruntime_go.Value, 3+2*layers)
	if err := d.model.decoder.Run(in, out); err != nil {
		return token{}, fmt.Errorf("run decoder: %w", err)
	}
	defer destroy(out[:3])
	destroy(d.past)
	d.past = out[3:]
	next, ok1 := out[0].(*onnxruntime_go.Tensor[int64])
	probability, ok2 := out[1].(*onnxruntime_go.Tensor[float32])
	attention, ok3 := out[2].(*onnxruntime_go.Tensor[float32])
	if !ok1 || !ok2 || !ok3 {
		return token{}, fmt.Errorf("run decoder: %w: outputs of another type", debrief.ErrModel)
	}
	t := token{id: next.GetData()[0], probability: float64(probability.GetData()[0]), frame: lookedAt(attention.GetData())}
	d.token.GetData()[0] = t.id
	d.position.GetData()[0]++
	return t, nil
}

// lookedAt is the median, over the heads that align, of the frame each looks at most.
func lookedAt(attention []float32) int {
	frames := len(attention) / heads
	peaks := make([]int, 0, len(alignHeads))
	for _, h := range alignHeads {
		row := attention[h*frames : (h+1)*frames]
		best := 0
		for i, v := range row {
			if v > row[best] {
				best = i
			}
		}
		peaks = append(peaks, best)
	}
	sort.Ints(peaks)
	return peaks[len(peaks)/2]
}
