package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"debrief"
	"debrief/pipeline"
)

// Run works on the queue until ctx ends, one recording after the other: the recogniser keeps
// every core busy with one, and the pages need some, too. What ctx ends is gone on with by the
// next process.
func (in *Intake) Run(ctx context.Context) {
	clean := time.NewTicker(cleanEvery)
	defer clean.Stop()
	in.clean(ctx)
	for ctx.Err() == nil {
		e, wait := in.next()
		if e != nil {
			in.work(ctx, e)
			continue
		}
		select {
		case <-ctx.Done():
		case <-in.wake:
		case <-time.After(wait):
		case <-clean.C:
			in.clean(ctx)
		}
	}
}

// next takes the first job that is due out of the queue, or says how long until one is.
func (in *Intake) next() (*entry, time.Duration) {
	in.mu.Lock()
	defer in.mu.Unlock()
	wait, now := retryMost, in.Now()
	for _, e := range in.ordered() {
		if e.job.State != debrief.Queued {
			continue
		}
		if rest := e.notYet.Sub(now); rest > 0 {
			wait = min(wait, rest)
			continue
		}
		e.job.State, e.job.Step, e.job.Reason = debrief.Working, debrief.StepTranscribing, ""
		if e.job.Recording == "" {
			e.job.Step = debrief.StepStoring
		}
		e.job.Heard, e.job.Total, e.job.From, e.job.Since = 0, 0, 0, time.Time{}
		_ = in.put(e) // logged; a job that cannot be written down is worked on again by the next process
		return e, 0
	}
	return nil, wait
}

// queue makes a job wait for its turn; the caller holds the lock and puts the job.
func (in *Intake) queue(e *entry) {
	e.job.State, e.job.Step, e.job.Reason, e.job.Outcome = debrief.Queued, "", "", ""
	e.tries, e.notYet = 0, time.Time{}
	in.nudge()
}

