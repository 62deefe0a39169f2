// Package tagnet is the small network that decides which prompts each utterance of a debrief
// answers: what the words mean, what words they are, who speaks when, which question was shown,
// and, through a recurrent layer in both directions, what came before and comes after.
//
// [Train] makes an [Ensemble] from labelled [Sequence]s, the same weights every time on the same
// machine; [Read] loads one and [Ensemble.Probabilities] uses it. The package knows prompts
// by number only, reads no text files and never looks at a recording.
package tagnet

import (
	"math/rand/v2"
)

// Sequence is one recording as the network sees it.
type Sequence struct {
	Utterances []Utterance
	Phase      int    // 0 preparation, 1 immediate, 2 followup
	Session    int    // 0: not known
	Allowed    []bool // by label: may be answered in this recording
}

// Utterance is one row of a sequence.
type Utterance struct {
	Embedding []float32 // EmbeddingDims numbers of length 1
	Text      string
	Client    float32 // belief that the client speaks, 0-1
	Coach     float32 // belief that the coach speaks, 0-1; both 0: nothing is known
	Marker    int     // label of the question shown last, or -1
	Since     int     // utterances since that question was shown
}

const (
	// EmbeddingDims is the length of the sentence encoder's embeddings.
	EmbeddingDims = 512
	// embeddingScale brings the numbers of an embedding, 1/sqrt(512) each, near 1/3: the size of the others.
	embeddingScale = 8
)

// Size says how wide the layers are.
type Size struct {
	Labels  int
	Word    int // numbers a word of the vocabulary has
	Meaning int // width of an utterance
	Context int // width of the recurrent layer, each direction
}

// perSpeaker is how many sets of weights the layers below and above the recurrent one have: one
// for everybody and one that a coach's words add, because the same words pose a prompt in one mouth
// and answer it in the other.
const perSpeaker = 2

// net is one member of an ensemble.
type net struct {
	size        Size
	words       Vocabulary
	table       *matrix // one row a word
	wu, bu      *matrix // utterance
	ahead, back gru
	wo, bo      *matrix // labels
}

func newNet(size Size, words Vocabulary) *net {
	in := perSpeaker * (EmbeddingDims + size.Word + metaDims + size.Labels)
	unit := func() gru {
		return gru{
			newMatrix(size.Meaning, 3*size.Context), newMatrix(1, 3*size.Context),
			newMatrix(size.Context, 3*size.Context), newMatrix(1, 3*size.Context),
		}
	}
	return &net{
		size: size, words: words,
		table: newMatrix(len(words), size.Word),
		wu:    newMatrix(in, size.Meaning), bu: newMatrix(1, size.Meaning),
		ahead: unit(), back: unit(),
		wo: newMatrix(perSpeaker*(size.Meaning+2*size.Context), size.Labels), bo: newMatrix(1, size.Labels),
	}
}

// params lists what is learned, always in this order.
func (n *net) params() []*matrix {
	return []*matrix{
		n.table, n.wu, n.bu,
		n.ahead.wx, n.ahead.bx, n.ahead.wh, n.ahead.bh,
		n.back.wx, n.back.bx, n.back.wh, n.back.bh,
		n.wo, n.bo,
	}
}

// initialise draws starting weights; matrices so that a row's sum keeps its size.
func (n *net) initialise(rng *rand.Rand) {
	for _, p := range n.params() {
		if p.rows == 1 {
			continue
		}
		spread := float32(1) / sqrt(p.rows)
		if p == n.table {
			spread = 0.1
		}
		for i := range p.v {
			p.v[i] = spread * float32(rng.NormFloat64())
		}
	}
}

// forward returns one row of logits an utterance.
func (n *net) forward(t *tape, s *encoded, d Dropout) *matrix {
	words := t.bag(s.words, n.table, d.Word)
	x := t.concat(t.dropout(s.meaning, d.Meaning), t.dropout(words, d.Meaning), s.meta)
	u := t.dropout(t.relu(t.dense(t.concat(x, t.gate(x, s.coach)), n.wu, n.bu)), d.Inner)
	ahead := n.ahead.run(t, u, false)
	back := n.back.run(t, u, true)
	h := t.concat(u, t.dropout(ahead, d.Inner), t.dropout(back, d.Inner))
	return t.dense(t.concat(h, t.gate(h, s.coach)), n.wo, n.bo)
}

// Ensemble is several networks that differ by their seed; their mean is steadier than any.
type Ensemble struct{ nets []*net }

// Probabilities gives, for each utterance, the probability of each label: independent of one
// another, 0 where a label is not allowed.
func (e *Ensemble) Probabilities(s Sequence) [][]float32 {
	in := encode(s, e.nets[0].words, e.nets[0].size)
	out := make([][]float32, len(s.Utterances))
	for i := range out {
		out[i] = make([]float32, e.nets[0].size.Labels)
	}
	if len(out) == 0 {
		return out
	}
	for _, n := range e.nets {
		logits := n.forward(&tape{}, in, Dropout{})
		for i := range out {
			for j, z := range logits.row(i) {
				if s.Allowed[j] {
					out[i][j] += sigmoid(z) / float32(len(e.nets))
				}
			}
		}
	}
	return out
}
