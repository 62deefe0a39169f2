package onnx

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Model is a model file.
type Model struct {
	IR       int64  // version of the file format
	Producer string // the program that wrote it
	Opsets   []Opset
	Graph    *Graph
	rest     []byte // documentation, metadata
}

// Opset is a set of operators and the version of it a model uses. The empty domain is the standard set.
type Opset struct {
	Domain  string
	Version int64
}

// Graph is a list of nodes, in an order in which they can be computed, and the tensors that go in and out.
type Graph struct {
	Name         string
	Nodes        []*Node
	Initializers []*Tensor
	Inputs       []*Value
	Outputs      []*Value
	rest         []byte // value_info, documentation, quantisation annotations
}

// Node is one operator. An empty name in Inputs or Outputs is an optional tensor left out.
type Node struct {
	Op      string
	Domain  string // "" is the standard operator set
	Name    string
	Inputs  []string
	Outputs []string
	Attrs   []*Attr
	rest    []byte
}

// Field numbers of onnx.proto.
const (
	modelIR, modelProducer, modelGraph, modelOpset = 1, 2, 7, 8
	opsetDomain, opsetVersion                      = 1, 2

	graphNode, graphName, graphInitializer = 1, 2, 5
	graphInput, graphOutput                = 11, 12

	nodeInput, nodeOutput, nodeName, nodeOp, nodeAttr, nodeDomain = 1, 2, 3, 4, 5, 7
)

// Parse reads a model file. The model keeps slices of b. The error wraps [ErrMalformed].
func Parse(b []byte) (*Model, error) {
	m := &Model{}
	err := walk(b, func(num protowire.Number, typ protowire.Type, value, whole []byte) (err error) {
		switch num {
		case modelIR:
			return varint(&m.IR, typ, value)
		case modelProducer:
			return text(&m.Producer, typ, value)
		}
		switch {
		case num == modelOpset && typ == protowire.BytesType:
			o, err := parseOpset(value)
			m.Opsets = append(m.Opsets, o)
			return err
		case num == modelGraph && typ == protowire.BytesType:
			if m.Graph != nil {
				return fmt.Errorf("%w: two graphs", ErrMalformed)
			}
			m.Graph, err = parseGraph(value, 0)
			return err
		}
		m.rest = append(m.rest, whole...)
		return nil
	})
	if err == nil && m.Graph == nil {
		err = fmt.Errorf("%w: no graph", ErrMalformed)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Marshal writes the model file.
func (m *Model) Marshal() []byte {
	b := putVarint(nil, modelIR, m.IR)
	b = putText(b, modelProducer, m.Producer)
	b = putBytes(b, modelGraph, m.Graph.marshal())
	for _, o := range m.Opsets {
		b = putBytes(b, modelOpset, putVarint(putText(nil, opsetDomain, o.Domain), opsetVersion, o.Version))
	}
	return append(b, m.rest...)
}

func parseOpset(b []byte) (o Opset, err error) {
	err = walk(b, func(num protowire.Number, typ protowire.Type, value, _ []byte) error {
		switch num {
		case opsetDomain:
			return text(&o.Domain, typ, value)
		case opsetVersion:
			return varint(&o.Version, typ, value)
		}
		return nil
	})
	return o, err
}

func parseGraph(b []byte, depth int) (*Graph, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: graphs nest deeper than %d", ErrMalformed, maxDepth)
	}
	g := &Graph{}
	err := walk(b, func(num protowire.Number, typ protowire.Type, value, whole []byte) error {
		if typ != protowire.BytesType {
			g.rest = append(g.rest, whole...)
			return nil
		}
		switch num {
		case graphName:
			g.Name = string(value)
		case graphNode:
			n, err := parseNode(value, depth)
			if err != nil {
				return err
			}
			g.Nodes = append(g.Nodes, n)
		case graphInitializer:
			t, err := parseTensor(value)
			if err != nil {
				return err
			}
			g.Initializers = append(g.Initializers, t)
		case graphInput, graphOutput:
			v, err := parseValue(value)
			if err != nil {
				return err
			}
			if num == graphInput {
				g.Inputs = append(g.Inputs, v)
			} else {
				g.Outputs = append(g.Outputs, v)
			}
		default:
			g.rest = append(g.rest, whole...)
		}
		return nil
	})
	return g, err
}

func (g *Graph) marshal() []byte {
	var b []byte
	for _, n := range g.Nodes {
		b = putBytes(b, graphNode, n.marshal())
	}
	b = putText(b, graphName, g.Name)
	for _, t := range g.Initializers {
		b = putBytes(b, graphInitializer, t.marshal())
	}
	for _, v := range g.Inputs {
		b = putBytes(b, graphInput, v.marshal())
	}
	for _, v := range g.Outputs {
		b = putBytes(b, graphOutput, v.marshal())
	}
	return append(b, g.rest...)
}

func parseNode(b []byte, depth int) (*Node, error) {
	n := &Node{}
	err := walk(b, func(num protowire.Number, typ protowire.Type, value, whole []byte) error {
		if typ != protowire.BytesType {
			n.rest = append(n.rest, whole...)
			return nil
		}
		switch num {
		case nodeInput:
			n.Inputs = append(n.Inputs, string(value))
		case nodeOutput:
			n.Outputs = append(n.Outputs, string(value))
		case nodeName:
			n.Name = string(value)
		case nodeOp:
			n.Op = string(value)
		case nodeDomain:
			n.Domain = string(value)
		case nodeAttr:
			a, err := parseAttr(value, depth)
			if err != nil {
				return err
			}
			n.Attrs = append(n.Attrs, a)
		default:
			n.rest = append(n.rest, whole...)
		}
		return nil
	})
	return n, err
}

func (n *Node) marshal() []byte {
	var b []byte
	for _, s := range n.Inputs {
		b = putBytes(b, nodeInput, []byte(s)) // "" included: a place left out
	}
	for _, s := range n.Outputs {
		b = putBytes(b, nodeOutput, []byte(s))
	}
	b = putText(b, nodeName, n.Name)
	b = putText(b, nodeOp, n.Op)
	for _, a := range n.Attrs {
		b = putBytes(b, nodeAttr, a.marshal())
	}
	b = putText(b, nodeDomain, n.Domain)
	return append(b, n.rest...)
}

// Attr returns the attribute with the name, or nil.
func (n *Node) Attr(name string) *Attr {
	for _, a := range n.Attrs {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// Initializer returns the constant with the name, or nil.
func (g *Graph) Initializer(name string) *Tensor {
	for _, t := range g.Initializers {
		if t.Name == name {
			return t
		}
	}
	return nil
}
