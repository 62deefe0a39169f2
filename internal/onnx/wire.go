package onnx

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrMalformed says that bytes are not an ONNX model this package can read.
var ErrMalformed = errors.New("not a readable ONNX model")

// maxDepth bounds how deeply graphs may nest inside attributes. Real models nest once or
// twice; the bound keeps a crafted file from exhausting the stack.
const maxDepth = 16

// walk calls fn for every field of a message, in order. value is the payload of a
// length-delimited field and the encoded value of any other; whole is the field with its tag.
func walk(b []byte, fn func(num protowire.Number, typ protowire.Type, value, whole []byte) error) error {
	for len(b) > 0 {
		num, typ, tag := protowire.ConsumeTag(b)
		if tag < 0 {
			return fmt.Errorf("%w: %w", ErrMalformed, protowire.ParseError(tag))
		}
		n := protowire.ConsumeFieldValue(num, typ, b[tag:])
		if n < 0 {
			return fmt.Errorf("%w: field %d: %w", ErrMalformed, num, protowire.ParseError(n))
		}
		whole := b[: tag+n : tag+n]
		value := whole[tag:]
		if typ == protowire.BytesType {
			v, m := protowire.ConsumeBytes(value)
			if m < 0 {
				return fmt.Errorf("%w: field %d: %w", ErrMalformed, num, protowire.ParseError(m))
			}
			value = v
		}
		if err := fn(num, typ, value, whole); err != nil {
			return err
		}
		b = b[tag+n:]
	}
	return nil
}

// text returns a string field, or an error if the field is not length-delimited.
func text(dst *string, typ protowire.Type, value []byte) error {
	if typ != protowire.BytesType {
		return fmt.Errorf("%w: a string has wire type %d", ErrMalformed, typ)
	}
	*dst = string(value)
	return nil
}

// varints appends the values of a repeated integer field, packed or not.
func varints(dst []int64, typ protowire.Type, value []byte) ([]int64, error) {
	switch typ {
	case protowire.VarintType, protowire.BytesType:
	default:
		return nil, fmt.Errorf("%w: an integer has wire type %d", ErrMalformed, typ)
	}
	for len(value) > 0 {
		v, n := protowire.ConsumeVarint(value)
		if n < 0 {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, protowire.ParseError(n))
		}
		dst, value = append(dst, int64(v)), value[n:]
	}
	return dst, nil
}

// varint reads a single integer field.
func varint(dst *int64, typ protowire.Type, value []byte) error {
	vs, err := varints(nil, typ, value)
	if err != nil {
		return err
	}
	if len(vs) != 1 {
		return fmt.Errorf("%w: %d values where one is due", ErrMalformed, len(vs))
	}
	*dst = vs[0]
	return nil
}

func putBytes(b []byte, num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func putText(b []byte, num protowire.Number, v string) []byte {
	if v == "" {
		return b
	}
	return putBytes(b, num, []byte(v))
}

func putVarint(b []byte, num protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
}
