package transcribe

import (
	"fmt"
	"slices"

	"github.com/yalue/onnxruntime_go"

	"debrief/internal/models"
	"debrief/internal/moonshine"
	"debrief/internal/ort"
)

// window is the sound one probability of speech stands for, in samples: 32 ms.
const window = moonshine.VADWindow

// windowsAtOnce is how many windows the model is run over in one call: a second of sound.
// More would save nothing and keep islands waiting.
const windowsAtOnce = 32

// forgetBelow: after a second in which no window was likelier speech than this, the ear
// forgets what it heard. In long silence the model's memory drifts until it misses quiet
// speech: in recordings with pauses of up to a minute, one beginning in ten.
const forgetBelow = 0.15

// How quiet speech is made louder for the detector, and for it alone: at a peak of -40 dBFS it
// misses one word in forty.
const (
	audibleLevel = 0.03 // of full scale: -30 dBFS; sound that has reached it is left as it is
	mostGain     = 4    // 12 dB; more changes no more words, and brings up the noise of rooms
	levelKept    = 0.97 // of the level heard last, each second: half in 23 s, so that a pause brings up no noise
)

// memory is the width of the model's recurrent state.
const memory = 128

// detector tells speech from everything else. It holds the model; each recording has an [ear].
type detector struct {
	session *onnxruntime_go.DynamicAdvancedSession
}

func newDetector(dir models.Dir) (*detector, error) {
	if err := ort.Start(dir.Runtime()); err != nil {
		return nil, err
	}
	s, err := ort.Open(dir.Silero(), []string{"input", "h", "c"}, []string{"speech", "h_next", "c_next"})
	if err != nil {
		return nil, fmt.Errorf("open voice activity model: %w", err)
	}
	return &detector{session: s}, nil
}

func (d *detector) close() error { return d.session.Destroy() }

// ear listens to one recording from front to back: what it heard before colours what it hears next.
type ear struct {
	detector *detector
	h, c     []float32
	context  [moonshine.VADContext]int16
	level    float32 // how loud the sound has been lately, 0 to 1
}

func (d *detector) ear() *ear {
	return &ear{detector: d, h: make([]float32, memory), c: make([]float32, memory)}
}

// probabilities returns, for each window of pcm, how likely it holds speech. The last window
// may be cut short by the end of the recording; it is then filled with silence, which only
// the detector hears.
func (e *ear) probabilities(pcm []int16) ([]float32, error) {
	n := (len(pcm) + window - 1) / window
	const width = moonshine.VADContext + window
	gain := e.gain(pcm) / 32768
	input := make([]float32, n*width)
	for w := range n {
		row := input[w*width : (w+1)*width]
		from := w*window - moonshine.VADContext
		for i := range row {
			switch at := from + i; {
			case at < 0:
				row[i] = gain * float32(e.context[at+moonshine.VADContext])
			case at < len(pcm):
				row[i] = gain * float32(pcm[at])
			}
		}
	}
	if tail := len(pcm) - moonshine.VADContext; tail >= 0 {
		copy(e.context[:], pcm[tail:])
	}
	speech := make([]float32, n)
	if err := e.run(input, speech, int64(n)); err != nil {
		return nil, err
	}
	if slices.Max(speech) < forgetBelow {
		clear(e.h)
		clear(e.c)
	}
	return speech, nil
}

// gain is by how much the next sound is to be made louder.
func (e *ear) gain(pcm []int16) float32 {
	e.level *= levelKept
	for _, s := range pcm {
		e.level = max(e.level, float32(s)/32768, -float32(s)/32768)
	}
	if e.level >= audibleLevel {
		return 1
	}
	return min(mostGain, audibleLevel/max(e.level, 1.0/32768))
}

func (e *ear) run(input, speech []float32, n int64) error {
	h, c := make([]float32, memory), make([]float32, memory)
	in, err := tensors(
		shaped{input, onnxruntime_go.NewShape(n, moonshine.VADContext+window)},
		shaped{e.h, onnxruntime_go.NewShape(1, 1, memory)}, shaped{e.c, onnxruntime_go.NewShape(1, 1, memory)})
	defer destroy(in)
	if err != nil {
		return err
	}
	out, err := tensors(shaped{speech, onnxruntime_go.NewShape(n, 1)},
		shaped{h, onnxruntime_go.NewShape(1, 1, memory)}, shaped{c, onnxruntime_go.NewShape(1, 1, memory)})
	defer destroy(out)
	if err != nil {
		return err
	}
	if err := e.detector.session.Run(in, out); err != nil {
		return fmt.Errorf("run voice activity model: %w", err)
	}
	e.h, e.c = h, c
	return nil
}

// shaped is data with the shape a model wants it in.
type shaped struct {
	data  []float32
	shape onnxruntime_go.Shape
}

// tensors wraps data without copying it; what was made is returned even with an error.
func tensors(all ...shaped) ([]onnxruntime_go.Value, error) {
	var out []onnxruntime_go.Value
	for _, s := range all {
		t, err := onnxruntime_go.NewTensor(s.shape, s.data)
		if err != nil {
			return out, fmt.Errorf("make tensor: %w", err)
		}
		out = append(out, t)
	}
	return out, nil
}

func destroy(values []onnxruntime_go.Value) {
	for _, v := range values {
		if v != nil {
			v.Destroy()
		}
	}
}
