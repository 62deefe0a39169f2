package audio

import (
	"context"
	"errors"
	"io"
)

// ReadFile decodes a whole file into memory, 2 bytes a sample: for short ones. Errors are those of [Open]
// and of [File.Read].
func ReadFile(ctx context.Context, path string) ([]int16, error) {
	f, err := Open(ctx, path, Options{})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var pcm []int16
	block := make([]int16, 1<<15)
	for {
		n, err := f.Read(block)
		pcm = append(pcm, block[:n]...)
		if errors.Is(err, io.EOF) {
			return pcm, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
