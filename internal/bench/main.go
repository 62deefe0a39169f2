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
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"debrief"
	"debrief/internal/models"
)

// figure is one measured number and what it must hold.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Bound string  `json:"bound,omitempty"` // in words, "" when there is none
	Held  bool    `json:"held"`
	Note  string  `json:"note,omitempty"`
}

// atMost and atLeast make a figure with a bound.
func atMost(name string, value, bound float64, unit string) figure {
	return figure{Name: name, Value: value, Unit: unit, Bound: fmt.Sprintf("<= %g", bound), Held: value <= bound}
}

func atLeast(name string, value, bound float64, unit string) figure {
	return figure{Name: name, Value: value, Unit: unit, Bound: fmt.Sprintf(">= %g", bound), Held: value >= bound}
}

// told is a figure without a bound.
func told(name string, value float64, unit, note string) figure {
	return figure{Name: name, Value: value, Unit: unit, Held: true, Note: note}
}

// section measures one thing.
type section struct {
	name string
	soak bool // takes long: only with -soak
	run  func(ctx context.Context, b *bed) ([]figure, error)
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
	{name: "asr-long", soak: true, run: asrLong},
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
	var all []figure
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
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, s := range sections {
		if !strings.HasPrefix(s.name, only) || s.soak && !soak && only == "" {
			continue
		}
		figures, err := s.run(ctx, b)
		if err != nil { // the others are measured all the same
			broken = errors.Join(broken, fmt.Errorf("%s: %w", s.name, err))
			if ctx.Err() != nil {
				return false, broken
			}
		}
		for _, f := range figures {
			verdict := ""
			if f.Bound != "" {
				verdict = "held"
			}
			if !f.Held {
				verdict, held = "MISSED", false
			}
			fmt.Fprintf(table, "%s\t%.2f %s\t%s\t%s\t%s\n", f.Name, f.Value, f.Unit, f.Bound, verdict, f.Note)
		}
		all = append(all, figures...)
		if err := table.Flush(); err != nil {
			return false, err
		}
	}
	doc, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return false, err
	}
	return held, errors.Join(broken, os.WriteFile(out, append(doc, '\n'), 0o644))
}
