package transcribe

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"debrief"
)

// Tokens with a meaning of their own.
const (
	tokenStart = 1
	tokenEnd   = 2
)

// wordMark stands for the space before a word in the vocabulary.
const wordMark = "\u2581"

// vocabulary holds the pieces of text tokens stand for, by id.
type vocabulary []string

// readVocabulary reads one piece a line. The error wraps [debrief.ErrModel].
func readVocabulary(path string) (vocabulary, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, debrief.WithHint(fmt.Errorf("read vocabulary: %w: %w", debrief.ErrModel, err), "run make setup")
	}
	defer f.Close()
	var v vocabulary
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		v = append(v, lines.Text())
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read vocabulary %s: %w: %w", path, debrief.ErrModel, err)
	}
	if len(v) <= tokenEnd {
		return nil, debrief.WithHint(fmt.Errorf("read vocabulary %s: %w: %d pieces", path, debrief.ErrModel, len(v)), "run make setup")
	}
	return v, nil
}

// startsWord reports whether a token begins a new word.
func (v vocabulary) startsWord(id int64) bool {
	return strings.HasPrefix(v.piece(id), wordMark)
}

// piece is the text of a token; ids beyond the table are special ones without any.
func (v vocabulary) piece(id int64) string {
	if id <= tokenEnd || id >= int64(len(v)) {
		return ""
	}
	return v[id]
}

// text joins tokens. Characters outside the vocabulary come as their UTF-8 bytes, <0x00> to
// <0xFF>; bytes that make no character become U+FFFD.
func (v vocabulary) text(ids []int64) string {
	var b []byte
	for _, id := range ids {
		p := v.piece(id)
		if len(p) == 6 && strings.HasPrefix(p, "<0x") && p[5] == '>' {
			if n, err := strconv.ParseUint(p[3:5], 16, 8); err == nil {
				b = append(b, byte(n))
				continue
			}
		}
		b = append(b, strings.ReplaceAll(p, wordMark, " ")...)
	}
	if !utf8.Valid(b) {
		return strings.TrimSpace(strings.ToValidUTF8(string(b), string(utf8.RuneError)))
	}
	return strings.TrimSpace(string(b))
}
