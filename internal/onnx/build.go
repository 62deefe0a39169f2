package onnx

import "fmt"

// Versions written into models made from nothing: the oldest that hold every operator used
// (LayerNormalization came with operator set 17), which any ONNX Runtime of today reads.
const (
	buildIR    = 8
	buildOpset = 17
)

// Microsoft is the domain of the operators that come with ONNX Runtime beside the standard's.
const Microsoft = "com.microsoft"

// Builder writes a graph node by node. The zero value is ready; tensors are known by name.
type Builder struct {
	graph Graph
	made  int
}

// Constant adds a constant and returns its name.
func (b *Builder) Constant(t *Tensor) string {
	b.graph.Initializers = append(b.graph.Initializers, t)
	return t.Name
}

// Ints adds a constant list of integers - axes, shapes, split points - and returns its name.
func (b *Builder) Ints(v ...int64) string {
	b.made++
	return b.Constant(IntTensor(fmt.Sprintf("ints_%d", b.made), v, int64(len(v))))
}

// Node adds an operator of the standard set with one output and returns the output's name.
func (b *Builder) Node(op string, inputs []string, attrs ...*Attr) string {
	return b.Nodes("", op, 1, inputs, attrs...)[0]
}

// Nodes adds an operator of any domain with any number of outputs and returns their names.
func (b *Builder) Nodes(domain, op string, outputs int, inputs []string, attrs ...*Attr) []string {
	b.made++
	name := fmt.Sprintf("%s_%d", op, b.made)
	n := &Node{Op: op, Domain: domain, Name: name, Inputs: inputs, Outputs: []string{name}, Attrs: attrs}
	for i := 1; i < outputs; i++ {
		n.Outputs = append(n.Outputs, fmt.Sprintf("%s:%d", name, i))
	}
	b.graph.Nodes = append(b.graph.Nodes, n)
	return n.Outputs
}

// Input declares an input of the graph; see [NewValue] for dims.
func (b *Builder) Input(name string, elem ElemType, dims ...any) error {
	v, err := NewValue(name, elem, dims...)
	b.graph.Inputs = append(b.graph.Inputs, v)
	return err
}

// Output makes the tensor an output of the graph under a name of its own; see [NewValue] for dims.
func (b *Builder) Output(tensor, name string, elem ElemType, dims ...any) error {
	if tensor != name {
		b.graph.Nodes = append(b.graph.Nodes, &Node{Op: "Identity", Name: name, Inputs: []string{tensor}, Outputs: []string{name}})
	}
	v, err := NewValue(name, elem, dims...)
	b.graph.Outputs = append(b.graph.Outputs, v)
	return err
}

// Model closes the graph. The domain of [Microsoft] is declared when a node is of it.
func (b *Builder) Model(name string) *Model {
	b.graph.Name = name
	m := &Model{IR: buildIR, Producer: "debrief", Opsets: []Opset{{"", buildOpset}}, Graph: &b.graph}
	for _, n := range b.graph.Nodes {
		if n.Domain == Microsoft {
			m.Opsets = append(m.Opsets, Opset{Microsoft, 1})
			break
		}
	}
	return m
}
