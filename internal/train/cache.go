package main

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"debrief/summarize"
)

// remembered embeds texts, keeping embeddings in a file between runs when it has a name: for
// experiments, where embedding would be most of the time.
func remembered(ctx context.Context, texts []string, encoders []*summarize.Encoder, path string) ([][]float32, error) {
	known := map[string][]float32{}
	if path != "" {
		f, err := os.Open(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("open embeddings: %w", err)
		default:
			err = gob.NewDecoder(f).Decode(&known)
			f.Close()
			if err != nil {
				return nil, fmt.Errorf("read embeddings: %w", err)
			}
		}
	}
	var missing []string
	for _, t := range texts {
		if _, ok := known[t]; !ok {
			known[t] = nil
			missing = append(missing, t)
		}
	}
	made, err := embedAll(ctx, missing, encoders)
	if err != nil {
		return nil, err
	}
	for i, t := range missing {
		known[t] = made[i]
	}
	out := make([][]float32, len(texts))
	for i, t := range texts {
		out[i] = known[t]
	}
	if path == "" || len(missing) == 0 {
		return out, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("keep embeddings: %w", err)
	}
	defer f.Close()
	if err := gob.NewEncoder(f).Encode(known); err != nil {
		return nil, fmt.Errorf("keep embeddings: %w", err)
	}
	return out, f.Close()
}
