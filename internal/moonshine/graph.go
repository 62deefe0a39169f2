package moonshine

import (
	"fmt"
	"math"
	"slices"

	"debrief/internal/onnx"
)

// Sizes of Moonshine tiny, the same in encoder and decoder.
const (
	moonLayers  = 6
	moonHeads   = 8
	moonHead    = 36 // width of a head
	moonWidth   = moonHeads * moonHead
	moonRotary  = 32 // of a head's 36 numbers, those that carry the position
	moonEpsilon = 1e-5
)

// Versions written: the oldest with every operator used; LayerNormalization came with set 17.
const (
	irVersion = 8
	opset     = 17
)

// published looks tensors up in a graph as it was published.
type published struct {
	nodes  map[string]*onnx.Node // by output
	consts map[string]*onnx.Tensor
}

func publish(graphs ...*onnx.Graph) published {
	p := published{map[string]*onnx.Node{}, map[string]*onnx.Tensor{}}
	for _, g := range graphs {
		for _, t := range g.Initializers {
			p.consts[t.Name] = t
		}
		for _, n := range g.Nodes {
			for _, o := range n.Outputs {
				p.nodes[o] = n
			}
		}
	}
	return p
}

// speech writes a graph of fused operators around the weights of published ones. The first
// error stays; what is written after it is of no use.
type speech struct {
	graph onnx.Graph
	from  published
	err   error
}

func (s *speech) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("%w: %s", onnx.ErrMalformed, fmt.Sprintf(format, args...))
	}
}

// add appends an operator whose outputs bear the given names.
func (s *speech) add(domain, op string, inputs, outputs []string, attrs ...*onnx.Attr) {
	s.graph.Nodes = append(s.graph.Nodes, &onnx.Node{Op: op, Domain: domain, Name: outputs[0], Inputs: inputs, Outputs: outputs, Attrs: attrs})
}

func (s *speech) fused(op string, inputs []string, out string, attrs ...*onnx.Attr) string {
	s.add(onnx.Microsoft, op, inputs, []string{out}, attrs...)
	return out
}

func (s *speech) plain(op string, inputs []string, out string, attrs ...*onnx.Attr) string {
	s.add("", op, inputs, []string{out}, attrs...)
	return out
}

func (s *speech) input(name string, elem onnx.ElemType, dims ...any) {
	v, err := onnx.NewValue(name, elem, dims...)
	if err != nil && s.err == nil {
		s.err = err
	}
	s.graph.Inputs = append(s.graph.Inputs, v)
}

func (s *speech) output(name string, elem onnx.ElemType, dims ...any) {
	v, err := onnx.NewValue(name, elem, dims...)
	if err != nil && s.err == nil {
		s.err = err
	}
	s.graph.Outputs = append(s.graph.Outputs, v)
}

// close makes the file, with ONNX Runtime's operators beside the standard ones.
func (s *speech) close(name string) ([]byte, error) {
	if s.err != nil {
		return nil, fmt.Errorf("write %s: %w", name, s.err)
	}
	s.graph.Name = name
	m := &onnx.Model{IR: irVersion, Producer: "debrief", Opsets: []onnx.Opset{{Version: opset}, {Domain: onnx.Microsoft, Version: 1}}, Graph: &s.graph}
	return m.Marshal(), nil
}

// floats reads a constant float32 tensor; its length must be n.
func (s *speech) floats(name string, n int) []float32 {
	if t := s.from.consts[name]; t != nil {
		if v, err := t.Floats(); err == nil && len(v) == n {
			return v
		}
	}
	s.fail("constant %q is not there as %d real numbers", name, n)
	return make([]float32, n)
}

// constOf is the constant among the inputs of the node that makes out: a bias, a gain.
func (s *speech) constOf(out string, n int) []float32 {
	if node := s.from.nodes[out]; node != nil {
		for _, in := range node.Inputs {
			if s.from.consts[in] != nil {
				return s.floats(in, n)
			}
		}
	}
	s.fail("no constant goes into %q", out)
	return make([]float32, n)
}

