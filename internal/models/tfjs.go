package models

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"debrief/internal/onnx"
)

// weights are named float32 constants in the layout TensorFlow.js gives them.
type weights map[string]weight

// weight is one constant, row-major.
type weight struct {
	Shape []int64
	Data  []float32
}

// readTFJS takes the float32 weights out of a TensorFlow.js model: its model.json and a way to
// read the shard files it names. Weights of other types, which hold only shapes and axes here, are
// passed over. The error wraps [onnx.ErrMalformed].
func readTFJS(modelJSON []byte, shard func(name string) ([]byte, error)) (weights, error) {
	var model struct {
		WeightsManifest []struct {
			Paths   []string
			Weights []struct {
				Name         string
				Shape        []int64
				Dtype        string
				Quantization any
			}
		}
	}
	if err := json.Unmarshal(modelJSON, &model); err != nil {
		return nil, fmt.Errorf("read model.json: %w: %w", onnx.ErrMalformed, err)
	}
	out := weights{}
	for _, group := range model.WeightsManifest {
		var data []byte
		for _, path := range group.Paths {
			b, err := shard(path)
			if err != nil {
				return nil, fmt.Errorf("read shard %s: %w", path, err)
			}
			data = append(data, b...)
		}
		for _, w := range group.Weights {
			size, ok := elements(w.Shape)
			if !ok || 4*size > len(data) || w.Quantization != nil || w.Dtype != "float32" && w.Dtype != "int32" {
				return nil, fmt.Errorf("read weight %s: %w: %s %v does not fit the shards", w.Name, onnx.ErrMalformed, w.Dtype, w.Shape)
			}
			if w.Dtype == "float32" {
				v := make([]float32, size)
				for i := range v {
					v[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
				}
				out[w.Name] = weight{w.Shape, v}
			}
			data = data[4*size:] // float32 and int32 are four bytes both
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("read weights: %w: %d bytes of the shards are left over", onnx.ErrMalformed, len(data))
		}
	}
	return out, nil
}

// elements is the product of the dimensions, if it is a size that can exist.
func elements(shape []int64) (int, bool) {
	const limit = 1 << 28 // 1 GiB of float32; the largest weight here has 2 million
	n := int64(1)
	for _, d := range shape {
		if d < 0 || d > limit {
			return 0, false
		}
		if n *= d; n > limit {
			return 0, false
		}
	}
	return int(n), true
}
