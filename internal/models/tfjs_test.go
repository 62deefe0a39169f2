package models

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"debrief/internal/onnx"
)

const twoWeights = `{"weightsManifest": [{"paths": ["a", "b"], "weights": [
	{"name": "axes", "shape": [1], "dtype": "int32"},
	{"name": "w", "shape": [1, 2], "dtype": "float32"}]}]}`

// shards holds the int32 3 and the float32 1 and -2, cut in the middle of a number.
func shards(name string) ([]byte, error) {
	all := []byte{3, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}
	if name == "a" {
		return all[:6], nil
	}
	return all[6:], nil
}

func TestReadTFJS(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		got, err := readTFJS([]byte(twoWeights), shards)
		if err != nil || len(got) != 1 || !slices.Equal(got["w"].Data, []float32{1, -2}) || !slices.Equal(got["w"].Shape, []int64{1, 2}) {
			t.Errorf("got %v, %v", got, err)
		}
	})
	for name, changed := range map[string]string{
		"ErrMalformed when it is not JSON":        "<html>",
		"ErrMalformed when shards are too short":  strings.Replace(twoWeights, "[1, 2]", "[2, 2]", 1),
		"ErrMalformed when shards are too long":   strings.Replace(twoWeights, "[1, 2]", "[1]", 1),
		"ErrMalformed for a size that overflows":  strings.Replace(twoWeights, "[1, 2]", "[4294967296, 4294967296]", 1),
		"ErrMalformed for a negative size":        strings.Replace(twoWeights, "[1, 2]", "[-1, -2]", 1),
		"ErrMalformed for a type of other width":  strings.Replace(twoWeights, "float32", "uint8", 1),
		"ErrMalformed for weights that are coded": strings.Replace(twoWeights, `"dtype": "float32"`, `"dtype": "float32", "quantization": {"dtype": "uint8"}`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := readTFJS([]byte(changed), shards); !errors.Is(err, onnx.ErrMalformed) {
				t.Errorf("got %v, want ErrMalformed", err)
			}
		})
	}
	t.Run("the shard's own error", func(t *testing.T) {
		lost := errors.New("lost")
		if _, err := readTFJS([]byte(twoWeights), func(string) ([]byte, error) { return nil, lost }); !errors.Is(err, lost) {
			t.Errorf("got %v, want the error of reading a shard", err)
		}
	})
}

func FuzzReadTFJS(f *testing.F) {
	f.Add([]byte(twoWeights))
	f.Add([]byte(`{"weightsManifest": [{"paths": ["a"], "weights": [{"name": "s", "shape": [], "dtype": "float32"}]}]}`))
	f.Fuzz(func(t *testing.T, modelJSON []byte) {
		got, err := readTFJS(modelJSON, shards)
		if err != nil {
			if !errors.Is(err, onnx.ErrMalformed) {
				t.Errorf("error %v is not ErrMalformed", err)
			}
			return
		}
		for name, w := range got {
			if n, ok := elements(w.Shape); !ok || n != len(w.Data) {
				t.Errorf("weight %q of shape %v has %d elements", name, w.Shape, len(w.Data))
			}
		}
	})
}

func TestSentenceEncoderErrMalformedWithoutAWeight(t *testing.T) {
	if _, err := sentenceEncoder(weights{}); !errors.Is(err, onnx.ErrMalformed) {
		t.Errorf("got %v, want ErrMalformed", err)
	}
	_, err := sentenceEncoder(weights{"module_apply_default/Encoder_en/KonaTransformer/Encode/TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1": {[]int64{1, 1}, []float32{1}}})
	if !errors.Is(err, onnx.ErrMalformed) || !strings.Contains(err.Error(), useEmbeddings) {
		t.Errorf("got %v, want ErrMalformed that names %s", err, useEmbeddings)
	}
}
