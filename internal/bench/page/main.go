// Command page measures the coach's page on a large store: go run ./internal/bench/page.
//
// It writes a store of 10,000 invented recordings of 500 clients to a temporary folder, starts the
// real bin/debrief serve on it, and asks over HTTP: how long until everything is searched, the
// client list and the search one at a time, and 50 coaches at once. The figures go to
// bench/page.json as well. The exit code is 1 when one misses its bound.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"debrief/internal/bench/figure"
)

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
	missed := figure.Print(os.Stdout, figures)
	return errors.Join(figure.Save(o.out, figures), missed)
}