func (in *Intake) work(ctx context.Context, e *entry) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	in.mu.Lock()
	e.stop = stop
	job := e.job
	in.mu.Unlock()
	res := in.run(ctx, e, job)
	if res.Err == nil && job.File != "" && in.hasSound(&job) {
		if err := in.Confirm(ctx, res.Recording); err != nil {
			res.Err = fmt.Errorf("confirm what the store holds: %w", err)
		} else if err := os.Remove(in.sound(&job)); err != nil {
			in.Log.Error("remove an upload that is stored", "job", job.ID, "err", err)
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	e.stop = nil
	if _, err := in.find(job.ID); err != nil {
		return
	}
	in.settle(ctx, e, res)
}

// run brings a job through the pipeline.
func (in *Intake) run(ctx context.Context, e *entry, job debrief.Job) pipeline.Result {
	worker, err := in.Open(job.Speakers, job.Salvage)
	if err != nil {
		return pipeline.Result{Err: err}
	}
	if !in.hasSound(&job) {
		if job.Recording == "" {
			return pipeline.Result{Err: fmt.Errorf("the upload: %w", debrief.ErrNotFound)}
		}
		return worker.Finish(ctx, job.Client, job.Recording, watcher{in, e})
	}
	if job.Recording == "" {
		sum, err := hash(ctx, in.sound(&job))
		if err != nil {
			return pipeline.Result{Err: err}
		}
		in.note(e, func(j *debrief.Job) { j.Recording = debrief.ImportID(j.Client, sum) })
	}
	to := pipeline.Target{Client: job.Client, Session: job.Session, Phase: job.Phase}
	return worker.Take(ctx, in.sound(&job), job.File, to, watcher{in, e})
}

// settle writes down how a job ended; the caller holds the lock.
func (in *Intake) settle(ctx context.Context, e *entry, res pipeline.Result) {
	j := &e.job
	switch {
	case j.State == debrief.Cancelled: // by a person
	case ctx.Err() != nil:
		return // the process ends: what is written down says "working", and the next one goes on
	case res.Err == nil && res.Outcome == pipeline.Partial:
		j.State, j.Reason = debrief.Failed, debrief.ReasonPartial
	case res.Err == nil:
		j.State, j.Outcome, e.tries = debrief.Finished, string(res.Outcome), 0
	default:
		j.State, j.Reason = debrief.Failed, debrief.ReasonOf(res.Err)
		if j.Reason == debrief.ReasonUnavailable {
			// Whatever cannot be reached comes back, and nobody need sit there and wait for it.
			e.notYet = in.Now().Add(min(retryFirst<<min(e.tries, 10), retryMost))
			e.tries++
			j.State = debrief.Queued
		}
		in.Log.Error("work on a recording", "job", j.ID, "step", j.Step, "err", res.Err)
	}
	j.Step, j.Resumed = "", false
	if res.Recording != nil {
		j.Recording = res.Recording.ID
	}
	_ = in.put(e) // logged
}

// note changes a job while it is worked on.
func (in *Intake) note(e *entry, change func(*debrief.Job)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if e.job.State != debrief.Working { // stopped, and the pipeline has not noticed yet
		return
	}
	change(&e.job)
	e.job.Changed = in.Now().UTC()
	in.tell()
}

// watcher writes down what the pipeline tells of a job.
type watcher struct {
	in *Intake
	e  *entry
}

// Planned implements pipeline.Watcher.
func (w watcher) Planned(string, debrief.Samples) {}

// Step implements pipeline.Watcher.
func (w watcher) Step(_, step string) {
	w.in.note(w.e, func(j *debrief.Job) { j.Step = debrief.Step(step) })
}

// Heard implements pipeline.Watcher.
func (w watcher) Heard(_ string, done, total debrief.Samples) {
	w.in.note(w.e, func(j *debrief.Job) {
		if j.Since.IsZero() {
			j.From, j.Since = done, w.in.Now()
		}
		j.Heard, j.Total = done, total
	})
}

// Finished implements pipeline.Watcher.
func (w watcher) Finished(pipeline.Result) {}

// Process queues a stored recording for the steps that are left of it. One that is on the list
// already is returned, tried again if it had failed.
func (in *Intake) Process(_ context.Context, rec *debrief.Recording) (debrief.Job, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, e := range in.ordered() {
		if e.job.Recording != rec.ID || e.job.Client != rec.Client {
			continue
		}
		switch e.job.State {
		case debrief.Queued, debrief.Working:
			return e.job, nil
		default:
			in.queue(e)
			return e.job, in.put(e)
		}
	}
	e := &entry{job: debrief.Job{Client: rec.Client, Session: rec.Session, Phase: rec.Phase, Recording: rec.ID}}
	in.queue(e)
	return in.add(e)
}

// Act does what a person asks. What makes no sense any more in the state a job is in is
// debrief.ErrConflict, and the job as it is.
func (in *Intake) Act(ctx context.Context, id debrief.JobID, act debrief.JobAct) (debrief.Job, error) {
	if act == debrief.JobRemove {
		if err := in.discard(ctx, id); err != nil {
			return debrief.Job{}, err
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	e, err := in.find(id)
	if err != nil {
		return debrief.Job{}, err
	}
	if !e.job.Can(act) {
		return e.job, fmt.Errorf("%s a job that is %s: %w", act, e.job.State, debrief.ErrConflict)
	}
	switch {
	case act == debrief.JobRemove, e.job.State == debrief.Receiving:
		delete(in.jobs, id)
		in.forget(id)
		in.tell()
		e.job.State = debrief.Cancelled
		return e.job, nil
	case act == debrief.JobCancel:
		e.job.State, e.job.Step = debrief.Cancelled, ""
		if e.stop != nil {
			e.stop()
		}
	default:
		e.job.Salvage = e.job.Salvage || act == debrief.JobSalvage
		in.queue(e)
	}
	return e.job, in.put(e)
}

// discard removes what a job that is to be removed left in the store: whoever takes a recording
// off the list must not have left its audio there unseen.
func (in *Intake) discard(ctx context.Context, id debrief.JobID) error {
	in.mu.Lock()
	e, err := in.find(id)
	if err != nil {
		in.mu.Unlock()
		return err
	}
	job := e.job
	in.mu.Unlock()
	if !job.Can(debrief.JobRemove) || job.State == debrief.Finished || job.File == "" || job.Recording == "" {
		return nil
	}
	if err := in.Discard(ctx, job.Client, job.Recording); err != nil {
		return fmt.Errorf("remove what was stored of job %s: %w", id, err)
	}
	return nil
}

func hash(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", diskError(err)
	}
	defer f.Close()
	h := sha256.New()
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if _, err := io.CopyN(h, f, Chunk); errors.Is(err, io.EOF) {
			return hex.EncodeToString(h.Sum(nil)), nil
		} else if err != nil {
			return "", diskError(err)
		}
	}
}
