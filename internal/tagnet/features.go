package tagnet

import (
	"math"
	"strings"
	"unicode"
)

// metaDims is the number of features beside the words: see [encode].
const metaDims = 16

// farMarker is after how many utterances a question shown counts half.
const farMarker = 8

// encoded is a sequence as numbers.
type encoded struct {
	meaning, meta *matrix
	words         [][]uint32
	allowed       []bool
	coach         []float32 // belief that the coach speaks, by row
}

func encode(s Sequence, v Vocabulary, size Size) *encoded {
	n := len(s.Utterances)
	e := &encoded{
		meaning: constant(n, EmbeddingDims, make([]float32, n*EmbeddingDims)),
		meta:    constant(n, metaDims+size.Labels, make([]float32, n*(metaDims+size.Labels))),
		allowed: s.Allowed,
	}
	var talk float32 // is there a coach at all?
	for _, u := range s.Utterances {
		talk = max(talk, u.Coach)
	}
	for i, u := range s.Utterances {
		for k, v := range u.Embedding {
			e.meaning.row(i)[k] = v * embeddingScale
		}
		words := tokens(u.Text)
		e.words = append(e.words, v.of(words))
		m := e.meta.row(i)
		m[s.Phase] = 1
		m[3], m[4] = u.Client, u.Coach
		e.coach = append(e.coach, u.Coach)
		m[5] = talk
		m[6] = flag(s.Session >= 2)
		m[7] = flag(s.Session == 0)
		m[8] = float32(i) / float32(n)
		m[9] = 1 / float32(1+i)
		m[10] = 1 / float32(n-i)
		m[11] = float32(math.Log1p(float64(len(words)))) / 4
		m[12] = flag(strings.HasSuffix(strings.TrimRightFunc(u.Text, unicode.IsSpace), "?"))
		m[13] = flag(strings.Contains(u.Text, "?"))
		m[14] = flag(len(words) <= 3)
		m[15] = flag(u.Marker >= 0)
		if u.Marker >= 0 {
			m[metaDims+u.Marker] = farMarker / float32(farMarker+u.Since)
		}
	}
	return e
}

func flag(b bool) float32 {
	if b {
		return 1
	}
	return 0
}

func sqrt(n int) float32 { return float32(math.Sqrt(float64(n))) }
