package models_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	onnxruntime "github.com/yalue/onnxruntime_go"

	"debrief/internal/models"
	"debrief/internal/ort"
)

// tfjsTolerance bounds the difference to TensorFlow.js per dimension: both add float32 in
// their own order. Measured here: 3e-7.
const tfjsTolerance = 2e-6

// reference is what the published graph gives in TensorFlow.js 4.22 on its CPU backend.
type reference struct {
	Text string
	IDs  []int64
	Emb  string // base64 of little-endian float32
}

func (r reference) embedding(t *testing.T) []float32 {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(r.Emb)
	if err != nil || len(raw) != 4*models.SentenceDims {
		t.Fatalf("reference %q: %d bytes, %v", r.Text, len(raw), err)
	}
	v := make([]float32, models.SentenceDims)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return v
}

func references(t *testing.T) []reference {
	t.Helper()
	b, err := os.ReadFile("testdata/use-lite.json")
	if err != nil {
		t.Fatal(err)
	}
	var refs []reference
	if err := json.Unmarshal(b, &refs); err != nil {
		t.Fatal(err)
	}
	return refs
}

// encoder returns a function that runs the prepared sentence encoder.
func encoder(t *testing.T) func(ids []int64) []float32 {
	t.Helper()
	dir, err := models.Find()
	if err != nil {
		t.Fatal(err)
	}
	if err := ort.Start(dir.Runtime()); err != nil {
		t.Fatal(err)
	}
	session, err := ort.Open(filepath.Join(dir.USE(), "encoder.onnx"), []string{"ids"}, []string{"emb"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Destroy() })
	return func(ids []int64) []float32 {
		t.Helper()
		in, err := onnxruntime.NewTensor(onnxruntime.NewShape(int64(len(ids))), ids)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Destroy()
		out := []onnxruntime.Value{nil}
		if err := session.Run([]onnxruntime.Value{in}, out); err != nil {
			t.Fatal(err)
		}
		defer out[0].Destroy()
		return append([]float32(nil), out[0].(*onnxruntime.Tensor[float32]).GetData()...)
	}
}

func TestSentenceEncoderAgreesWithTensorFlowJS(t *testing.T) {
	embed := encoder(t)
	refs := references(t)
	if len(refs) < 10 {
		t.Fatalf("%d references, want at least 10", len(refs))
	}
	var worst float64
	for _, ref := range refs {
		want, got := ref.embedding(t), embed(ref.IDs)
		for i := range want {
			worst = max(worst, math.Abs(float64(got[i]-want[i])))
		}
	}
	t.Logf("largest difference in %d sentences: %.1e", len(refs), worst)
	if worst > tfjsTolerance {
		t.Errorf("embeddings differ by %.1e, want at most %.0e", worst, tfjsTolerance)
	}
}

// The cosines are those of facts published with the model's evaluation; they fail if ids,
// vocabulary and weights do not belong together.
func TestSentenceEncoderKnowsMeaning(t *testing.T) {
	embed := encoder(t)
	byText := map[string][]int64{}
	for _, ref := range references(t) {
		byText[ref.Text] = ref.IDs
	}
	for _, c := range []struct {
		a, b   string
		cosine float64
	}{
		{"How old are you?", "What is your age?", 0.846},
		{"My mood has been lighter", "I am feeling less sad", 0.687},
		{"my chest was tight", "there was pressure in my sternum", 0.679},
		{"I felt calm", "I felt anxious", 0.813},
		{"How old are you?", "The weather was cold in the mountains", 0.070},
	} {
		if byText[c.a] == nil || byText[c.b] == nil {
			t.Fatalf("no reference for %q or %q", c.a, c.b)
		}
		a, b := embed(byText[c.a]), embed(byText[c.b])
		var dot float64
		for i := range a {
			dot += float64(a[i]) * float64(b[i])
		}
		if math.Abs(dot-c.cosine) > 0.001 {
			t.Errorf("cosine of %q and %q is %.3f, want %.3f", c.a, c.b, dot, c.cosine)
		}
	}
}

func TestSentenceEncoderTakesUpToItsLimit(t *testing.T) {
	embed := encoder(t)
	ids := make([]int64, models.SentenceTokens)
	for i := range ids {
		ids[i] = int64(10 + i)
	}
	for _, n := range []int{1, models.SentenceTokens} {
		var norm float64
		for _, x := range embed(ids[:n]) {
			norm += float64(x) * float64(x)
		}
		if math.Abs(norm-1) > 1e-5 {
			t.Errorf("embedding of %d tokens has length %.6f, want 1", n, math.Sqrt(norm))
		}
	}
}