// constant adds a constant and returns its name.
func (s *speech) constant(t *onnx.Tensor) string {
	s.graph.Initializers = append(s.graph.Initializers, t)
	return t.Name
}

// ints adds a constant list of integers.
func (s *speech) ints(name string, v ...int64) string {
	return s.constant(onnx.IntTensor(name, v, int64(len(v))))
}

// vector adds a constant list of numbers.
func (s *speech) vector(name string, v []float32) string {
	return s.constant(onnx.FloatTensor(name, v, int64(len(v))))
}

// quantised is a matrix as published: (weight - zero) * scale, rows x cols.
type quantised struct {
	weights    []byte
	rows, cols int
	zero       byte
	scale      float32
}

// linear reads the weights of a layer, found by the names quantisation left in the graph.
func (s *speech) linear(layer string, rows, cols int) quantised {
	product := s.from.nodes[layer+"/MatMul_output_0_output_quantized"]
	scaling := s.from.nodes[layer+"/MatMul_quant_scales_mul:0"]
	if product == nil || scaling == nil || len(product.Inputs) != 4 || len(scaling.Inputs) != 2 {
		s.fail("no quantised layer %q", layer)
		return quantised{make([]byte, rows*cols), rows, cols, 0, 0}
	}
	q := quantised{rows: rows, cols: cols, scale: s.floats(scaling.Inputs[1], 1)[0]}
	q.weights = s.bytes(product.Inputs[1], rows*cols)
	q.zero = s.bytes(product.Inputs[3], 1)[0]
	return q
}

func (s *speech) bytes(name string, n int) []byte {
	t := s.from.consts[name]
	if t == nil || t.Type != onnx.Uint8 || len(t.Raw) != n {
		s.fail("constant %q is not there as %d bytes", name, n)
		return make([]byte, n)
	}
	return t.Raw
}

// quantBlock is how many weights of a column share one scale in MatMulNBits. The published
// scales are one for a whole matrix, so the number only sets how finely the operator
// quantises what it multiplies them with; 32 is the finest but one, and divides every width here.
const quantBlock = 32

// quantised8 multiplies x with matrices side by side, in 8 bits: weights exactly as published.
func (s *speech) quantised8(x, out, bias string, qs ...quantised) string {
	rows, cols := qs[0].rows, 0
	var weights, zeros []byte
	var scales []float32
	for _, q := range qs {
		for c := range q.cols {
			for r := range q.rows {
				weights = append(weights, q.weights[r*q.cols+c])
			}
		}
		blocks := q.cols * q.rows / quantBlock
		zeros = append(zeros, slices.Repeat([]byte{q.zero}, blocks)...)
		scales = append(scales, slices.Repeat([]float32{q.scale}, blocks)...)
		cols += q.cols
	}
	w := s.constant(&onnx.Tensor{Name: out + ".weights", Type: onnx.Uint8, Dims: []int64{int64(cols), int64(rows / quantBlock), quantBlock}, Raw: weights})
	return s.nbits(x, out, w, s.vector(out+".scales", scales), s.octets(out+".zeros", zeros), bias, rows, cols)
}

func (s *speech) octets(name string, b []byte) string {
	return s.constant(&onnx.Tensor{Name: name, Type: onnx.Uint8, Dims: []int64{int64(len(b))}, Raw: b})
}

// nbits writes MatMulNBits. accuracy_level 4 lets it multiply 8 bits with 8 bits.
func (s *speech) nbits(x, out, weights, scales, zeros, bias string, rows, cols int) string {
	in := []string{x, weights, scales, zeros}
	if bias != "" {
		in = append(in, "", bias)
	}
	return s.fused("MatMulNBits", in, out, onnx.Int64("K", int64(rows)), onnx.Int64("N", int64(cols)), onnx.Int64("bits", 8),
		onnx.Int64("block_size", quantBlock), onnx.Int64("accuracy_level", 4))
}

