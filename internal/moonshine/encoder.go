package moonshine

import (
	"fmt"
	"math"

	"debrief/internal/onnx"
)

// Positions the encoder has a table for: 28 s of sound, the most the recogniser is ever
// given, make 1,166 frames of 384 samples.
const encoderPositions = 1280

// encoder writes Moonshine tiny's encoder from the two published graphs: input_values,
// float32 [1, samples] at 16 kHz, -1..1; outputs cross.N.{key,value}, float32 [1, 8, frames, 36],
// N 0-5: what each decoder layer makes of the encoder's states, computed once a recording's chunk.
//
// The weights are those of the published 8-bit files, dequantised here: in long chunks 32-bit
// products cost no more than 8-bit ones that must quantise their input each time, and hear
// slightly better.
func encoder(published, merged *onnx.Graph) ([]byte, error) {
	s := &speech{from: publish(published)}
	s.input("input_values", onnx.Float, 1, "samples")
	x := s.stem()
	s.splits()
	s.rotary(s.frequencies("/rotary_emb/MatMul_output_0"), encoderPositions)
	s.ints("from_start", 0)
	residual, mlp := x, ""
	for l := range moonLayers {
		residual, mlp = s.encoderLayer(l, residual, mlp)
	}
	states, _ := s.normalise(residual, mlp, "states", s.constOf("last_hidden_state", moonWidth))
	s.from = publish(append(branches(merged), merged)...)
	s.cross(states)
	return s.close("moonshine-tiny-encoder")
}

// branches are the graphs inside a graph's nodes.
func branches(g *onnx.Graph) []*onnx.Graph {
	var out []*onnx.Graph
	for _, n := range g.Nodes {
		for _, a := range n.Attrs {
			if a.Graph != nil {
				out = append(append(out, a.Graph), branches(a.Graph)...)
			}
		}
	}
	return out
}

// stem turns samples into frames: three convolutions, 64 x 3 x 2 = 384 samples a frame.
func (s *speech) stem() string {
	one := s.ints("channel_axis", 1)
	x := s.plain("Unsqueeze", []string{"input_values", one}, "channel")
	x = s.plain("Conv", []string{x, s.kernel(1, moonWidth, 1, 127)}, "conv1", onnx.Int64s("strides", 64), onnx.Int64s("kernel_shape", 127))
	x = s.plain("Tanh", []string{x}, "conv1.tanh")
	// GroupNorm with a single group, as its exporter wrote it.
	x = s.plain("Reshape", []string{x, s.ints("one_group", 0, 1, -1)}, "group")
	x = s.plain("InstanceNormalization", []string{x, s.vector("group.gain", []float32{1}), s.vector("group.shift", []float32{0})}, "group.normal", onnx.Float32("epsilon", moonEpsilon))
	x = s.plain("Reshape", []string{x, s.ints("channels", 0, moonWidth, -1)}, "group.back")
	x = s.plain("Mul", []string{x, s.constant(onnx.FloatTensor("channel.gain", s.constOf("/groupnorm/Mul_output_0", moonWidth), moonWidth, 1))}, "group.scaled")
	x = s.plain("Add", []string{x, s.constant(onnx.FloatTensor("channel.shift", s.constOf("/groupnorm/Add_output_0", moonWidth), moonWidth, 1))}, "group.shifted")
	x = s.plain("Conv", []string{x, s.kernel(2, 2*moonWidth, moonWidth, 7), s.vector("conv2.bias", s.floats("conv2.bias", 2*moonWidth))}, "conv2", onnx.Int64s("strides", 3), onnx.Int64s("kernel_shape", 7))
	x = s.fused("Gelu", []string{x}, "conv2.gelu")
	x = s.plain("Conv", []string{x, s.kernel(3, moonWidth, 2*moonWidth, 3), s.vector("conv3.bias", s.floats("conv3.bias", moonWidth))}, "conv3", onnx.Int64s("strides", 2), onnx.Int64s("kernel_shape", 3))
	x = s.fused("Gelu", []string{x}, "conv3.gelu")
	return s.plain("Transpose", []string{x}, "frames", onnx.Int64s("perm", 0, 2, 1))
}

// kernel adds a convolution's weights, published as signed bytes with a scale and an offset.
func (s *speech) kernel(n, out, in, width int) string {
	name := fmt.Sprintf("conv%d", n)
	v := make([]float32, out*in*width)
	t := s.from.consts[name+".weight_quantized"]
	if t == nil || len(t.Raw) != len(v) {
		s.fail("no weights of %s", name)
		return name
	}
	scale, offset := s.floats(name+".weight_scale", 1)[0], s.floats(name+".weight_zero_point", 1)[0]
	for i, b := range t.Raw {
		v[i] = float32(int8(b))*scale + offset
	}
	return s.constant(onnx.FloatTensor(name+".weights", v, int64(out), int64(in), int64(width)))
}

// encoderLayer writes one layer; the sum of residual and the layer before's mlp is still to be made.
func (s *speech) encoderLayer(l int, residual, mlp string) (string, string) {
	from := fmt.Sprintf("/layers.%d", l)
	p := fmt.Sprintf("layer.%d.", l)
	x, residual := s.normalise(residual, mlp, p+"in", s.constOf(from+"/input_layernorm/Mul_output_0", moonWidth))
	var qkv []quantised
	for _, name := range []string{"q", "k", "v"} {
		qkv = append(qkv, s.linear(from+"/self_attn/"+name+"_proj", moonWidth, moonWidth))
	}
	x = s.selfAttention(l, s.float(x, p+"qkv", "", qkv...), "from_start")
	x = s.float(x, p+"attention", "", s.linear(from+"/self_attn/dense", moonWidth, moonWidth))
	x, residual = s.normalise(residual, x, p+"post", s.constOf(from+"/post_attention_layernorm/Mul_output_0", moonWidth))
	const wide = 4 * moonWidth
	bias := s.vector(p+"fc1.bias", s.floats(fmt.Sprintf("layers.%d.mlp.fc1.bias", l), wide))
	x = s.float(x, p+"fc1", bias, s.linear(from+"/mlp/fc1", moonWidth, wide))
	x = s.fused("Gelu", []string{x}, p+"gelu")
	bias = s.vector(p+"fc2.bias", s.floats(fmt.Sprintf("layers.%d.mlp.fc2.bias", l), moonWidth))
	return residual, s.float(x, p+"fc2", bias, s.linear(from+"/mlp/fc2", wide, moonWidth))
}

// cross writes what the decoder's layers make of the encoder's states. Keys carry the
// attention's 1/sqrt(36) already, so that no step has to divide.
func (s *speech) cross(states string) {
	heads := s.ints("heads", 1, -1, moonHeads, moonHead)
	for l := range moonLayers {
		for _, kind := range []string{"key", "value"} {
			q := s.linear(fmt.Sprintf("/model/decoder/layers.%d/encoder_attn/%c_proj", l, kind[0]), moonWidth, moonWidth)
			if kind == "key" {
				q.scale /= float32(math.Sqrt(moonHead))
			}
			name := fmt.Sprintf("cross.%d.%s", l, kind)
			x := s.plain("Reshape", []string{s.float(states, name+".flat", "", q), heads}, name+".heads")
			s.plain("Transpose", []string{x}, name, onnx.Int64s("perm", 0, 2, 1, 3))
			s.output(name, onnx.Float, 1, moonHeads, "frames", moonHead)
		}
	}
}
