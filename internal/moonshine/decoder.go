package moonshine

import (
	"fmt"

	"debrief/internal/onnx"
)

// decoderPositions bounds the tokens of one chunk: 28 s at 6.5 tokens a second and 6 more are 188.
const decoderPositions = 256

// AttentionLayer is the decoder layer whose attention the decoder shows: its heads 0, 1,
// 2, 3 and 6 look at the sound of the word being written. Against hand-marked word times of
// 40 TIMIT sentences the median of their peaks lies within 0.1 s of the word's start for 94 %.
const AttentionLayer = 3

// rerank is how many of the likeliest tokens are scored again with unquantised arithmetic,
// so that the choice of a word is the published model's.
const rerank = 8

const tokenCount = 32768

// decoder writes one step of Moonshine tiny's greedy decoder from the published merged graph.
//
// Inputs: token, int64 [1, 1] (1 at the start); position, int64 [1], counted from 0;
// past.N.{key,value}, float32 [1, 8, position, 36]; cross.N.{key,value} of [encoder].
// Outputs: next, int64 [1, 1] (2 at the end); probability, float32 [1, 1, 1], of next;
// attention, float32 [1, 8, 1, frames], of [AttentionLayer]; present.N.{key,value}, the next
// step's past. N is 0-5.
func decoder(merged *onnx.Graph) ([]byte, error) {
	s := &speech{from: publish(append(branches(merged), merged)...)}
	s.input("token", onnx.Int, 1, 1)
	s.input("position", onnx.Int, 1)
	s.output("next", onnx.Int, 1, 1)
	s.output("probability", onnx.Float, 1, 1, 1)
	s.output("attention", onnx.Float, 1, moonHeads, 1, "frames")
	table := s.tokenTable()
	x := s.embed(table, "token", "embedded", []int64{1, 1, moonWidth})
	s.splits()
	s.ints("split_mlp", 4*moonWidth, 4*moonWidth)
	s.ints("one_row", 0)
	s.plain("Unsqueeze", []string{"position", "one_row"}, "positions")
	s.rotary(s.frequencies("/model/decoder/rotary_emb/MatMul_output_0"), decoderPositions)
	residual, mlp := x, ""
	for l := range moonLayers {
		residual, mlp = s.decoderLayer(l, residual, mlp)
	}
	state, _ := s.normalise(residual, mlp, "state", s.constOf("/model/decoder/norm/Mul_output_0", moonWidth))
	s.choose(state, table)
	return s.close("moonshine-tiny-decoder")
}

// embedding is the token table: 32,768 rows of 288 bytes in blocks, used to read a token in and to score every token.
type embedding struct{ weights, scale, zero string }

func (s *speech) tokenTable() embedding {
	gather := s.from.nodes["/model/decoder/embed_tokens/Gather_output_0_quantized"]
	dequantise := s.from.nodes["/model/decoder/embed_tokens/Gather_output_0"]
	if gather == nil || dequantise == nil || len(dequantise.Inputs) != 3 {
		s.fail("no token table")
		return embedding{}
	}
	raw := s.bytes(gather.Inputs[0], tokenCount*moonWidth)
	zero := s.bytes(dequantise.Inputs[2], 1)
	t := embedding{
		weights: s.constant(&onnx.Tensor{Name: "tokens", Type: onnx.Uint8, Dims: []int64{tokenCount, moonWidth / quantBlock, quantBlock}, Raw: raw}),
		scale:   s.constant(onnx.FloatTensor("tokens.scale", s.floats(dequantise.Inputs[1], 1))),
		zero:    s.constant(&onnx.Tensor{Name: "tokens.zero", Type: onnx.Uint8, Raw: zero}),
	}
	return t
}

// embed looks rows up and gives them the shape.
func (s *speech) embed(t embedding, ids, out string, shape []int64) string {
	x := s.plain("Gather", []string{t.weights, ids}, out+".bytes")
	x = s.plain("DequantizeLinear", []string{x, t.scale, t.zero}, out+".blocks")
	return s.plain("Reshape", []string{x, s.ints(out+".shape", shape...)}, out)
}

