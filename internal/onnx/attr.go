package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// AttrType says which field of an [Attr] holds its value (AttributeProto.AttributeType).
type AttrType int64

// The kinds of attributes this package takes apart; others are kept as they are.
const (
	AttrFloat  AttrType = 1
	AttrInt    AttrType = 2
	AttrString AttrType = 3
	AttrTensor AttrType = 4
	AttrGraph  AttrType = 5
	AttrFloats AttrType = 6
	AttrInts   AttrType = 7
)

// Attr is an attribute of a node. Type says which value counts.
type Attr struct {
	Name   string
	Type   AttrType
	Float  float32
	Int    int64
	Text   string
	Tensor *Tensor
	Graph  *Graph // the branch of a control-flow node
	Floats []float32
	Ints   []int64
	rest   []byte
}

// Int64 makes an attribute that is a number.
func Int64(name string, v int64) *Attr { return &Attr{Name: name, Type: AttrInt, Int: v} }

// Float32 makes an attribute that is a real number.
func Float32(name string, v float32) *Attr { return &Attr{Name: name, Type: AttrFloat, Float: v} }

// Int64s makes an attribute that is a list of numbers.
func Int64s(name string, v ...int64) *Attr { return &Attr{Name: name, Type: AttrInts, Ints: v} }

// String makes an attribute that is a word.
func String(name, v string) *Attr { return &Attr{Name: name, Type: AttrString, Text: v} }

const (
	attrName, attrFloat, attrInt, attrText, attrTensor = 1, 2, 3, 4, 5
	attrGraph, attrFloats, attrInts, attrType          = 6, 7, 8, 20
)

func parseAttr(b []byte, depth int) (*Attr, error) {
	a := &Attr{}
	err := walk(b, func(num protowire.Number, typ protowire.Type, value, whole []byte) (err error) {
		switch num {
		case attrName:
			return text(&a.Name, typ, value)
		case attrType:
			return varint((*int64)(&a.Type), typ, value)
		case attrFloat:
			var v []float32
			if v, err = floats(nil, typ, value); err == nil && len(v) == 1 {
				a.Float = v[0]
			}
			return err
		case attrInt:
			return varint(&a.Int, typ, value)
		case attrText:
			return text(&a.Text, typ, value)
		case attrFloats:
			a.Floats, err = floats(a.Floats, typ, value)
			return err
		case attrInts:
			a.Ints, err = varints(a.Ints, typ, value)
			return err
		}
		if typ == protowire.BytesType && num == attrTensor {
			a.Tensor, err = parseTensor(value)
			return err
		}
		if typ == protowire.BytesType && num == attrGraph {
			a.Graph, err = parseGraph(value, depth+1)
			return err
		}
		a.rest = append(a.rest, whole...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("attribute %q: %w", a.Name, err)
	}
	if a.Type == AttrTensor && a.Tensor == nil || a.Type == AttrGraph && a.Graph == nil {
		return nil, fmt.Errorf("attribute %q: %w: its value is missing", a.Name, ErrMalformed)
	}
	return a, nil
}

func (a *Attr) marshal() []byte {
	b := putText(nil, attrName, a.Name)
	switch a.Type {
	case AttrFloat:
		b = protowire.AppendTag(b, attrFloat, protowire.Fixed32Type)
		b = protowire.AppendFixed32(b, math.Float32bits(a.Float))
	case AttrInt:
		b = putVarint(b, attrInt, a.Int)
	case AttrString:
		b = putBytes(b, attrText, []byte(a.Text))
	case AttrTensor:
		b = putBytes(b, attrTensor, a.Tensor.marshal())
	case AttrGraph:
		b = putBytes(b, attrGraph, a.Graph.marshal())
	case AttrFloats:
		for _, v := range a.Floats {
			b = protowire.AppendTag(b, attrFloats, protowire.Fixed32Type)
			b = protowire.AppendFixed32(b, math.Float32bits(v))
		}
	case AttrInts:
		for _, v := range a.Ints {
			b = putVarint(b, attrInts, v)
		}
	}
	b = putVarint(b, attrType, int64(a.Type))
	return append(b, a.rest...)
}

// floats appends the values of a repeated float field, packed or not.
func floats(dst []float32, typ protowire.Type, value []byte) ([]float32, error) {
	if typ != protowire.Fixed32Type && typ != protowire.BytesType || len(value)%4 != 0 {
		return nil, fmt.Errorf("%w: a float has wire type %d and %d bytes", ErrMalformed, typ, len(value))
	}
	for ; len(value) > 0; value = value[4:] {
		dst = append(dst, math.Float32frombits(binary.LittleEndian.Uint32(value)))
	}
	return dst, nil
}
