package models

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"debrief/internal/onnx"
)

// Sizes of the Universal Sentence Encoder Lite.
const (
	// SentenceTokens is the most tokens a sentence may have; the published graph cuts there.
	SentenceTokens = 128
	// SentenceDims is the length of an embedding.
	SentenceDims = 512

	sentenceHeads  = 4
	sentenceLayers = 2
	normEpsilon    = 1e-6
)

// Names of weights in the TensorFlow.js package, less what [useNames] drops.
const (
	useEmbeddings = "Embeddings_en"
	useTimescales = "Encoder_en/KonaTransformer/Encode/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1"
	useLayers     = "Encoder_en/KonaTransformer/Encode/Layer_%d/TransformerLayer/"
	useDense      = "Encoder_en/hidden_layers/tanh_layer_0/"
)

// useNames drops what tells nothing apart: the graph was folded, and a weight bears the scope of
// the variable or of the node that once used it, seemingly at random.
var useNames = strings.NewReplacer("module_apply_default/", "", "module/", "", "TransformerStack/", "")

// sentenceEncoder writes the model of the Universal Sentence Encoder Lite around the weights of its
// TensorFlow.js package: input ids, int64 [tokens], the ids of one sentence (1 to [SentenceTokens] of
// them, none 0: 0 is the padding the published graph masks out, which a single sentence has none of);
// output emb, float32 [1, [SentenceDims]], of length 1.
//
// The published graph is two pre-norm transformer layers over twice the embedding plus sines and
// cosines of the position; the first layer is 256 wide and widens its residual to 512. The mean
// over tokens goes through a dense layer with tanh.
func sentenceEncoder(w weights) (*onnx.Model, error) {
	s := sentence{weights: weights{}}
	for name, weight := range w {
		s.weights[useNames.Replace(name)] = weight
	}
	embeddings := s.weight("embeddings", useEmbeddings)
	timing, err := timingSignal(s.weights[useTimescales])
	if err != nil {
		return nil, fmt.Errorf("write sentence encoder: %w", err)
	}
	s.Constant(timing)

	x := s.Node("Gather", []string{embeddings, "ids"})
	length := s.Node("Shape", []string{"ids"})
	positions := s.Node("Slice", []string{timing.Name, s.Ints(0), length, s.Ints(0)})
	x = s.Node("Add", []string{x, s.Node("Add", []string{x, positions})})
	for layer := range sentenceLayers {
		x = s.layer(layer, x)
	}
	x = s.Node("ReduceMean", []string{x}, onnx.Int64s("axes", 0), onnx.Int64("keepdims", 1))
	x = s.Node("Tanh", []string{s.dense("dense", x, useDense+"weights", useDense+"bias")})
	x = s.Node("LpNormalization", []string{x}, onnx.Int64("axis", -1), onnx.Int64("p", 2))
	if s.err != nil {
		return nil, fmt.Errorf("write sentence encoder: %w", s.err)
	}
	if err := errors.Join(
		s.Input("ids", onnx.Int, "tokens"),
		s.Output(x, "emb", onnx.Float, 1, SentenceDims),
	); err != nil {
		return nil, fmt.Errorf("write sentence encoder: %w", err)
	}
	return s.Model("universal-sentence-encoder-lite"), nil
}

// timingSignal tabulates sines and cosines of every position times the inverse time scales.
func timingSignal(scales weight) (*onnx.Tensor, error) {
	if len(scales.Data) == 0 {
		return nil, fmt.Errorf("%w: no weight %s", onnx.ErrMalformed, useTimescales)
	}
	table := make([]float32, 0, SentenceTokens*2*len(scales.Data))
	for pos := range SentenceTokens {
		for _, fn := range []func(float64) float64{math.Sin, math.Cos} {
			for _, s := range scales.Data {
				table = append(table, float32(fn(float64(float32(pos)*s))))
			}
		}
	}
	return onnx.FloatTensor("timing", table, SentenceTokens, int64(2*len(scales.Data))), nil
}

