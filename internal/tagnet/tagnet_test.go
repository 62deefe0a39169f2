package tagnet

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"debrief"
)

const (
	phases = 3
	labels = 4
)

// lesson is a tiny corpus: the word and the embedding name the label, a bare "yes" continues it.
func lesson() (Vocabulary, []Example) {
	words := []string{"river river", "hands hands", "mother mother", "music music"}
	var examples []Example
	for start := range labels {
		x := Example{Sequence: Sequence{Phase: start % phases, Session: 2, Allowed: []bool{true, true, true, true}}}
		for k := range labels {
			l := (start + k) % labels
			e := make([]float32, EmbeddingDims)
			e[l] = 1
			x.Utterances = append(x.Utterances,
				Utterance{Text: words[l], Embedding: e, Client: 1, Marker: -1},
				Utterance{Text: "yes", Embedding: make([]float32, EmbeddingDims), Client: 1, Marker: -1})
			x.Labels = append(x.Labels, []int{l}, []int{l})
		}
		examples = append(examples, x)
	}
	return NewVocabulary([][]string{words, {"yes"}, words, {"yes"}}, 2), examples
}

func recipe() Recipe {
	return Recipe{
		Size: Size{Labels: labels, Word: 8, Meaning: 16, Context: 12}, Dropout: Dropout{Meaning: 0.1, Word: 0.1, Inner: 0.1},
		Members: 2, Epochs: 60, Batch: 2, Rate: 1e-2, Decay: 1e-3, Seed: 3, Workers: 2,
	}
}

func trained(t *testing.T) (*Ensemble, []Example) {
	t.Helper()
	words, examples := lesson()
	e, err := Train(t.Context(), recipe(), words, func(*rand.Rand) []Example { return slices.Clone(examples) })
	if err != nil {
		t.Fatal(err)
	}
	return e, examples
}

func TestTrainLearnsWordsAndContext(t *testing.T) {
	e, examples := trained(t)
	for _, x := range examples {
		for i, row := range e.Probabilities(x.Sequence) {
			for l, p := range row {
				if want := slices.Contains(x.Labels[i], l); want != (p > 0.5) {
					t.Errorf("utterance %d %q: label %d has %.2f, right is %v", i, x.Utterances[i].Text, l, p, x.Labels[i])
				}
			}
		}
	}
}

// TestTheSameWordsMeanOtherThingsByAnotherSpeaker: what answers a prompt in a client's mouth may pose
// another in a coach's.
func TestTheSameWordsMeanOtherThingsByAnotherSpeaker(t *testing.T) {
	words, examples := lesson()
	for i := range examples {
		x := &examples[i]
		for k := range x.Utterances {
			if (k/2+i)%2 == 1 {
				x.Utterances[k].Client, x.Utterances[k].Coach = 0, 1
				x.Labels[k] = []int{(x.Labels[k][0] + 1) % labels}
			}
		}
	}
	e, err := Train(t.Context(), recipe(), words, func(*rand.Rand) []Example { return slices.Clone(examples) })
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range examples {
		for k, p := range e.Probabilities(x.Sequence) {
			if p[x.Labels[k][0]] < 0.5 {
				t.Errorf("%q by coach %.0f: probability %.2f of label %d", x.Utterances[k].Text, x.Utterances[k].Coach, p[x.Labels[k][0]], x.Labels[k][0])
			}
		}
	}
}

