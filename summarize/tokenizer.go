package summarize

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"debrief"

	"golang.org/x/text/unicode/norm"
)

const (
	// maxTokens is where the sentence encoder's own graph cuts a sentence; 128 tokens are about 90 words.
	maxTokens = 128
	// reservedPieces stand first in the vocabulary and are never read in text.
	reservedPieces = 6
	// unknownScore is what a character outside the vocabulary costs: more than any piece (the rarest
	// costs 14), so that it is taken only where nothing else fits.
	unknownScore = -20
	// wordStart is what SentencePiece writes for a space.
	wordStart = '\u2581'
)

// tokenizer splits text into the pieces the sentence encoder was trained on: SentencePiece's
// unigram model, the split with the highest sum of log probabilities.
type tokenizer struct {
	pieces  map[string]piece
	longest int // of all pieces, in bytes
}

type piece struct {
	id    int64
	score float64
}

// readTokenizer reads a vocabulary: a JSON list of [piece, log probability]. A piece without a
// number cannot be scored and is left out. Errors wrap debrief.ErrModel.
func readTokenizer(path string) (*tokenizer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read vocabulary: %w: %w", debrief.ErrModel, err)
	}
	var list [][2]any
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("read vocabulary %s: %w: %w", path, debrief.ErrModel, err)
	}
	t := &tokenizer{pieces: make(map[string]piece, len(list))}
	for id, row := range list {
		text, isText := row[0].(string)
		score, isNumber := row[1].(float64)
		if id < reservedPieces || !isText || !isNumber || text == "" {
			continue
		}
		t.pieces[text] = piece{int64(id), score}
		t.longest = max(t.longest, len(text))
	}
	if len(t.pieces) == 0 {
		return nil, fmt.Errorf("read vocabulary %s: no pieces: %w", path, debrief.ErrModel)
	}
	return t, nil
}

// split returns the ids of the best split, at most [maxTokens]. Characters outside the vocabulary
// are left out: their id is the encoder's padding. Text without any known piece gives none.
func (t *tokenizer) split(text string) []int64 {
	text = norm.NFKC.String(strings.TrimSpace(text))
	if text == "" {
		return nil
	}
	text = string(wordStart) + strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return wordStart
		}
		return r
	}, text)

	// best[i] is the best split of text[:i]; positions inside a character stay unreachable.
	type step struct {
		score float64
		from  int
		id    int64
	}
	best := make([]step, len(text)+1)
	for i := 1; i < len(best); i++ {
		best[i].score = math.Inf(-1)
	}
	for i := 0; i < len(text); {
		_, width := utf8.DecodeRuneInString(text[i:])
		for end := i + width; end <= min(len(text), i+t.longest); end++ {
			if p, ok := t.pieces[text[i:end]]; ok && best[i].score+p.score > best[end].score {
				best[end] = step{best[i].score + p.score, i, p.id}
			}
		}
		if s := best[i].score + unknownScore; s > best[i+width].score {
			best[i+width] = step{s, i, 0}
		}
		i += width
	}
	var ids []int64
	for i := len(text); i > 0; i = best[i].from {
		if best[i].id != 0 {
			ids = append(ids, best[i].id)
		}
	}
	slices.Reverse(ids)
	return ids[:min(len(ids), maxTokens)]
}
