package pipeline

import (
	"context"
	"errors"

	"debrief"

	"golang.org/x/sync/errgroup"
)

// Dry goes through files as [Pipeline.Batch] would and changes nothing: look is given the sound
// of each that a batch would transcribe, from several goroutines. Results are in the order of
// files; what is still to be transcribed is [Pending]. The error is the context's, or nil.
func (p *Pipeline) Dry(ctx context.Context, files []string, to Target, look func(ctx context.Context, file string, audio AudioReader) error) ([]Result, error) {
	results := make([]Result, len(files))
	var seen claims
	var g errgroup.Group
	g.SetLimit(p.Files)
	for i, file := range files {
		g.Go(func() error {
			results[i] = p.dryFile(ctx, file, to, &seen, look)
			return nil
		})
	}
	_ = g.Wait() // the goroutines return no errors: each result carries its own
	return results, ctx.Err()
}

func (p *Pipeline) dryFile(ctx context.Context, file string, to Target, seen *claims, look func(context.Context, string, AudioReader) error) Result {
	res := Result{File: file}
	fail := func(err error) Result {
		res.Err, res.Outcome = err, Failed
		if ctx.Err() != nil {
			res.Outcome = Stopped
		}
		return res
	}
	src, err := readSource(ctx, file)
	if err != nil {
		return fail(err)
	}
	if _, ok := seen.claim(src.sum, file); !ok {
		res.Outcome = Duplicate
		return res
	}
	res.Recording, _, err = p.Documents.Recording(ctx, to.Client, debrief.ImportID(to.Client, src.sum))
	if err == nil {
		if err := sameTarget(res.Recording, to); err != nil {
			return fail(err)
		}
		old := &debrief.Transcript{}
		if _, err = p.Documents.Load(ctx, res.Recording, old); err == nil && heard(old, res.Recording) {
			res.Outcome, res.Utterances = Unchanged, len(old.Utterances)
			return res
		}
	}
	if err != nil && !errors.Is(err, debrief.ErrNotFound) {
		return fail(err)
	}
	audio, err := p.Decode(ctx, file)
	if err != nil {
		return fail(err)
	}
	defer audio.Close()
	if err := look(ctx, file, audio); err != nil {
		return fail(err)
	}
	res.Outcome = Pending
	return res
}
