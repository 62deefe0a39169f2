package main

import (
	"context"
	"io"
	"os"
	"time"

	"debrief"
	"debrief/internal/bench/figure"
	"debrief/internal/bench/proc"
	"debrief/transcribe"
)

// asrLong transcribes three hours and tells the most memory this process ever held: the models, the program and the
// sound that is looped are in it, so nothing else should run in it before.
func asrLong(ctx context.Context, b *bed) ([]figure.Figure, error) {
	long := &looped{left: 3 * 3600 * debrief.SampleRate}
	for _, j := range join(b.set) {
		long.pcm = append(long.pcm, j.pcm...)
	}
	start := time.Now()
	if _, err := b.local.Transcribe(ctx, transcribe.Request{Audio: long}); err != nil {
		return nil, err
	}
	peak, err := proc.Memory(os.Getpid(), proc.Peak)
	if err != nil {
		return nil, err
	}
	return []figure.Figure{
		figure.AtMost("memory at its peak, 3 hours", peak, 600, "MB"),
		figure.Told("3 hours took", time.Since(start).Minutes(), "minutes", ""),
	}, nil
}

// looped is sound over and over until a length is reached.
type looped struct {
	pcm  []int16
	at   int
	left int
}

func (l *looped) Read(dst []int16) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n := copy(dst[:min(len(dst), l.left)], l.pcm[l.at:])
	l.at = (l.at + n) % len(l.pcm)
	l.left -= n
	return n, nil
}
