package pipeline

import (
	"context"
	"errors"

	"debrief"
)

// Take brings one file through all steps. It is kept under name, which need not be the one it
// has on this disk. The result's File is the path.
func (p *Pipeline) Take(ctx context.Context, path, name string, to Target, w Watcher) Result {
	src, err := readSource(ctx, path)
	if err != nil {
		return failed(ctx, Result{File: path}, err)
	}
	src.name = name
	return p.take(ctx, src, to, w)
}

// Finish brings a stored recording through the steps that are left. The result's File is its id.
func (p *Pipeline) Finish(ctx context.Context, client debrief.ClientID, id debrief.RecordingID, w Watcher) Result {
	res := Result{File: string(id)}
	var err error
	if res.Recording, _, err = p.Documents.Recording(ctx, client, id); err != nil {
		return failed(ctx, res, err)
	}
	return p.finish(ctx, res, false, w)
}

// failed is the result of a file that an error ended.
func failed(ctx context.Context, res Result, err error) Result {
	res.Err, res.Outcome = err, Failed
	if ctx.Err() != nil {
		res.Outcome = Stopped
	}
	return res
}

func (p *Pipeline) take(ctx context.Context, src *source, to Target, w Watcher) Result {
	res := Result{File: src.path}
	imported := false
	var err error
	res.Recording, _, err = p.Documents.Recording(ctx, to.Client, debrief.ImportID(to.Client, src.sum))
	switch {
	case errors.Is(err, debrief.ErrNotFound):
		w.Step(src.path, string(debrief.StepStoring))
		if res.Recording, err = p.importFile(ctx, src, to); err != nil {
			return failed(ctx, res, err)
		}
		imported = true
	case err != nil:
		return failed(ctx, res, err)
	default:
		if err := sameTarget(res.Recording, to); err != nil {
			return failed(ctx, res, err)
		}
	}
	return p.finish(ctx, res, imported, w)
}

// finish makes the documents of res.Recording and says how it ended.
func (p *Pipeline) finish(ctx context.Context, res Result, imported bool, w Watcher) Result {
	made, err := p.process(ctx, res.Recording,
		func(step debrief.Step) { w.Step(res.File, string(step)) },
		func(done debrief.Samples) { w.Heard(res.File, done, res.Recording.Samples) })
	if err != nil {
		return failed(ctx, res, err)
	}
	res.Utterances = len(made.Transcript.Utterances)
	if made.Tags != nil {
		res.Tags = made.Tags.Count()
	}
	switch {
	case len(made.Transcript.Partial) > 0:
		res.Outcome = Partial
	case made.Transcript.Empty():
		res.Outcome = NoSpeech
	case imported || made.Changed:
		res.Outcome = Done
	default:
		res.Outcome = Unchanged
	}
	return res
}
