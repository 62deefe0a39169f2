// Command page measures the coach's page on a large store: go run ./internal/bench/page.
//
// It writes a store of 10,000 invented recordings of 500 clients to a temporary folder, starts the
// real bin/debrief serve on it, and asks over HTTP: how long until everything is searched, the
// client list and the search one at a time, and 50 coaches at once. The figures go to
// bench/page.json as well. The exit code is 1 when one misses its bound.
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
	"text/tabwriter"
)

// figure is one measured number and what it must hold.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Bound float64 `json:"bound,omitempty"` // at most; 0 when there is none
	Note  string  `json:"note,omitempty"`
}

func (f figure) held() bool { return f.Bound == 0 || f.Value <= f.Bound }

// options are the flags.
type options struct {
	bin, store, out string
	clients, each   int
	coaches         int
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin/debrief", "the command to measure")
	flag.StringVar(&o.store, "store", "", "folder to keep the generated store in, to measure again without generating; default: a temporary one")
	flag.StringVar(&o.out, "out", "bench/page.json", "where the figures go as JSON")
	flag.IntVar(&o.clients, "clients", 500, "number of clients")
	flag.IntVar(&o.each, "each", 20, "recordings of each")
	flag.IntVar(&o.coaches, "coaches", 50, "people at once")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	store := o.store
	if store == "" {
		dir, err := os.MkdirTemp("", "debrief-bench-page")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		store = dir
	}
	if err := generate(ctx, store, o.clients, o.each); err != nil {
		return fmt.Errorf("generate a store: %w", err)
	}
	figures, err := measure(ctx, o, store)
	if err != nil {
		return err
	}
	if err := write(o.out, figures); err != nil {
		return err
	}
	for _, f := range figures {
		if !f.held() {
			return errors.New("a figure misses its bound")
		}
	}
	return nil
}

func write(path string, figures []figure) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, f := range figures {
		bound, verdict := "", ""
		if f.Bound > 0 {
			bound, verdict = fmt.Sprintf("<= %g", f.Bound), "held"
		}
		if !f.held() {
			verdict = "MISSED"
		}
		fmt.Fprintf(table, "%s\t%.1f %s\t%s\t%s\t%s\n", f.Name, f.Value, f.Unit, bound, verdict, f.Note)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	data, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
