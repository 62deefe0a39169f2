package onnx

import (
	"fmt"
	"slices"
)

// SplitMerged takes a decoder as optimum merges them - one If node, whose branches are the
// step with a past and the first step without - and makes a model of each branch, with the
// constants, inputs and outputs it needs and no others.
//
// Two plain models run faster than one with an If: a session can plan memory for, and fold
// constants into, a graph it knows it will run.
func SplitMerged(m *Model) (first, next *Model, err error) {
	g := m.Graph
	if len(g.Nodes) != 1 || g.Nodes[0].Op != "If" {
		return nil, nil, fmt.Errorf("split: %w: the graph is not a single If node", ErrMalformed)
	}
	branches := map[string]*Graph{}
	for _, a := range g.Nodes[0].Attrs {
		if a.Graph != nil {
			branches[a.Name] = a.Graph
		}
	}
	for _, name := range []string{"then_branch", "else_branch"} {
		if branches[name] == nil {
			return nil, nil, fmt.Errorf("split: %w: the If node has no %s", ErrMalformed, name)
		}
	}
	return lift(m, branches["else_branch"]), lift(m, branches["then_branch"]), nil
}

// lift makes a model of a branch. Tensors the branch takes from the graph around it become
// its own: constants are copied, inputs declared.
func lift(m *Model, branch *Graph) *Model {
	used := map[string]bool{}
	branch.eachInput(func(name string) { used[name] = true })
	for _, v := range branch.Outputs {
		used[v.Name] = true
	}
	g := &Graph{
		Name:         branch.Name,
		Nodes:        branch.Nodes,
		Initializers: slices.Clone(branch.Initializers),
		Outputs:      slices.Clone(branch.Outputs),
		rest:         branch.rest,
	}
	for _, t := range m.Graph.Initializers {
		if used[t.Name] {
			g.Initializers = append(g.Initializers, t)
		}
	}
	for _, v := range m.Graph.Inputs {
		if used[v.Name] {
			g.Inputs = append(g.Inputs, v)
		}
	}
	return &Model{Graph: g, IR: m.IR, Producer: m.Producer, Opsets: m.Opsets, rest: m.rest}
}

// eachInput calls fn for every tensor a node takes in, nodes of nested graphs included.
func (g *Graph) eachInput(fn func(name string)) {
	for _, n := range g.Nodes {
		for _, name := range n.Inputs {
			fn(name)
		}
		for _, a := range n.Attrs {
			if a.Graph != nil {
				a.Graph.eachInput(fn)
			}
		}
	}
}

// KeepOutputs drops the outputs for which keep says false, and the nodes and constants
// nothing that is left depends on.
func (g *Graph) KeepOutputs(keep func(name string) bool) {
	g.Outputs = slices.DeleteFunc(g.Outputs, func(v *Value) bool { return !keep(v.Name) })
	needed := map[string]bool{}
	for _, v := range g.Outputs {
		needed[v.Name] = true
	}
	// Nodes stand in an order they can be computed in, so backwards every reader comes before what it reads.
	live := make([]*Node, 0, len(g.Nodes))
	for _, n := range slices.Backward(g.Nodes) {
		if slices.ContainsFunc(n.Outputs, func(o string) bool { return needed[o] }) {
			live = append(live, n)
			(&Graph{Nodes: []*Node{n}}).eachInput(func(name string) { needed[name] = true })
		}
	}
	slices.Reverse(live)
	g.Nodes = live
	g.Initializers = slices.DeleteFunc(g.Initializers, func(t *Tensor) bool { return !needed[t.Name] })
	g.Inputs = slices.DeleteFunc(g.Inputs, func(v *Value) bool { return !needed[v.Name] })
}

// Expose makes tensors inside the graph outputs, after those there are. Each is named and its
// element type and dimensions given, as for [NewValue].
func (g *Graph) Expose(v *Value) error {
	for _, n := range g.Nodes {
		if slices.Contains(n.Outputs, v.Name) {
			g.Outputs = append(g.Outputs, v)
			return nil
		}
	}
	return fmt.Errorf("expose %s: %w: no node makes it", v.Name, ErrMalformed)
}