func (s *speech) decoderLayer(l int, residual, mlp string) (string, string) {
	from := fmt.Sprintf("/model/decoder/layers.%d", l)
	p := fmt.Sprintf("layer.%d.", l)
	x, residual := s.normalise(residual, mlp, p+"in", s.constOf(from+"/input_layernorm/Mul_output_0", moonWidth))
	var qkv []quantised
	for _, name := range []string{"q", "k", "v"} {
		qkv = append(qkv, s.linear(from+"/self_attn/"+name+"_proj", moonWidth, moonWidth))
	}
	var past []string
	for _, kind := range []string{"key", "value"} {
		name := fmt.Sprintf(".%d.%s", l, kind)
		past = append(past, "past"+name)
		s.input("past"+name, onnx.Float, 1, moonHeads, "past", moonHead)
		s.input("cross"+name, onnx.Float, 1, moonHeads, "frames", moonHead)
		s.output("present"+name, onnx.Float, 1, moonHeads, "present", moonHead)
	}
	x = s.selfAttention(l, s.quantised8(x, p+"qkv", "", qkv...), "positions", past...)
	x = s.quantised8(x, p+"attention", "", s.linear(from+"/self_attn/dense", moonWidth, moonWidth))
	x, residual = s.normalise(residual, x, p+"post", s.constOf(from+"/post_attention_layernorm/Mul_output_0", moonWidth))
	x = s.crossAttention(l, s.quantised8(x, p+"query", "", s.linear(from+"/encoder_attn/q_proj", moonWidth, moonWidth)))
	x = s.quantised8(x, p+"heard", "", s.linear(from+"/encoder_attn/dense", moonWidth, moonWidth))
	x, residual = s.normalise(residual, x, p+"final", s.constOf(from+"/final_layernorm/Mul_output_0", moonWidth))

	const wide = 4 * moonWidth
	bias := s.vector(p+"up.bias", s.constOf(from+"/mlp/up_proj/Add_output_0", 2*wide))
	x = s.quantised8(x, p+"up", bias, s.linear(from+"/mlp/up_proj", moonWidth, 2*wide))
	s.add("", "Split", []string{x, "split_mlp"}, []string{p + "value", p + "gate"}, onnx.Int64("axis", -1))
	// QuickGelu with alpha 1 is x times its sigmoid, the gate's activation.
	x = s.fused("QuickGelu", []string{p + "gate"}, p+"open", onnx.Float32("alpha", 1))
	x = s.plain("Mul", []string{x, p + "value"}, p+"gated")
	bias = s.vector(p+"down.bias", s.constOf(from+"/mlp/down_proj/Add_output_0", moonWidth))
	return residual, s.quantised8(x, p+"down", bias, s.linear(from+"/mlp/down_proj", wide, moonWidth))
}

// crossAttention lets a query look at the sound. In [AttentionLayer] it is written out, for
// the fused operator keeps where it looked to itself.
func (s *speech) crossAttention(l int, query string) string {
	p := fmt.Sprintf("cross.%d.", l)
	key, value := p+"key", p+"value"
	if l != AttentionLayer {
		return s.fused("MultiHeadAttention", []string{query, key, value}, p+"attended",
			onnx.Int64("num_heads", moonHeads), onnx.Float32("scale", 1))
	}
	q := s.plain("Reshape", []string{query, s.ints("query_heads", 1, moonHeads, 1, moonHead)}, p+"query")
	scores := s.fused("FusedMatMul", []string{q, key}, p+"scores", onnx.Int64("transB", 1))
	s.plain("Softmax", []string{scores}, "attention", onnx.Int64("axis", -1))
	x := s.plain("MatMul", []string{"attention", value}, p+"heads")
	return s.plain("Reshape", []string{x, s.ints("flat", 1, 1, moonWidth)}, p+"attended")
}

// choose scores every token in 8 bits, then the likeliest few once more exactly.
func (s *speech) choose(state string, t embedding) {
	blocks := tokenCount * moonWidth / quantBlock
	zero := s.from.nodes["/model/decoder/embed_tokens/Gather_output_0"]
	if zero == nil {
		return // tokenTable has failed already
	}
	zeros, scales := make([]byte, blocks), make([]float32, blocks)
	for i := range blocks {
		zeros[i], scales[i] = s.bytes(zero.Inputs[2], 1)[0], s.floats(zero.Inputs[1], 1)[0]
	}
	x := s.nbits(state, "scores", t.weights, s.vector("scores.scales", scales), s.octets("scores.zeros", zeros), "", moonWidth, tokenCount)
	x = s.plain("Softmax", []string{x}, "probabilities", onnx.Int64("axis", -1))
	s.add("", "TopK", []string{x, s.ints("rerank", rerank)}, []string{"likeliest", "candidates"}, onnx.Int64("axis", -1))
	rows := s.embed(t, "candidates", "rows", []int64{1, 1, rerank, moonWidth})
	column := s.plain("Reshape", []string{state, s.ints("column", 1, 1, moonWidth, 1)}, "state.column")
	x = s.plain("MatMul", []string{rows, column}, "exact.column")
	x = s.plain("Reshape", []string{x, s.ints("row", 1, 1, rerank)}, "exact")
	s.add("", "TopK", []string{x, s.ints("one", 1)}, []string{"best", "chosen"}, onnx.Int64("axis", -1))
	s.plain("GatherElements", []string{"likeliest", "chosen"}, "probability", onnx.Int64("axis", -1))
	x = s.plain("GatherElements", []string{"candidates", "chosen"}, "chosen.token", onnx.Int64("axis", -1))
	s.plain("Reshape", []string{x, s.ints("one_token", 1, 1)}, "next")
}
