package tagnet

// gru is a gated recurrent unit (Cho et al. 2014, the variant with the reset gate after the
// product): what was said before, summed up in as many numbers as the unit is wide.
type gru struct {
	wx, bx *matrix // [in, 3 width], [1, 3 width]: reset, update, candidate
	wh, bh *matrix // [width, 3 width], [1, 3 width]
}

// run reads the rows in order, or from the last to the first, and returns the state after each.
func (u gru) run(t *tape, x *matrix, reverse bool) *matrix {
	n, width := x.rows, u.wh.rows
	pre := t.dense(x, u.wx, u.bx)
	y := newMatrix(n, width)
	gates := newMatrix(n, 3*width)  // after their nonlinearity
	hidden := newMatrix(n, 3*width) // state before, times wh, plus bh
	zero := make([]float32, width)
	at := func(step int) int {
		if reverse {
			return n - 1 - step
		}
		return step
	}
	before := func(step int) []float32 {
		if step == 0 {
			return zero
		}
		return y.row(at(step - 1))
	}
	for step := range n {
		i := at(step)
		prev, h, g, p := before(step), hidden.row(i), gates.row(i), pre.row(i)
		copy(h, u.bh.v)
		for k, v := range prev {
			if v != 0 {
				axpy(v, u.wh.row(k), h)
			}
		}
		for k := range width {
			g[k] = sigmoid(p[k] + h[k])
			g[width+k] = sigmoid(p[width+k] + h[width+k])
			g[2*width+k] = tanh(p[2*width+k] + g[k]*h[2*width+k])
			y.row(i)[k] = (1-g[width+k])*g[2*width+k] + g[width+k]*prev[k]
		}
	}
	t.record(func() {
		carry := make([]float32, width) // gradient that comes back from the step after
		dh := make([]float32, 3*width)
		for step := n - 1; step >= 0; step-- {
			i := at(step)
			prev, h, g, dp, dy := before(step), hidden.row(i), gates.row(i), pre.grow(i), y.grow(i)
			next := make([]float32, width)
			for k := range width {
				reset, update, candidate := g[k], g[width+k], g[2*width+k]
				d := dy[k] + carry[k]
				next[k] = d * update
				dc := d * (1 - update) * (1 - candidate*candidate)
				du := d * (prev[k] - candidate) * update * (1 - update)
				dr := dc * h[2*width+k] * reset * (1 - reset)
				dp[k] += dr
				dp[width+k] += du
				dp[2*width+k] += dc
				dh[k], dh[width+k], dh[2*width+k] = dr, du, dc*reset
			}
			axpy(1, dh, u.bh.g)
			for k, v := range prev {
				if v != 0 {
					axpy(v, dh, u.wh.grow(k))
				}
				next[k] += dot(dh, u.wh.row(k))
			}
			carry = next
		}
	})
	return y
}
