// Command bench measures what the README claims and prints it as a table: word error rate,
// speed and memory of the recogniser on real speech. It needs the folder ../shared/data.
//
//	go run ./internal/bench            all figures, a few minutes
//	go run ./internal/bench -soak      hours of sound in bounded memory
//	go run ./internal/bench -only asr  the sections whose names begin so
//
// The figures also go to bench/results.json. The exit code is 1 when one misses its bound.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"debrief"
	"debrief/internal/bench/figure"
	"debrief/internal/models"
)

// section measures one thing.
type section struct {
	name  string
	soak  bool // takes long: only with -soak
	alone bool // tells of a whole process, so it gets one of its own
	run   func(ctx context.Context, b *bed) ([]figure.Figure, error)
}

var sections = []section{
	{name: "asr-files", run: asrFiles},
	{name: "asr-peer", run: asrPeer},
	{name: "asr-joined", run: asrJoined},
	{name: "asr-damaged", run: asrDamaged},
	{name: "asr-words", run: asrWords},
	{name: "asr-workers", run: asrWorkers},
	{name: "asr-hour", run: asrHour},
	{name: "asr-nothing", run: asrNothing},
	{name: "asr-long", soak: true, alone: true, run: asrLong},
}

func main() {
	soak := flag.Bool("soak", false, "also run what takes long")
	only := flag.String("only", "", "run the sections whose names begin so")
	shared := flag.String("shared", "../shared", "folder with data/speech")
	out := flag.String("out", "bench/results.json", "where the figures go as JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	held, err := measure(ctx, *shared, *only, *out, *soak)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		if hint := debrief.Hint(err); hint != "" {
			fmt.Fprintln(os.Stderr, "hint:", hint)
		}
	}
	if err != nil || !held {
		os.Exit(1)
	}
}

func measure(ctx context.Context, shared, only, out string, soak bool) (held bool, err error) {
	var all []figure.Figure
	b := &bed{shared: shared}
	if b.set, err = speech(ctx, shared); err != nil {
		return false, err
	}
	if b.models, err = models.Find(); err != nil {
		return false, err
	}
	var done func()
	if b.local, done, err = local(0); err != nil {
		return false, err
	}
	defer done()
	held = true
	var broken error
	for _, s := range sections {
		if !strings.HasPrefix(s.name, only) || s.soak && !soak && only == "" {
			continue
		}
		run := s.run
		if s.alone && only != s.name {
			run = s.inItsOwnProcess
		}
		figures, err := run(ctx, b)
		if err != nil { // the others are measured all the same
			broken = errors.Join(broken, fmt.Errorf("%s: %w", s.name, err))
			if ctx.Err() != nil {
				return false, broken
			}
		}
		all = append(all, figures...)
		switch err := figure.Print(os.Stdout, figures); {
		case errors.Is(err, figure.ErrMissed):
			held = false
		case err != nil:
			return false, err
		}
	}
	return held, errors.Join(broken, figure.Save(out, all))
}

// inItsOwnProcess runs the section as a child of this program, where nothing of the other sections lies in memory.
func (s section) inItsOwnProcess(ctx context.Context, b *bed) ([]figure.Figure, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "figures.json")
	child := exec.CommandContext(ctx, os.Args[0], "-only", s.name, "-shared", b.shared, "-out", out)
	child.Stderr = os.Stderr
	ran := child.Run() // its exit code is 1 also for a bound that was missed
	figures, err := figure.Load(out)
	if err != nil || len(figures) == 0 {
		return nil, errors.Join(ran, err)
	}
	return figures, nil
}