func TestTrainGivesTheSameWeights(t *testing.T) {
	var files [2]bytes.Buffer
	for i := range files {
		e, _ := trained(t)
		if err := e.Write(&files[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) {
		t.Error("two trainings with one seed differ")
	}
}

func TestTrainRefusesLabelsThatDoNotFit(t *testing.T) {
	words, examples := lesson()
	for name, spoil := range map[string]func(*Example){
		"Missing": func(x *Example) { x.Labels = x.Labels[1:] },
		"Unknown": func(x *Example) { x.Labels[0] = []int{labels} },
	} {
		t.Run(name, func(t *testing.T) {
			x := examples[0]
			x.Labels = slices.Clone(x.Labels)
			spoil(&x)
			_, err := Train(t.Context(), recipe(), words, func(*rand.Rand) []Example { return []Example{x} })
			if !errors.Is(err, debrief.ErrInvalid) {
				t.Errorf("error = %v, want ErrInvalid", err)
			}
		})
	}
}

func TestForbiddenLabelsHaveNoProbability(t *testing.T) {
	e, examples := trained(t)
	s := examples[0].Sequence
	s.Allowed = []bool{false, true, true, true}
	for i, row := range e.Probabilities(s) {
		if row[0] != 0 {
			t.Errorf("utterance %d: a forbidden label has %.3f", i, row[0])
		}
	}
}

func TestWriteReadRoundTrip(t *testing.T) {
	e, examples := trained(t)
	var file bytes.Buffer
	if err := e.Write(&file); err != nil {
		t.Fatal(err)
	}
	read, err := Read(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	before, after := e.Probabilities(examples[0].Sequence), read.Probabilities(examples[0].Sequence)
	for i := range before {
		for l := range before[i] {
			if d := math.Abs(float64(before[i][l] - after[i][l])); d > 0.02 {
				t.Errorf("utterance %d label %d moved by %.3f in the file", i, l, d)
			}
		}
	}
	for name, data := range map[string][]byte{"Empty": nil, "NotGzip": []byte("tagnet2"), "CutShort": file.Bytes()[:file.Len()/2]} {
		t.Run(name, func(t *testing.T) {
			if _, err := Read(bytes.NewReader(data)); !errors.Is(err, debrief.ErrModel) {
				t.Errorf("error = %v, want ErrModel", err)
			}
		})
	}
}

// TestGradients compares each gradient with the slope of the loss.
func TestGradients(t *testing.T) {
	words, examples := lesson()
	n := newNet(recipe().Size, words)
	n.initialise(rand.New(rand.NewPCG(1, 2)))
	x := examples[1]
	x.Utterances[2].Marker = 1
	x.Utterances[4].Client, x.Utterances[4].Coach = 0, 1
	in := encode(x.Sequence, words, n.size)
	want := make([]float32, len(x.Labels)*labels)
	weight := make([]float32, len(x.Labels))
	for i, ls := range x.Labels {
		weight[i] = 1
		for _, l := range ls {
			want[i*labels+l] = 1
		}
	}
	loss := func(rng *rand.Rand) (float64, *tape) {
		tp := &tape{rng: rng}
		return tp.loss(n.forward(tp, in, Dropout{}), want, weight, x.Allowed, 1), tp
	}
	_, tp := loss(rand.New(rand.NewPCG(1, 1)))
	tp.backward()
	for k, p := range n.params() {
		// The largest gradient of each matrix tells most in float32.
		at := 0
		for i, g := range p.g {
			if math.Abs(float64(g)) > math.Abs(float64(p.g[at])) {
				at = i
			}
		}
		const step = 1e-2
		old := p.v[at]
		p.v[at] = old + step
		up, _ := loss(nil)
		p.v[at] = old - step
		down, _ := loss(nil)
		p.v[at] = old
		slope := (up - down) / (2 * step)
		if g := float64(p.g[at]); math.Abs(g-slope) > 0.02*math.Abs(slope)+1e-3 {
			t.Errorf("matrix %d value %d: gradient %.4f, slope %.4f", k, at, g, slope)
		}
	}
}

func FuzzRead(f *testing.F) {
	words, _ := lesson()
	n := newNet(Size{Labels: 2, Word: 1, Meaning: 1, Context: 1}, words)
	var file bytes.Buffer
	if err := (&Ensemble{nets: []*net{n}}).Write(&file); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Read(bytes.NewReader(data))
		if err == nil && e.Labels() == 0 {
			t.Error("read a model without labels")
		}
		if err != nil && !errors.Is(err, debrief.ErrModel) {
			t.Errorf("error = %v, want ErrModel", err)
		}
	})
}
