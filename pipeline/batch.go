package pipeline

import (
	"context"
	"sync"

	"debrief"

	"golang.org/x/sync/errgroup"
)

// Outcome is how a file of a batch ended.
type Outcome string

// The outcomes.
const (
	Done      Outcome = "done"      // everything is there, something was made now
	Unchanged Outcome = "unchanged" // everything was there already
	NoSpeech  Outcome = "no_speech" // stored and heard; nothing usable is said in it
	Partial   Outcome = "partial"   // a stretch could not be transcribed; run again
	Duplicate Outcome = "duplicate" // the same bytes stand earlier in this batch
	Failed    Outcome = "failed"
	Stopped   Outcome = "stopped" // not finished because the batch was interrupted
	Pending   Outcome = "pending" // of a dry run: still to be transcribed
)

// Result is what became of one file.
type Result struct {
	File       string
	Recording  *debrief.Recording // nil when it never was stored
	Outcome    Outcome
	Utterances int
	Tags       int
	Err        error
}

// Watcher is told how a batch goes on. Its methods are called from several goroutines.
type Watcher interface {
	// Planned tells the estimated length of a file that has work left; 0 when its header does not say.
	Planned(file string, length debrief.Samples)
	// Step tells what is being done to a file: one of the debrief.Step names.
	Step(file, step string)
	// Heard tells the position up to which a file is transcribed.
	Heard(file string, done, total debrief.Samples)
	// Finished tells how a file ended, in the order in which they end.
	Finished(Result)
}

// Batch brings files through all steps, each independently of the others: one that fails does
// not stop the rest. Results are in the order of files. The error is the context's, or nil.
func (p *Pipeline) Batch(ctx context.Context, files []string, to Target, w Watcher) ([]Result, error) {
	results := make([]Result, len(files))
	var seen claims
	p.plan(ctx, files, to, w)

	var g errgroup.Group
	g.SetLimit(p.Files)
	for i, file := range files {
		if ctx.Err() != nil {
			results[i] = Result{File: file, Outcome: Stopped, Err: context.Cause(ctx)}
			w.Finished(results[i])
			continue
		}
		g.Go(func() error {
			results[i] = p.file(ctx, file, to, &seen, w)
			w.Finished(results[i])
			return nil
		})
	}
	_ = g.Wait() // the goroutines return no errors: each result carries its own
	return results, ctx.Err()
}

// plan tells the watcher how much there is to hear, so that its estimate is of the whole batch.
// It reads headers only; a file that cannot be opened is reported when its turn comes.
func (p *Pipeline) plan(ctx context.Context, files []string, to Target, w Watcher) {
	var g errgroup.Group
	g.SetLimit(p.Files)
	for _, file := range files {
		g.Go(func() error {
			if dec, err := p.Decode(ctx, file); err == nil {
				w.Planned(file, dec.Total())
				dec.Close()
			}
			return nil
		})
	}
	_ = g.Wait()
}

// claims keeps two equal files of one batch from being worked on twice.
type claims struct {
	mu    sync.Mutex
	first map[string]string // content hash -> file
}

func (c *claims) claim(sum, file string) (first string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, taken := c.first[sum]; taken {
		return f, false
	}
	if c.first == nil {
		c.first = map[string]string{}
	}
	c.first[sum] = file
	return file, true
}

func (p *Pipeline) file(ctx context.Context, file string, to Target, seen *claims, w Watcher) Result {
	src, err := readSource(ctx, file)
	if err != nil {
		return failed(ctx, Result{File: file}, err)
	}
	if _, ok := seen.claim(src.sum, file); !ok {
		return Result{File: file, Outcome: Duplicate}
	}
	return p.take(ctx, src, to, w)
}
