package onnx

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// small is a model with a bit of everything: every kind of attribute, typed and raw tensors, a branch.
func small(t testing.TB) *Model {
	t.Helper()
	var branch Builder
	out := branch.Node("Identity", []string{"x"})
	if err := branch.Output(out, "y", Float, 1, "n"); err != nil {
		t.Fatal(err)
	}
	var b Builder
	w := b.Constant(FloatTensor("w", []float32{1, -2, 3, 4, 5, 6}, 2, 3))
	h := b.Node("Gemm", []string{"x", w, ""}, Float32("alpha", 0.5), Int64("transB", 1))
	h = b.Node("Reshape", []string{h, b.Ints(0, -1)})
	parts := b.Nodes("", "Split", 2, []string{h}, Int64("axis", -1), Int64s("split", 1, 1))
	h = b.Nodes(Microsoft, "BiasGelu", 1, []string{parts[0], b.Constant(FloatTensor("quarter", []float32{0.25}))}, String("mode", "fast"))[0]
	h = b.Node("If", []string{h},
		&Attr{Name: "then_branch", Type: AttrGraph, Graph: branch.Model("then").Graph},
		&Attr{Name: "value", Type: AttrTensor, Tensor: IntTensor("v", []int64{7}, 1)},
		&Attr{Name: "scales", Type: AttrFloats, Floats: []float32{0.1, 0.2}})
	if err := errors.Join(b.Input("x", Float, 1, "n"), b.Output(h, "y", Float, 1, 3)); err != nil {
		t.Fatal(err)
	}
	return b.Model("small")
}

func TestRoundTrip(t *testing.T) {
	t.Run("a model made here", func(t *testing.T) {
		want := small(t).Marshal()
		m, err := Parse(want)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Marshal(); !bytes.Equal(got, want) {
			t.Errorf("model changed: %d bytes, want %d", len(got), len(want))
		}
		gemm := m.Graph.Nodes[0]
		if !slices.Equal(gemm.Inputs, []string{"x", "w", ""}) {
			t.Errorf("inputs of Gemm are %q: the place left out must stay", gemm.Inputs)
		}
		if a := gemm.Attr("alpha"); a == nil || a.Float != 0.5 {
			t.Errorf("alpha of Gemm is %v", a)
		}
		if v, err := m.Graph.Initializer("w").Floats(); err != nil || !slices.Equal(v, []float32{1, -2, 3, 4, 5, 6}) {
			t.Errorf("w is %v, %v", v, err)
		}
		if !slices.Contains(m.Opsets, Opset{Microsoft, 1}) {
			t.Errorf("operator sets are %v, without that of the operator used", m.Opsets)
		}
	})
	for _, name := range []string{"moonshine-tiny/decoder.onnx", "silero/silero_vad.onnx", "use-lite/encoder.onnx"} {
		t.Run(filepath.Dir(name), func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join("../../models", name))
			if err != nil {
				t.Fatalf("%v; run make setup", err)
			}
			m, err := Parse(want)
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse(m.Marshal())
			if err != nil {
				t.Fatal(err)
			}
			if got := again.Marshal(); !bytes.Equal(got, want) {
				t.Errorf("model changed: %d bytes, want %d", len(got), len(want))
			}
		})
	}
}

// Files may keep a tensor's elements in fields by type, packed or one by one.
func TestTypedElements(t *testing.T) {
	packed := func(num protowire.Number, b ...byte) []byte { return putBytes(nil, num, b) }
	header := func(elem ElemType) []byte { return putVarint(nil, tensorType, int64(elem)) }
	one := protowire.AppendFixed32(protowire.AppendTag(nil, tensorFloats, protowire.Fixed32Type), 0x3f800000)
	for _, c := range []struct {
		name string
		file []byte
		raw  []byte
	}{
		{"floats one by one", append(header(Float), one...), []byte{0, 0, 0x80, 0x3f}},
		{"floats packed", append(header(Float), packed(tensorFloats, 0, 0, 0x80, 0x3f)...), []byte{0, 0, 0x80, 0x3f}},
		{"bytes in the 32-bit field", append(header(Uint8), packed(tensorInt32s, 0x80, 0x01, 3)...), []byte{128, 3}},
		{"64-bit integers", append(header(Int), packed(tensorInt64s, 5)...), []byte{5, 0, 0, 0, 0, 0, 0, 0}},
		{"type after the elements", append(packed(tensorInt32s, 9), header(Int32)...), []byte{9, 0, 0, 0}},
		{"no elements", header(Float), []byte{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseTensor(c.file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Raw, c.raw) {
				t.Errorf("elements are % x, want % x", got.Raw, c.raw)
			}
		})
	}
	t.Run("elements of another type", func(t *testing.T) {
		if _, err := parseTensor(append(header(Float), packed(tensorInt64s, 5)...)); !errors.Is(err, ErrMalformed) {
			t.Errorf("got %v, want ErrMalformed", err)
		}
	})
}

func TestParseErrMalformed(t *testing.T) {
	good := small(t).Marshal()
	nested := (&Graph{}).marshal()
	for range maxDepth + 2 {
		a := putBytes(putText(nil, attrName, "g"), attrGraph, nested)
		nested = putBytes(nil, graphNode, putBytes(nil, nodeAttr, a))
	}
	for name, b := range map[string][]byte{
		"nothing":              {},
		"text":                 []byte("version https://example.org/spec"),
		"cut short":            good[:len(good)-3],
		"no graph":             putVarint(nil, modelIR, 8),
		"two graphs":           append(bytes.Clone(good), putBytes(nil, modelGraph, nil)...),
		"nested too deep":      putBytes(nil, modelGraph, nested),
		"a branch left empty":  putBytes(nil, modelGraph, putBytes(nil, graphNode, putBytes(nil, nodeAttr, putVarint(nil, attrType, int64(AttrGraph))))),
		"a number for a name":  putBytes(nil, modelGraph, putBytes(nil, graphInput, putVarint(nil, valueName, 1))),
		"a version of 3 parts": putBytes(nil, modelIR, []byte{1, 2, 3}),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(b); !errors.Is(err, ErrMalformed) {
				t.Errorf("got %v, want ErrMalformed", err)
			}
		})
	}
}

// Whatever is accepted is written back as a file that reads the same.
func FuzzParse(f *testing.F) {
	good := small(f).Marshal()
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add((&Model{Graph: &Graph{}}).Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("error %v is not ErrMalformed", err)
			}
			return
		}
		once := m.Marshal()
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !bytes.Equal(again.Marshal(), once) {
			t.Error("writing twice gives two files")
		}
	})
}

func TestNewValueErr(t *testing.T) {
	if _, err := NewValue("x", Float, 1.5); err == nil {
		t.Error("a dimension of 1.5 was taken")
	}
}
