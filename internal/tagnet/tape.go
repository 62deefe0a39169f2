package tagnet

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// matrix holds values row by row and, when something is learned through it, their gradients.
type matrix struct {
	rows, cols int
	v          []float32
	g          []float32 // same length; nil for a constant
}

func newMatrix(rows, cols int) *matrix {
	return &matrix{rows, cols, make([]float32, rows*cols), make([]float32, rows*cols)}
}

func constant(rows, cols int, v []float32) *matrix { return &matrix{rows, cols, v, nil} }

func (m *matrix) row(i int) []float32  { return m.v[i*m.cols : (i+1)*m.cols] }
func (m *matrix) grow(i int) []float32 { return m.g[i*m.cols : (i+1)*m.cols] }

func general(m *matrix, v []float32) blas32.General {
	return blas32.General{Rows: m.rows, Cols: m.cols, Stride: m.cols, Data: v}
}

// tape records one pass forward so that it can be walked backward. Without rng it is a pass for
// use: nothing is dropped and nothing recorded.
type tape struct {
	back []func()
	rng  *rand.Rand
}

func (t *tape) learning() bool { return t.rng != nil }

func (t *tape) record(f func()) {
	if t.learning() {
		t.back = append(t.back, f)
	}
}

// backward turns the gradients of the outputs into gradients of everything before.
func (t *tape) backward() {
	for i := len(t.back) - 1; i >= 0; i-- {
		t.back[i]()
	}
}

// dense is x w + b, b one row.
func (t *tape) dense(x, w, b *matrix) *matrix {
	y := newMatrix(x.rows, w.cols)
	for i := range y.rows {
		copy(y.row(i), b.v)
	}
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, general(x, x.v), general(w, w.v), 1, general(y, y.v))
	t.record(func() {
		blas32.Gemm(blas.Trans, blas.NoTrans, 1, general(x, x.v), general(y, y.g), 1, general(w, w.g))
		for i := range y.rows {
			axpy(1, y.grow(i), b.g)
		}
		if x.g != nil {
			blas32.Gemm(blas.NoTrans, blas.Trans, 1, general(y, y.g), general(w, w.v), 1, general(x, x.g))
		}
	})
	return y
}

// bag sums rows of a table, each sum divided by the root of their number, so that long
// utterances do not shout. In learning, one row in dropShare is left out.
func (t *tape) bag(ids [][]uint32, table *matrix, dropShare float32) *matrix {
	y := newMatrix(len(ids), table.cols)
	for i, list := range ids {
		if t.learning() {
			kept := make([]uint32, 0, len(list))
			for _, id := range list {
				if t.rng.Float32() >= dropShare {
					kept = append(kept, id)
				}
			}
			list = kept
		}
		if len(list) == 0 {
			continue
		}
		scale := 1 / float32(math.Sqrt(float64(len(list))))
		for _, id := range list {
			axpy(scale, table.row(int(id)), y.row(i))
		}
		t.record(func() {
			for _, id := range list {
				axpy(scale, y.grow(i), table.grow(int(id)))
			}
		})
	}
	return y
}

func (t *tape) relu(x *matrix) *matrix {
	y := newMatrix(x.rows, x.cols)
	for i, v := range x.v {
		y.v[i] = max(0, v)
	}
	t.record(func() {
		for i, v := range x.v {
			if v > 0 {
				x.g[i] += y.g[i]
			}
		}
	})
	return y
}

// dropout silences a share of the values in learning and makes up for them in the rest.
func (t *tape) dropout(x *matrix, share float32) *matrix {
	if !t.learning() || share == 0 {
		return x
	}
	y := newMatrix(x.rows, x.cols)
	keep := make([]float32, len(x.v))
	for i, v := range x.v {
		if t.rng.Float32() >= share {
			keep[i] = 1 / (1 - share)
			y.v[i] = v * keep[i]
		}
	}
	if x.g != nil {
		t.record(func() {
			for i, k := range keep {
				x.g[i] += k * y.g[i]
			}
		})
	}
	return y
}

// gate multiplies each row by a constant, most often 0 or 1.
func (t *tape) gate(x *matrix, by []float32) *matrix {
	y := newMatrix(x.rows, x.cols)
	for i, b := range by {
		if b != 0 {
			axpy(b, x.row(i), y.row(i))
		}
	}
	t.record(func() {
		for i, b := range by {
			if b != 0 {
				axpy(b, y.grow(i), x.grow(i))
			}
		}
	})
	return y
}

// concat puts matrices of as many rows side by side.
func (t *tape) concat(parts ...*matrix) *matrix {
	cols := 0
	for _, p := range parts {
		cols += p.cols
	}
	y := newMatrix(parts[0].rows, cols)
	each := func(f func(p *matrix, row, at int)) {
		at := 0
		for _, p := range parts {
			for i := range p.rows {
				f(p, i, at)
			}
			at += p.cols
		}
	}
	each(func(p *matrix, i, at int) { copy(y.row(i)[at:], p.row(i)) })
	t.record(func() {
		each(func(p *matrix, i, at int) {
			if p.g != nil {
				axpy(1, y.grow(i)[at:at+p.cols], p.grow(i))
			}
		})
	})
	return y
}

// loss is the cross-entropy of independent yes/no answers, summed over allowed labels and
// weighted by row; it sets the gradient of the logits, times scale.
func (t *tape) loss(logits *matrix, want, weight []float32, allowed []bool, scale float32) float64 {
	var sum float64
	for i := range logits.rows {
		for j, z := range logits.row(i) {
			if !allowed[j] {
				continue
			}
			k := i*logits.cols + j
			p := sigmoid(z)
			sum += float64(weight[i]) * (math.Log1p(math.Exp(-math.Abs(float64(z)))) + float64(max(z, 0)-z*want[k]))
			logits.g[k] = (p - want[k]) * weight[i] * scale
		}
	}
	return sum
}

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

func tanh(x float32) float32 { return float32(math.Tanh(float64(x))) }

func axpy(a float32, x, y []float32) {
	blas32.Axpy(a, blas32.Vector{N: len(x), Inc: 1, Data: x}, blas32.Vector{N: len(y), Inc: 1, Data: y})
}

func dot(x, y []float32) float32 {
	return blas32.Dot(blas32.Vector{N: len(x), Inc: 1, Data: x}, blas32.Vector{N: len(y), Inc: 1, Data: y})
}
