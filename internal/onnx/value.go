package onnx

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Value names a tensor that goes into or out of a graph.
type Value struct {
	Name string
	rest []byte // element type and shape, as they came
}

const (
	valueName, valueType = 1, 2
	typeTensor           = 1
	typeElem, typeShape  = 1, 2
	shapeDim             = 1
	dimValue, dimParam   = 1, 2
)

// NewValue declares an input or output. A dimension is an int (fixed) or a string (the name
// of a size that is known only when the model runs); anything else is an error.
func NewValue(name string, elem ElemType, dims ...any) (*Value, error) {
	var shape []byte
	for _, d := range dims {
		var dim []byte
		switch d := d.(type) {
		case int:
			dim = putVarint(nil, dimValue, int64(d))
		case string:
			dim = putText(nil, dimParam, d)
		default:
			return nil, fmt.Errorf("value %s: dimension %v is neither int nor string", name, d)
		}
		shape = putBytes(shape, shapeDim, dim)
	}
	tensor := putBytes(putVarint(nil, typeElem, int64(elem)), typeShape, shape)
	return &Value{Name: name, rest: putBytes(nil, valueType, putBytes(nil, typeTensor, tensor))}, nil
}

func parseValue(b []byte) (*Value, error) {
	v := &Value{}
	err := walk(b, func(num protowire.Number, typ protowire.Type, value, whole []byte) error {
		if num == valueName {
			return text(&v.Name, typ, value)
		}
		v.rest = append(v.rest, whole...)
		return nil
	})
	return v, err
}

func (v *Value) marshal() []byte { return append(putText(nil, valueName, v.Name), v.rest...) }
