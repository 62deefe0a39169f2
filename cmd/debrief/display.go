package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"debrief"
	"debrief/capture"
	"debrief/capture/screen"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

const (
	// drawEvery is how often the screen is drawn: often enough for a level meter.
	drawEvery = 200 * time.Millisecond
	// statusEvery is how often --json prints the status.
	statusEvery = 5 * time.Second
	// lineEvery is how often a log without a terminal gets a line: enough to see that it goes on.
	lineEvery = time.Minute
)

// display shows a recording: a picture on a terminal, lines elsewhere, JSON with --json.
type display struct {
	out, json io.Writer
	quiet     bool

	mu     sync.Mutex
	screen *screen.Screen // nil when it is no terminal
}

func newDisplay(c *cli.Context) *display {
	d := &display{out: c.App.ErrWriter, quiet: c.Bool("quiet")}
	if c.Bool("json") {
		d.json = c.App.Writer
	}
	return d
}

// tell is called from several goroutines.
func (d *display) tell(e capture.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.json != nil:
		json.NewEncoder(d.json).Encode(e) // nobody may be reading any more; the recording goes on
	case e.Kind == kindTranscribed:
		// The screen has a place for it, and a log would be full of it.
	case d.screen != nil:
		if e.Kind != "state" {
			d.screen.Print(eventLine(e))
		}
	case !d.quiet || e.Bad:
		fmt.Fprintln(d.out, eventLine(e))
	}
}

func eventLine(e capture.Event) string {
	sign := " "
	if e.Bad {
		sign = "!"
	}
	return fmt.Sprintf("%s %s %7s  %s: %s", sign, e.Wall.Format(time.TimeOnly), e.At, e.Kind, e.Text)
}

// run shows view until ctx ends and obeys keys.
func (d *display) run(ctx context.Context, rec *capture.Recorder, stop func(), view func() screen.View) {
	every := lineEvery
	if d.json != nil {
		every = statusEvery
	}
	if restore := d.takeTerminal(); restore != nil {
		defer restore()
		go readKeys(ctx, rec, stop)
		every = drawEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		v := view()
		d.mu.Lock()
		switch {
		case d.screen != nil:
			d.screen.Draw(v)
		case d.json != nil:
			json.NewEncoder(d.json).Encode(statusLine{"status", v.Status, v.Upload, v.Transcribed})
		case !d.quiet:
			fmt.Fprintln(d.out, eventLine(capture.Event{Wall: time.Now(), At: v.Samples, Kind: "status", Text: screen.Line(v), Bad: len(v.Warnings) > 0}))
		}
		d.mu.Unlock()
	}
}

// statusLine is a line of record --json beside the events.
type statusLine struct {
	Event string `json:"event"`
	capture.Status
	Upload      capture.Upload  `json:"upload"`
	Transcribed debrief.Samples `json:"transcribed,omitempty"`
}

// takeTerminal puts the terminal into raw mode, so that keys arrive one by one; nil without one.
func (d *display) takeTerminal() (restore func()) {
	in, out := int(os.Stdin.Fd()), int(os.Stderr.Fd())
	if d.out != os.Stderr || d.quiet || d.json != nil || !term.IsTerminal(in) || !term.IsTerminal(out) {
		return nil
	}
	width, _, err := term.GetSize(out)
	if err != nil {
		return nil
	}
	was, err := term.MakeRaw(in)
	if err != nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.screen = screen.New(d.out, width)
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.screen = nil
		term.Restore(in, was)
	}
}

// readKeys ends with the process: a read from a terminal cannot be called off.
func readKeys(ctx context.Context, rec *capture.Recorder, stop func()) {
	key := make([]byte, 1)
	paused := false
	for {
		if _, err := os.Stdin.Read(key); err != nil || ctx.Err() != nil {
			return
		}
		var err error
		switch key[0] {
		case 'q', 3: // in raw mode Ctrl-C is a key
			stop()
			return
		case 'm':
			err = rec.Mark(ctx, debrief.Marker{Kind: "bookmark"})
		case ' ', 'p':
			if paused = !paused; paused {
				err = rec.Pause(ctx)
			} else {
				err = rec.Resume(ctx)
			}
		}
		if err != nil {
			return
		}
	}
}
