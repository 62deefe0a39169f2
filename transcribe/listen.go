package transcribe

import (
	"context"
	"errors"
	"io"
)

// islands reads the audio and calls each with every island, in order, until the end.
func (d *detector) islands(ctx context.Context, audio Audio, each func(Island) error) error {
	ear := d.ear()
	var cut cutter
	block := make([]int16, windowsAtOnce*window)
	for {
		n, err := fill(audio, block)
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if n > 0 {
			probs, err := ear.probabilities(block[:n])
			if err != nil {
				return err
			}
			if err := deliver(cut.write(block[:n], probs), each); err != nil {
				return err
			}
		}
		if ended {
			return deliver(cut.flush(), each)
		}
	}
}

func deliver(islands []Island, each func(Island) error) error {
	for _, i := range islands {
		if err := each(i); err != nil {
			return err
		}
	}
	return nil
}

// noSamples bounds how often in a row a stream may return nothing without an end.
const noSamples = 100

// fill reads until dst is full or the audio ends. At the end it returns what there is, and io.EOF.
func fill(audio Audio, dst []int16) (int, error) {
	n, idle := 0, 0
	for n < len(dst) {
		m, err := audio.Read(dst[n:])
		n += m
		if err != nil {
			return n, err
		}
		if idle++; m > 0 {
			idle = 0
		}
		if idle > noSamples {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}
