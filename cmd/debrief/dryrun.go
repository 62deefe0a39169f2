//go:build !recorder

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"text/tabwriter"
	"time"

	"debrief"
	"debrief/pipeline"
	"debrief/transcribe"

	"github.com/urfave/cli/v2"
)

func dryRunFlag() cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", Usage: "tell what is to be transcribed and what it would cost; make nothing"}
}

// dryRun listens to the files for speech and tells what transcribing them would take. Nothing
// is sent and nothing is stored.
func dryRun(c *cli.Context, w *wired, files []string, problems []pipeline.Result, to pipeline.Target) error {
	choices, caps := enginesToCompare(w.engine.recogniser)
	forecaster, err := transcribe.NewForecaster(w.engine.models, caps)
	if err != nil {
		return err
	}
	defer forecaster.Close()
	var mu sync.Mutex
	forecasts := map[string]*transcribe.Forecast{}
	results, stopped := w.pipeline.Dry(c.Context, files, to, func(ctx context.Context, file string, in pipeline.AudioReader) error {
		f, err := forecaster.Forecast(ctx, in)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		forecasts[file] = f
		if !c.Bool("quiet") {
			fmt.Fprintf(c.App.ErrWriter, "[%d/%d] %s: %s of speech in %s\n", len(forecasts), len(files), filepath.Base(file), f.Speech, f.Length)
		}
		return nil
	})
	results = append(results, problems...)
	for _, r := range results {
		if r.Err != nil && r.Outcome == pipeline.Failed {
			report(c.App.ErrWriter, about(r.File, r.Err))
		}
	}
	write := printForecasts
	if c.Bool("json") {
		write = encodeForecasts
	}
	return errors.Join(stopped, write(c.App.Writer, results, forecasts, choices), failures(results))
}

// choice is an engine the files could be transcribed with.
type choice struct {
	name   string // as transcripts name it
	chosen bool   // the one the flags name
	transcribe.Capabilities
}

// enginesToCompare lists the chosen engine first, then the other known ones.
func enginesToCompare(chosen transcribe.Engine) (all []choice, caps []transcribe.Capabilities) {
	mine := chosen.Capabilities()
	all = []choice{{chosen.Name(), true, mine}}
	for _, k := range transcribe.KnownModels() {
		if k.Name != mine.Name || !mine.Known {
			name := "openai/" + k.Name
			if k.Local {
				name = k.Name
			}
			all = append(all, choice{name, false, k})
		}
	}
	for _, e := range all {
		caps = append(caps, e.Capabilities)
	}
	return all, caps
}

// forecastLine is one line of batch --dry-run --json.
type forecastLine struct {
	File          string           `json:"file"`
	Status        pipeline.Outcome `json:"status"`
	Seconds       float64          `json:"seconds"`
	SpeechMinutes float64          `json:"speech_minutes"`
	Engines       []engineLine     `json:"engines"`
	Error         string           `json:"error"`
	Hint          string           `json:"hint,omitempty"`
}

// engineLine is what one engine would take for the file.
type engineLine struct {
	Engine   string   `json:"engine"`
	Chosen   bool     `json:"chosen"`
	Requests int      `json:"requests"`
	AtMost   bool     `json:"at_most"` // whether fewer requests do shows with the first answer
	Minutes  float64  `json:"minutes"` // sent and paid for
	USD      *float64 `json:"usd"`     // null when the price is not known
	Ends     string   `json:"ends,omitempty"`
}

func encodeForecasts(out io.Writer, results []pipeline.Result, forecasts map[string]*transcribe.Forecast, engines []choice) error {
	enc := json.NewEncoder(out)
	for _, r := range results {
		line := forecastLine{File: r.File, Status: r.Outcome, Engines: []engineLine{}}
		if f := forecasts[r.File]; f != nil {
			line.Seconds, line.SpeechMinutes = round3(f.Length.Seconds()), minutes(f.Speech)
			for i, e := range engines {
				line.Engines = append(line.Engines, lineOf(e, f.Requests[i], f.Sound))
			}
		} else if r.Recording != nil {
			line.Seconds = round3(r.Recording.Samples.Seconds())
		}
		if r.Err != nil {
			line.Error, line.Hint = r.Err.Error(), debrief.Hint(r.Err)
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func lineOf(e choice, requests int, sound debrief.Samples) engineLine {
	l := engineLine{Engine: e.name, Chosen: e.chosen, Requests: requests, AtMost: !e.Known}
	if !e.Local {
		l.Minutes = minutes(sound)
	}
	if usd, known := e.Price(sound); known {
		usd = round(usd, 4)
		l.USD = &usd
	}
	if !e.Ends.IsZero() {
		l.Ends = e.Ends.Format(time.DateOnly)
	}
	return l
}

func printForecasts(out io.Writer, results []pipeline.Result, forecasts map[string]*transcribe.Forecast, engines []choice) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FILE\tSTATUS\tLENGTH\tSPEECH")
	all := &transcribe.Forecast{Requests: make([]int, len(engines))}
	for _, r := range results {
		length, speech := "-", "-"
		if f := forecasts[r.File]; f != nil {
			length, speech = f.Length.String(), f.Speech.String()
			all.Add(f)
		} else if r.Recording != nil {
			length = r.Recording.Samples.String()
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", filepath.Base(r.File), r.Outcome, length, speech)
	}
	fmt.Fprintln(t)
	fmt.Fprintln(t, "ENGINE\tREQUESTS\tMINUTES SENT\tPRICE\t")
	for i, e := range engines {
		l := lineOf(e, all.Requests[i], all.Sound)
		requests, price, notes := fmt.Sprint(l.Requests), "unknown", ""
		if l.AtMost {
			requests = "at most " + requests
		}
		if l.USD != nil {
			price = dollars(*l.USD)
		}
		if e.chosen {
			notes = "chosen"
		}
		if l.Ends != "" {
			notes = join(notes, "shut down on "+l.Ends)
		}
		fmt.Fprintf(t, "%s\t%s\t%.1f\t%s\t%s\n", l.Engine, requests, l.Minutes, price, notes)
	}
	return t.Flush()
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}
