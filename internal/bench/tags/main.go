// Command tags measures the tagger on labelled debriefs: go run ./internal/bench/tags.
//
// It prints figures by prompt and in total, guided and monologue apart, on the text as written
// and with 10 % word errors, the time an utterance and a whole hour take, and how many forged and real
// quotes pass; bench/tags.json gets the same for machines. The labelled files are for measuring only: nothing here teaches the tagger.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("tags", flag.ContinueOnError)
	dir := flags.String("debriefs", "../shared/data/debriefs", "folder of labelled debriefs")
	out := flags.String("json", "bench/tags.json", "file for the figures; empty: none")
	check := flags.Bool("check", false, "fail when a figure misses its target")
	if err := flags.Parse(args); err != nil {
		return err
	}
	debriefs, err := read(*dir)
	if err != nil {
		return err
	}
	report, err := measure(ctx, debriefs)
	if err != nil {
		return err
	}
	report.print(os.Stdout)
	if *out != "" {
		data, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			return fmt.Errorf("write figures: %w", err)
		}
		if err := os.MkdirAll(filepath.Dir(*out), 0o755); err != nil {
			return fmt.Errorf("write figures: %w", err)
		}
		if err := os.WriteFile(*out, append(data, '\n'), 0o644); err != nil {
			return fmt.Errorf("write figures: %w", err)
		}
	}
	if missed := report.missed(); *check && len(missed) > 0 {
		return fmt.Errorf("targets missed: %v", missed)
	}
	return nil
}