// sentence is a builder that knows where the weights are; the first error stays.
type sentence struct {
	onnx.Builder
	weights weights
	err     error
}

// weight adds a weight as a constant, without the leading dimensions of 1 that convolutions have.
func (s *sentence) weight(name, source string) string {
	w, ok := s.weights[source]
	if !ok && s.err == nil {
		s.err = fmt.Errorf("%w: no weight %s", onnx.ErrMalformed, source)
	}
	shape := slices.Clone(w.Shape)
	for len(shape) > 2 && shape[0] == 1 {
		shape = shape[1:]
	}
	return s.Constant(onnx.FloatTensor(name, w.Data, shape...))
}

// dense multiplies by a matrix and adds a bias.
func (s *sentence) dense(name, x, matrix, bias string) string {
	x = s.Node("MatMul", []string{x, s.weight(name+".weight", matrix)})
	return s.Node("Add", []string{x, s.weight(name+".bias", bias)})
}

func (s *sentence) norm(name, x, source string) string {
	scale := s.weight(name+".scale", source+"layer_norm_scale/ConcatPartitions/concat")
	bias := s.weight(name+".bias", source+"layer_norm_bias/ConcatPartitions/concat")
	return s.Node("LayerNormalization", []string{x, scale, bias}, onnx.Int64("axis", -1), onnx.Float32("epsilon", normEpsilon))
}

// layer is one pre-norm transformer layer over x [tokens, width].
func (s *sentence) layer(n int, x string) string {
	at := fmt.Sprintf(useLayers, n)
	name := fmt.Sprintf("layer%d.", n)
	attention := s.attention(name, s.norm(name+"norm", x, at+"layer_prepostprocess/layer_norm/"), at)
	if n == 0 {
		x = s.dense(name+"residual", x, at+"dense/kernel/ConcatPartitions/concat", at+"dense/bias/ConcatPartitions/concat")
	}
	x = s.Node("Add", []string{attention, x})
	h := s.norm(name+"ffn.norm", x, at+"FFN/layer_prepostprocess/layer_norm/")
	h = s.dense(name+"ffn.in", h, at+"FFN/conv1/Tensordot/Reshape_1", at+"FFN/conv1/bias/ConcatPartitions/concat")
	h = s.Node("Relu", []string{h})
	h = s.dense(name+"ffn.out", h, at+"FFN/conv2/Tensordot/Reshape_1", at+"FFN/conv2/bias/ConcatPartitions/concat")
	return s.Node("Add", []string{h, x})
}

// attention is self-attention with [sentenceHeads] heads over x [tokens, width].
func (s *sentence) attention(name, x, at string) string {
	at += "MultiheadAttention/"
	qkv := s.dense(name+"qkv", x, at+"qkv_transform_single/kernel/part_0", at+"qkv_transform_single/bias/ConcatPartitions/concat")
	parts := s.Nodes("", "Split", 3, []string{qkv}, onnx.Int64("axis", -1))
	split := func(part string, order ...int64) string {
		// [tokens, width] -> [tokens, heads, width / heads] -> order
		part = s.Node("Reshape", []string{part, s.Ints(0, sentenceHeads, -1)})
		return s.Node("Transpose", []string{part}, onnx.Int64s("perm", order...))
	}
	query := s.Node("Mul", []string{split(parts[0], 1, 0, 2), s.weight(name+"scale", at+"mul/y")})
	weights := s.Node("Softmax", []string{s.Node("MatMul", []string{query, split(parts[1], 1, 2, 0)})}, onnx.Int64("axis", -1))
	heads := s.Node("MatMul", []string{weights, split(parts[2], 1, 0, 2)})
	heads = s.Node("Transpose", []string{heads}, onnx.Int64s("perm", 1, 0, 2))
	heads = s.Node("Reshape", []string{heads, s.Ints(0, -1)})
	return s.dense(name+"out", heads, at+"output_transform_single/kernel/part_0", at+"output_transform_single/bias/ConcatPartitions/concat")
}
