package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// ElemType is the type of a tensor's elements (TensorProto.DataType).
type ElemType int64

// Element types.
const (
	Float ElemType = 1 // 32 bit
	Uint8 ElemType = 2
	Int8  ElemType = 3
	Int32 ElemType = 6
	Int   ElemType = 7 // 64 bit
	Bool  ElemType = 9
)

// Tensor is a constant of a graph. Raw holds its elements little-endian, row-major, however
// the file kept them. No Dims is a single number.
type Tensor struct {
	Name string
	Type ElemType
	Dims []int64
	Raw  []byte
	rest []byte
}

const (
	tensorDims, tensorType, tensorFloats, tensorInt32s = 1, 2, 4, 5
	tensorInt64s, tensorName, tensorRaw                = 7, 8, 9
)

// FloatTensor makes a tensor of real numbers; the length of v must be the product of dims.
func FloatTensor(name string, v []float32, dims ...int64) *Tensor {
	return &Tensor{Name: name, Type: Float, Dims: dims, Raw: rawFloats(v)}
}

// IntTensor makes a tensor of 64-bit integers; the length of v must be the product of dims.
func IntTensor(name string, v []int64, dims ...int64) *Tensor {
	t := &Tensor{Name: name, Type: Int, Dims: dims, Raw: []byte{}}
	for _, x := range v {
		t.Raw = binary.LittleEndian.AppendUint64(t.Raw, uint64(x))
	}
	return t
}

// Floats returns the elements of a [Float] tensor; the error wraps [ErrMalformed] if it is none.
func (t *Tensor) Floats() ([]float32, error) {
	if t.Type != Float || len(t.Raw)%4 != 0 {
		return nil, fmt.Errorf("tensor %s: %w: no real numbers in it", t.Name, ErrMalformed)
	}
	return floats(nil, protowire.BytesType, t.Raw)
}

func rawFloats(v []float32) []byte {
	raw := make([]byte, 0, 4*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return raw
}

func parseTensor(b []byte) (*Tensor, error) {
	t := &Tensor{}
	var reals []float32
	var int32s, int64s []int64
	err := walk(b, func(num protowire.Number, typ protowire.Type, value, whole []byte) (err error) {
		switch num {
		case tensorDims:
			t.Dims, err = varints(t.Dims, typ, value)
			return err
		case tensorType:
			return varint((*int64)(&t.Type), typ, value)
		case tensorName:
			return text(&t.Name, typ, value)
		case tensorFloats:
			reals, err = floats(reals, typ, value)
			return err
		case tensorInt32s:
			int32s, err = varints(int32s, typ, value)
			return err
		case tensorInt64s:
			int64s, err = varints(int64s, typ, value)
			return err
		}
		if num == tensorRaw && typ == protowire.BytesType {
			t.Raw = value
			return nil
		}
		t.rest = append(t.rest, whole...)
		return nil
	})
	if err == nil && t.Raw == nil {
		err = t.gather(reals, int32s, int64s)
	}
	if err != nil {
		return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	return t, nil
}

// gather fills Raw from the typed fields a file may use instead of it. Small integers lie
// in the 32-bit field, whatever their width.
func (t *Tensor) gather(reals []float32, int32s, int64s []int64) error {
	raw := []byte{}
	switch {
	case t.Type == Float && len(int32s)+len(int64s) == 0:
		raw = rawFloats(reals)
	case t.Type == Int && len(reals)+len(int32s) == 0:
		for _, v := range int64s {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
		}
	case t.Type == Int32 && len(reals)+len(int64s) == 0:
		for _, v := range int32s {
			raw = binary.LittleEndian.AppendUint32(raw, uint32(v))
		}
	case (t.Type == Uint8 || t.Type == Int8 || t.Type == Bool) && len(reals)+len(int64s) == 0:
		for _, v := range int32s {
			raw = append(raw, byte(v))
		}
	case len(reals)+len(int32s)+len(int64s) != 0:
		return fmt.Errorf("%w: element type %d in a field of another", ErrMalformed, t.Type)
	default:
		return nil // a type of elements kept elsewhere; rest has them
	}
	t.Raw = raw
	return nil
}

func (t *Tensor) marshal() []byte {
	b := make([]byte, 0, len(t.Raw)+len(t.rest)+len(t.Name)+64)
	for _, d := range t.Dims {
		b = putVarint(b, tensorDims, d)
	}
	b = putVarint(b, tensorType, int64(t.Type))
	b = putText(b, tensorName, t.Name)
	if t.Raw != nil {
		b = putBytes(b, tensorRaw, t.Raw)
	}
	return append(b, t.rest...)
}
