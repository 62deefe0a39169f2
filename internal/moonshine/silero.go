package moonshine

import (
	"fmt"
	"slices"
	"strings"

	"debrief/internal/onnx"
)

// Silero's view of a window, in samples at 16 kHz.
const (
	// VADWindow is how much sound one probability stands for: 32 ms.
	VADWindow = 512
	// VADContext is how much of the sound before it a window is shown.
	VADContext = 64
)

// PrepareVAD writes Silero's voice activity model for many windows in a row, from the
// published file (version 5 or 6): input, float32 [windows, 576], each window with the 64 samples before it;
// h and c, float32 [1, 1, 128], the memory, zero at the start. Outputs: speech, float32
// [windows, 1], probabilities; h_next and c_next.
//
// The published graph takes one window a call and decides by If nodes which of two sample
// rates it hears; that made the detector cost as much as a fifth of recognising the speech.
// Only its memory must be computed in order, and an LSTM takes a sequence.
func PrepareVAD(silero []byte) ([]byte, error) {
	m, err := onnx.Parse(silero)
	if err != nil {
		return nil, fmt.Errorf("read Silero: %w", err)
	}
	var rate *onnx.Graph // the branch for 16 kHz
	for _, n := range m.Graph.Nodes {
		for _, a := range n.Attrs {
			if a.Name == "then_branch" && a.Graph != nil {
				rate = a.Graph
			}
		}
	}
	if rate == nil {
		return nil, fmt.Errorf("read Silero: %w: no branch for 16 kHz", onnx.ErrMalformed)
	}
	s := &speech{from: publish(append(branches(rate), rate)...)}
	s.input("input", onnx.Float, "windows", VADContext+VADWindow)
	s.input("h", onnx.Float, 1, 1, 128)
	s.input("c", onnx.Float, 1, 1, 128)
	s.output("speech", onnx.Float, "windows", 1)
	s.output("h_next", onnx.Float, 1, 1, 128)
	s.output("c_next", onnx.Float, 1, 1, 128)

	// The spectrum: sound mirrored at the end, 129 cosines and 129 sines, 4 frames a window.
	x := s.plain("Pad", []string{"input", s.ints("mirror", 0, 0, 0, 64)}, "padded", onnx.String("mode", "reflect"))
	x = s.plain("Unsqueeze", []string{x, s.ints("channel_axis", 1)}, "sound")
	x = s.plain("Conv", []string{x, s.sileroConst("stft.forward_basis_buffer", 258, 1, 256)}, "stft", onnx.Int64s("strides", 128), onnx.Int64s("kernel_shape", 256))
	s.add("", "Split", []string{x, s.ints("halves", 129, 129)}, []string{"real", "imaginary"}, onnx.Int64("axis", 1))
	x = s.plain("Add", []string{s.plain("Mul", []string{"real", "real"}, "real2"), s.plain("Mul", []string{"imaginary", "imaginary"}, "imaginary2")}, "power")
	x = s.plain("Sqrt", []string{x}, "magnitude")
	for i, c := range []struct{ out, in, stride int64 }{{128, 129, 1}, {64, 128, 2}, {64, 64, 2}, {128, 64, 1}} {
		name := fmt.Sprintf("encoder.%d", i)
		x = s.plain("Conv", append([]string{x}, s.sileroConv(name+".reparam_conv", c.out, c.in, 3)...), name,
			onnx.Int64s("strides", c.stride), onnx.Int64s("kernel_shape", 3), onnx.Int64s("pads", 1, 1))
		x = s.plain("Relu", []string{x}, name+".relu")
	}
	x = s.plain("Reshape", []string{x, s.ints("sequence", -1, 1, 128)}, "heard")
	const width = 128
	input := s.constant(onnx.FloatTensor("lstm.input", gates(s.sileroFloats("decoder.rnn.weight_ih", 4*width, width)), 1, 4*width, width))
	recurrence := s.constant(onnx.FloatTensor("lstm.recurrence", gates(s.sileroFloats("decoder.rnn.weight_hh", 4*width, width)), 1, 4*width, width))
	bias := slices.Concat(gates(s.sileroFloats("decoder.rnn.bias_ih", 4*width)), gates(s.sileroFloats("decoder.rnn.bias_hh", 4*width)))
	s.add("", "LSTM", []string{x, input, recurrence, s.constant(onnx.FloatTensor("lstm.bias", bias, 1, 8*width)), "", "h", "c"},
		[]string{"memory", "h_next", "c_next"}, onnx.Int64("hidden_size", width))
	x = s.plain("Reshape", []string{"memory", s.ints("columns", -1, 128, 1)}, "memory.columns")
	x = s.plain("Relu", []string{x}, "memory.relu")
	x = s.plain("Conv", append([]string{x}, s.sileroConv("decoder.decoder.2", 1, width, 1)...), "decide", onnx.Int64s("kernel_shape", 1))
	x = s.plain("Sigmoid", []string{x}, "decided")
	s.plain("Reshape", []string{x, s.ints("probabilities", -1, 1)}, "speech")
	return s.close("silero-vad-sequence")
}

// sileroConv adds a convolution's weights and bias and returns their names.
func (s *speech) sileroConv(name string, dims ...int64) []string {
	weights := s.sileroConst(name+".weight", dims...)
	return []string{weights, s.sileroConst(name+".bias", dims[0])}
}

// sileroConst adds a constant of the published branch, known by the end of its name.
func (s *speech) sileroConst(name string, dims ...int64) string {
	v := s.sileroFloats(name, dims...)
	return s.constant(onnx.FloatTensor(name, v, dims...))
}

func (s *speech) sileroFloats(name string, dims ...int64) []float32 {
	size := 1
	for _, d := range dims {
		size *= int(d)
	}
	for out, n := range s.from.nodes {
		if value := n.Attr("value"); strings.HasSuffix(out, "__"+name) && n.Op == "Constant" && value != nil && value.Tensor != nil {
			if v, err := value.Tensor.Floats(); err == nil && len(v) == size {
				return v
			}
		}
	}
	s.fail("no constant %s of %v real numbers", name, dims)
	return make([]float32, size)
}

// gates puts the four gates of an LSTM, input forget cell output as they were trained, in
// ONNX's order: input output forget cell.
func gates(v []float32) []float32 {
	n := len(v) / 4
	return slices.Concat(v[:n], v[3*n:], v[n:2*n], v[2*n:3*n])
}
