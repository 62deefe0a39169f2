package tagnet

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"debrief"
)

// Example is a labelled sequence.
type Example struct {
	Sequence
	Labels [][]int   // by utterance
	Weight []float32 // by utterance; nil: 1 each
}

// Dropout is what is left out in learning.
type Dropout struct {
	Meaning float32 // share of the numbers of embedding and words
	Word    float32 // share of the words
	Inner   float32 // share of the numbers between layers
}

// Recipe says how to learn.
type Recipe struct {
	Size
	Dropout
	Members int     // networks in the ensemble
	Epochs  int     // passes over the data
	Batch   int     // sequences a step
	Rate    float64 // the highest learning rate
	Decay   float64 // pull of the weights towards 0
	Seed    uint64
	Workers int // networks trained at once
}

// DefaultRecipe was chosen by leaving out one hand of the corpus at a time.
func DefaultRecipe(labels int) Recipe {
	return Recipe{
		Size:    Size{Labels: labels, Word: 48, Meaning: 256, Context: 192},
		Dropout: Dropout{Meaning: 0.4, Word: 0.3, Inner: 0.4},
		Members: 4, Epochs: 10, Batch: 4, Rate: 2e-3, Decay: 1e-2, Seed: 1, Workers: 2,
	}
}

// Train learns from examples. The i-th call of draw with the same rng state must give the same
// examples: it is called once an epoch and member, and may vary them. Same recipe and draw, same
// weights. Errors: a cancelled context, or labels that do not fit.
func Train(ctx context.Context, r Recipe, words Vocabulary, draw func(rng *rand.Rand) []Example) (*Ensemble, error) {
	e := &Ensemble{nets: make([]*net, r.Members)}
	errs := make([]error, r.Members)
	slots := make(chan struct{}, max(1, r.Workers))
	var wg sync.WaitGroup
	for m := range r.Members {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			e.nets[m], errs[m] = trainOne(ctx, r, words, rand.New(rand.NewPCG(r.Seed, uint64(m))), draw)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("train network: %w", err)
		}
	}
	return e, nil
}

// warmup is the number of steps until the learning rate is at its highest.
const warmup = 30

func trainOne(ctx context.Context, r Recipe, words Vocabulary, rng *rand.Rand, draw func(rng *rand.Rand) []Example) (*net, error) {
	n := newNet(r.Size, words)
	n.initialise(rng)
	opt := newAdam(n.params())
	step := 0
	for epoch := range r.Epochs {
		examples := draw(rng)
		rng.Shuffle(len(examples), func(i, j int) { examples[i], examples[j] = examples[j], examples[i] })
		perEpoch := (len(examples) + r.Batch - 1) / r.Batch
		for at := 0; at < len(examples); at += r.Batch {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			batch := examples[at:min(len(examples), at+r.Batch)]
			rows := 0
			for _, x := range batch {
				rows += len(x.Utterances)
			}
			for _, x := range batch {
				if err := n.learn(x, r, rng, 1/float32(rows)); err != nil {
					return nil, err
				}
			}
			done := (float64(epoch) + float64(at/r.Batch)/float64(perEpoch)) / float64(r.Epochs)
			rate := r.Rate * min(1, float64(step+1)/warmup) * (1 - done)
			opt.step(rate, r.Decay)
			step++
		}
	}
	return n, nil
}

// learn adds the gradients of one example.
func (n *net) learn(x Example, r Recipe, rng *rand.Rand, scale float32) error {
	if len(x.Labels) != len(x.Utterances) {
		return fmt.Errorf("%d labels for %d utterances: %w", len(x.Labels), len(x.Utterances), debrief.ErrInvalid)
	}
	want := make([]float32, len(x.Labels)*n.size.Labels)
	for i, list := range x.Labels {
		for _, l := range list {
			if l < 0 || l >= n.size.Labels {
				return fmt.Errorf("label %d of %d: %w", l, n.size.Labels, debrief.ErrInvalid)
			}
			want[i*n.size.Labels+l] = 1
		}
	}
	weight := x.Weight
	if weight == nil {
		weight = make([]float32, len(x.Labels))
		for i := range weight {
			weight[i] = 1
		}
	}
	t := &tape{rng: rng}
	logits := n.forward(t, encode(x.Sequence, n.words, n.size), r.Dropout)
	t.loss(logits, want, weight, x.Allowed, scale)
	t.backward()
	return nil
}

// adam is AdamW (Loshchilov and Hutter 2019) with the usual constants, and gradients clipped
// to length 1.
type adam struct {
	params       []*matrix
	first, other [][]float32
	steps        int
}

func newAdam(params []*matrix) *adam {
	a := &adam{params: params}
	for _, p := range params {
		a.first = append(a.first, make([]float32, len(p.v)))
		a.other = append(a.other, make([]float32, len(p.v)))
	}
	return a
}

func (a *adam) step(rate, decay float64) {
	const b1, b2, eps = 0.9, 0.999, 1e-8
	a.steps++
	var length float64
	for _, p := range a.params {
		length += float64(dot(p.g, p.g))
	}
	clip := float32(1)
	if l := math.Sqrt(length); l > 1 {
		clip = float32(1 / l)
	}
	c1 := 1 - math.Pow(b1, float64(a.steps))
	c2 := 1 - math.Pow(b2, float64(a.steps))
	lr := float32(rate / c1)
	keep := float32(1 - rate*decay)
	root := float32(1 / c2)
	for k, p := range a.params {
		m, v := a.first[k], a.other[k]
		for i, g := range p.g {
			g *= clip
			m[i] = b1*m[i] + (1-b1)*g
			v[i] = b2*v[i] + (1-b2)*g*g
			p.v[i] = p.v[i]*keep - lr*m[i]/(float32(math.Sqrt(float64(v[i]*root)))+eps)
			p.g[i] = 0
		}
	}
}
