// Package espeak speaks sentences with espeak-ng and tells when each word starts: speech whose
// word times are known, for tests and for the bench.
//
// Call [Speak]. It needs espeak-ng's library and python3, which reads the library's events (the
// command espeak-ng does not show them). It is in no binary users run.
package espeak

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"debrief"
	"debrief/internal/audio"
)

//go:embed speak.py
var script string

// Rate in words a minute: people who are tired speak slower than the synthesiser's 175.
const Rate = 150

// Word is a word with its start in seconds, in small letters and without punctuation.
type Word struct {
	Start float64
	Text  string
}

// Speak voices sentences, with 1.2 s of silence after each, and returns 16 kHz samples and the
// true starts of the words. Words the synthesiser runs together, as "for a", count as the first
// of them. The voice is a name such as en-us or, with a variant, en+f3.
func Speak(ctx context.Context, voice string, sentences []string) ([]int16, []Word, error) {
	dir, err := os.MkdirTemp("", "debrief-espeak-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	wav := filepath.Join(dir, "spoken.wav")
	cmd := exec.CommandContext(ctx, "python3", "-c", script, voice, strconv.Itoa(Rate), wav)
	cmd.Stdin = strings.NewReader(strings.Join(sentences, "\n"))
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, nil, fmt.Errorf("speak with %s: %w", voice, err)
	}
	var words []Word
	for line := range strings.Lines(string(out)) {
		at, word, _ := strings.Cut(strings.TrimSpace(line), "\t")
		start, err := strconv.ParseFloat(at, 64)
		if err != nil {
			return nil, nil, fmt.Errorf("speak with %s: %w: %w", voice, debrief.ErrInvalid, err)
		}
		words = append(words, Word{start, Plain(word)})
	}
	pcm, err := audio.ReadFile(ctx, wav)
	return pcm, words, err
}

// Plain is a word in small letters, without the punctuation around it.
func Plain(word string) string {
	return strings.TrimFunc(strings.ToLower(word), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Late pairs the words two lists have in common, in order and no more than two seconds apart,
// and returns by how many seconds each of heard starts later than in spoken.
func Late(spoken, heard []Word) []float64 {
	// The longest common subsequence: longest[i][j] is its length for spoken[i:] and heard[j:].
	longest := make([][]int, len(spoken)+1)
	for i := range longest {
		longest[i] = make([]int, len(heard)+1)
	}
	same := func(i, j int) bool {
		late := heard[j].Start - spoken[i].Start
		return spoken[i].Text == heard[j].Text && -2 < late && late < 2
	}
	for i := len(spoken) - 1; i >= 0; i-- {
		for j := len(heard) - 1; j >= 0; j-- {
			longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			if same(i, j) {
				longest[i][j] = max(longest[i][j], longest[i+1][j+1]+1)
			}
		}
	}
	var late []float64
	for i, j := 0, 0; i < len(spoken) && j < len(heard); {
		switch {
		case same(i, j) && longest[i][j] == longest[i+1][j+1]+1:
			late = append(late, heard[j].Start-spoken[i].Start)
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return late
}