// float multiplies x with matrices side by side, dequantised here once and for all.
func (s *speech) float(x, out, bias string, qs ...quantised) string {
	rows, cols := qs[0].rows, 0
	for _, q := range qs {
		cols += q.cols
	}
	w := make([]float32, rows*cols)
	at := 0
	for _, q := range qs {
		for r := range q.rows {
			for c := range q.cols {
				w[r*cols+at+c] = (float32(q.weights[r*q.cols+c]) - float32(q.zero)) * q.scale
			}
		}
		at += q.cols
	}
	weights := s.constant(onnx.FloatTensor(out+".weights", w, int64(rows), int64(cols)))
	if bias == "" {
		return s.plain("MatMul", []string{x, weights}, out)
	}
	return s.plain("Add", []string{s.plain("MatMul", []string{x, weights}, out+".product"), bias}, out)
}

// normalise adds b to a and normalises the sum: both are returned, normalised first.
// With b "" it normalises a.
func (s *speech) normalise(a, b, out string, gain []float32) (normal, sum string) {
	g := s.vector(out+".gain", gain)
	if b == "" {
		return s.plain("LayerNormalization", []string{a, g}, out, onnx.Int64("axis", -1), onnx.Float32("epsilon", moonEpsilon)), a
	}
	if !slices.ContainsFunc(s.graph.Initializers, func(t *onnx.Tensor) bool { return t.Name == "no_shift" }) {
		s.vector("no_shift", make([]float32, moonWidth))
	}
	sum = out + ".sum"
	s.add(onnx.Microsoft, "SkipLayerNormalization", []string{a, b, g, "no_shift"}, []string{out, "", "", sum}, onnx.Float32("epsilon", moonEpsilon))
	return out, sum
}

// rotary adds the tables of sines and cosines for positions 0 to n-1.
func (s *speech) rotary(frequencies []float32, n int) {
	half := moonRotary / 2
	cos, sin := make([]float32, 0, n*half), make([]float32, 0, n*half)
	for pos := range n {
		for _, f := range frequencies {
			angle := float64(float32(pos) * f)
			cos, sin = append(cos, float32(math.Cos(angle))), append(sin, float32(math.Sin(angle)))
		}
	}
	s.constant(onnx.FloatTensor("cosines", cos, int64(n), int64(half)))
	s.constant(onnx.FloatTensor("sines", sin, int64(n), int64(half)))
}

// frequencies are the 16 of the rotary position embedding; out is the product of them and the positions.
func (s *speech) frequencies(out string) []float32 { return s.constOf(out, moonRotary/2) }

// selfAttention projects x to queries, keys and values, turns the first two by their
// position and lets every position attend to those before it (and after it, without a past).
func (s *speech) selfAttention(layer int, qkv, position string, past ...string) string {
	p := fmt.Sprintf("self.%d.", layer)
	s.add("", "Split", []string{qkv, "split_qk_v"}, []string{p + "qk", p + "v"}, onnx.Int64("axis", -1))
	// Queries and keys lie side by side: one operator turns both, as if they were sixteen heads.
	turned := s.fused("RotaryEmbedding", []string{p + "qk", position, "cosines", "sines"}, p+"turned",
		onnx.Int64("interleaved", 1), onnx.Int64("num_heads", 2*moonHeads), onnx.Int64("rotary_embedding_dim", moonRotary))
	s.add("", "Split", []string{turned, "split_q_k"}, []string{p + "q", p + "k"}, onnx.Int64("axis", -1))
	in, out := []string{p + "q", p + "k", p + "v"}, []string{p + "attended"}
	if len(past) > 0 {
		in = append(append(in, "", "", ""), past...)
		out = append(out, fmt.Sprintf("present.%d.key", layer), fmt.Sprintf("present.%d.value", layer))
	}
	s.add(onnx.Microsoft, "MultiHeadAttention", in, out, onnx.Int64("num_heads", moonHeads))
	return out[0]
}

// splits adds the constants selfAttention divides by.
func (s *speech) splits() {
	s.ints("split_qk_v", 2*moonWidth, moonWidth)
	s.ints("split_q_k", moonWidth, moonWidth)
}
