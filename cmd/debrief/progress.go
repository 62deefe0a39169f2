//go:build !recorder

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"debrief"
	"debrief/pipeline"

	"golang.org/x/term"
)

const (
	redrawEvery = 200 * time.Millisecond // faster flickers and costs, slower looks stuck
	logEvery    = 30 * time.Second       // without a terminal: a line now and then shows it is alive
	// An estimate needs this much evidence; before that it would jump, and says so instead.
	estimateAfter = 5 * time.Second
	lineWidth     = 100 // columns; a status line longer than the terminal would scroll
)

// progress shows a batch on stderr: a line for every file that ended and, on a terminal, one
// status line that is drawn again in place.
type progress struct {
	out      io.Writer
	terminal bool
	quiet    bool
	now      func() time.Time

	mu       sync.Mutex
	files    int
	ended    int
	planned  map[string]debrief.Samples // estimated length of files with work left
	heard    map[string]debrief.Samples
	current  string // what the status line is about
	step     string
	started  time.Time // first moment anything was heard
	lastDraw time.Time
	drawn    bool
	onResult func(pipeline.Result)
}

func newProgress(out io.Writer, files int, quiet bool, now func() time.Time, onResult func(pipeline.Result)) *progress {
	f, ok := out.(*os.File)
	return &progress{
		out: out, files: files, quiet: quiet, now: now, onResult: onResult,
		terminal: ok && term.IsTerminal(int(f.Fd())),
		planned:  map[string]debrief.Samples{},
		heard:    map[string]debrief.Samples{},
	}
}

// Planned implements pipeline.Watcher.
func (p *progress) Planned(file string, length debrief.Samples) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.planned[file] = length
}

// Step implements pipeline.Watcher.
func (p *progress) Step(file, step string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current, p.step = file, step
	p.draw(true)
}

// Heard implements pipeline.Watcher.
func (p *progress) Heard(file string, done, total debrief.Samples) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started.IsZero() {
		p.started = p.now()
	}
	p.current, p.step = file, "transcribing"
	p.heard[file], p.planned[file] = done, total
	p.draw(false)
}

// Finished implements pipeline.Watcher.
func (p *progress) Finished(r pipeline.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended++
	if r.Outcome == pipeline.Done || r.Outcome == pipeline.Partial || r.Outcome == pipeline.NoSpeech {
		p.heard[r.File] = p.planned[r.File]
	} else {
		delete(p.planned, r.File) // nothing was left to hear, or nothing could be
		delete(p.heard, r.File)
	}
	p.clear()
	if r.Err != nil && r.Outcome == pipeline.Failed {
		report(p.out, about(r.File, r.Err))
	} else if !p.quiet {
		fmt.Fprintf(p.out, "[%d/%d] %s: %s\n", p.ended, p.files, filepath.Base(r.File), describe(r))
	}
	p.onResult(r)
}

// describe says in words how a file ended.
func describe(r pipeline.Result) string {
	switch r.Outcome {
	case pipeline.Done:
		return fmt.Sprintf("done, %s, %s, %s", r.Recording.Samples, plural(r.Utterances, "utterance"), plural(r.Tags, "tag"))
	case pipeline.Unchanged:
		return "already there, nothing to do"
	case pipeline.NoSpeech:
		return fmt.Sprintf("stored; nobody speaks in its %s, so there are no tags and no summary", r.Recording.Samples)
	case pipeline.Partial:
		return "stored; a stretch could not be transcribed yet, run again"
	case pipeline.Duplicate:
		return "the same audio as another file here, taken once"
	case pipeline.Stopped:
		return "stopped before it was finished"
	}
	return string(r.Outcome)
}

// draw shows the status line; without a terminal it is an ordinary line now and then.
func (p *progress) draw(force bool) {
	now := p.now()
	every := redrawEvery
	if !p.terminal {
		every, force = logEvery, false
		if p.lastDraw.IsZero() {
			p.lastDraw = now
		}
	}
	if p.quiet || !force && now.Sub(p.lastDraw) < every {
		return
	}
	p.lastDraw = now
	line := p.status(now)
	if !p.terminal {
		fmt.Fprintln(p.out, line)
		return
	}
	if len(line) > lineWidth {
		line = line[:lineWidth]
	}
	fmt.Fprintf(p.out, "\r\x1b[K%s", line)
	p.drawn = true
}

// status is the current file with its share done, the share of the whole, and the time left.
func (p *progress) status(now time.Time) string {
	line := fmt.Sprintf("%s %s", p.step, filepath.Base(p.current))
	if total := p.planned[p.current]; total > 0 {
		line += fmt.Sprintf(" %d %%", 100*p.heard[p.current]/total)
	}
	done, total := p.totals()
	if total == 0 {
		return line
	}
	line += fmt.Sprintf("  |  all %s %d %%", plural(p.files, "file"), 100*done/total)
	if p.started.IsZero() || done == 0 || now.Sub(p.started) < estimateAfter {
		return line + ", estimating"
	}
	left := time.Duration(float64(now.Sub(p.started)) * float64(total-done) / float64(done))
	return line + ", about " + roughly(left) + " left"
}

// totals sums what is heard and what there is to hear. A file whose header does not tell its
// length counts as long as the average of those that do.
func (p *progress) totals() (done, total debrief.Samples) {
	var known debrief.Samples
	unknown := 0
	for file, length := range p.planned {
		if length == 0 {
			unknown++
		}
		known += length
		done += p.heard[file]
	}
	if n := len(p.planned) - unknown; n > 0 {
		return done, known + known/debrief.Samples(n)*debrief.Samples(unknown)
	}
	return done, known
}

// roughly rounds a duration the way people say it.
func roughly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds())+1)
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes())+1)
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// clear takes the status line away before something else is printed.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.drawn = false
	}
}
