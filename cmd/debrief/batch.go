//go:build !recorder

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"debrief"
	"debrief/pipeline"

	"github.com/urfave/cli/v2"
)

func batchCommand() *cli.Command {
	flags := append(whoFlags(), storeFlags()...)
	flags = append(flags, engineFlags()...)
	return &cli.Command{
		Name:      "batch",
		Usage:     "keep, transcribe, tag and summarise past recordings",
		ArgsUsage: "FILE|DIRECTORY...",
		Description: "Takes wav, flac, mp3, m4a, ogg, opus and webm, any rate and number of channels.\n" +
			"Run it again and it does only what is missing; a file is known by its content.\n" +
			"With --dry-run it tells what is still to be transcribed and what that would cost with each engine, and makes nothing.",
		Flags: append(flags, promptsFlag(), salvageFlag(), dryRunFlag(), jsonFlag(), quietFlag()),
		Action: func(c *cli.Context) error {
			to, err := readWho(c)
			if err != nil {
				return err
			}
			if !c.Args().Present() {
				return usageError("no file or directory given", "debrief batch --client c01 --session 3 --phase immediate RECORDINGS/")
			}
			return batch(c, pipeline.Target{Client: to.client, Session: to.session, Phase: to.phase})
		},
	}
}

func batch(c *cli.Context, to pipeline.Target) error {
	w, err := wire(c) // before the files are looked at: a wrong setting concerns them all
	if err != nil {
		return err
	}
	defer w.close()
	files, problems := pipeline.Files(c.Args().Slice())
	if c.Bool("dry-run") {
		return dryRun(c, w, files, problems, to)
	}
	show := newProgress(c.App.ErrWriter, len(files)+len(problems), c.Bool("quiet"), time.Now, resultLines(c))
	for _, r := range problems {
		show.Finished(r)
	}
	results, err := w.pipeline.Batch(c.Context, files, to, show)
	results = append(results, problems...)
	if !c.Bool("json") {
		if terr := printResults(c.App.Writer, results); terr != nil {
			return terr
		}
	}
	return errors.Join(err, failures(results))
}

// failures is the error of a whole batch: nil when every file is fine.
func failures(results []pipeline.Result) error {
	var all []error
	for _, r := range results {
		if r.Outcome == pipeline.Failed {
			all = append(all, r.Err)
		}
	}
	if len(all) == 0 {
		return nil
	}
	err := errors.Join(all...)
	if !errors.Is(err, debrief.ErrDiskFull) && !errors.Is(err, debrief.ErrUnavailable) {
		err = errors.Join(errInput, err)
	}
	return reported{err}
}

// resultLine is one line of batch --json.
type resultLine struct {
	File       string              `json:"file"`
	Recording  debrief.RecordingID `json:"recording"`
	Status     pipeline.Outcome    `json:"status"`
	Seconds    float64             `json:"seconds"`
	Utterances int                 `json:"utterances"`
	Tags       int                 `json:"tags"`
	Spent      spentLine           `json:"spent"`
	Error      string              `json:"error"`
	Hint       string              `json:"hint,omitempty"`
}

// spentLine is what APIs took for a recording, over all runs.
type spentLine struct {
	Requests        int     `json:"requests"`
	Minutes         float64 `json:"minutes"`
	USD             float64 `json:"usd"`
	UnpricedMinutes float64 `json:"unpriced_minutes"` // of the minutes, those whose price is not known
}

func spentOf(s debrief.Spent) spentLine {
	return spentLine{s.Requests, minutes(s.Sound), round(s.Dollars, 4), minutes(s.Unpriced)}
}

// resultLines prints each result as JSON when asked to, and nothing otherwise.
func resultLines(c *cli.Context) func(pipeline.Result) {
	if !c.Bool("json") {
		return func(pipeline.Result) {}
	}
	enc := json.NewEncoder(c.App.Writer)
	return func(r pipeline.Result) {
		line := resultLine{File: r.File, Status: r.Outcome, Utterances: r.Utterances, Tags: r.Tags}
		if r.Recording != nil {
			line.Recording, line.Seconds, line.Spent = r.Recording.ID, r.Recording.Samples.Seconds(), spentOf(r.Recording.Spent)
		}
		if r.Err != nil {
			line.Error, line.Hint = r.Err.Error(), debrief.Hint(r.Err)
		}
		if err := enc.Encode(line); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			report(c.App.ErrWriter, fmt.Errorf("write result: %w", err))
		}
	}
}

func printResults(out io.Writer, results []pipeline.Result) error {
	if len(results) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FILE\tSTATUS\tLENGTH\tUTTERANCES\tTAGS\tRECORDING")
	for _, r := range results {
		length, id := "-", "-"
		if r.Recording != nil {
			length, id = r.Recording.Samples.String(), string(r.Recording.ID)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%s\n", filepath.Base(r.File), r.Outcome, length, r.Utterances, r.Tags, id)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return printSpent(out, results)
}

// printSpent sums up what APIs took for the files of a batch; nothing when none was asked.
func printSpent(out io.Writer, results []pipeline.Result) error {
	var all debrief.Spent
	for _, r := range results {
		if r.Recording != nil {
			all.Add(r.Recording.Spent)
		}
	}
	if all.Requests == 0 {
		return nil
	}
	price := dollars(all.Dollars)
	if all.Unpriced > 0 {
		price += fmt.Sprintf(", and the price of %.1f minutes is not known", minutes(all.Unpriced))
	}
	_, err := fmt.Fprintf(out, "spent on these files so far: %s, %.1f minutes, %s\n", plural(all.Requests, "request"), minutes(all.Sound), price)
	return err
}

var _ pipeline.Watcher = (*progress)(nil)
