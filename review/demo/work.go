package demo

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"debrief"
)

// Work is what is under way in the demo: a job in every state and at every step. A person may act on them, and
// nothing moves by itself, so that every state can be looked at for as long as one likes. Files
// are not taken in.
type Work struct {
	mu      sync.Mutex
	jobs    []debrief.Job
	changed chan struct{}
}

// NewWork invents the jobs; now is when they were seen last.
func NewWork(now time.Time) *Work {
	w := &Work{changed: make(chan struct{})}
	add := func(client debrief.ClientID, session int, phase debrief.Phase, job debrief.Job) {
		job.ID = debrief.JobID(id(900 + len(w.jobs)))
		job.Client, job.Session, job.Phase = client, session, phase
		job.Created, job.Changed = now, now.Add(24*time.Hour) // an upload that is young for as long as the demo runs
		w.jobs = append(w.jobs, job)
	}
	minutes := func(m float64) debrief.Samples { return debrief.SamplesOf(60 * m) }
	add(Lena, 2, debrief.Immediate, debrief.Job{
		File: "lena evening.m4a", Bytes: 61_400_000, State: debrief.Working, Step: debrief.StepTranscribing,
		Heard: minutes(12.4), Total: minutes(34), Since: now.Add(-40 * time.Second),
	})
	add(Lena, 2, debrief.Preparation, debrief.Job{File: "lena s2 before.opus", Bytes: 7_200_000, Received: 7_200_000, State: debrief.Working, Step: debrief.StepStoring})
	add(Tomas, 1, debrief.Followup, debrief.Job{File: "tomas s1 at home.webm", Bytes: 3_900_000, Received: 3_900_000, State: debrief.Working, Step: debrief.StepTagging})
	add(Tomas, 1, debrief.Preparation, debrief.Job{File: "first talk.mp3", Bytes: 12_700_000, Received: 12_700_000, State: debrief.Working, Step: debrief.StepSummarising})
	add(Maya, 4, debrief.Preparation, debrief.Job{File: "maya_s4_preparation.wav", Bytes: 96_000_000, Received: 59_700_000, State: debrief.Receiving})
	add(Maya, 3, debrief.Immediate, debrief.Job{File: "REC0042.WAV", Bytes: 41_900_000, Received: 41_900_000, State: debrief.Queued, Place: 1})
	add(Tomas, 2, debrief.Followup, debrief.Job{Recording: id(106), State: debrief.Queued, Place: 2, Resumed: true})
	add(Lena, 1, debrief.Followup, debrief.Job{File: "voice memo 7.amr", Bytes: 2_300_000, Received: 2_300_000, State: debrief.Failed, Reason: debrief.ReasonTruncated})
	add(Tomas, 1, debrief.Preparation, debrief.Job{File: "notes.mp3", Bytes: 410_000, Received: 410_000, State: debrief.Failed, Reason: debrief.ReasonBadAudio})
	add(Tomas, 3, debrief.Preparation, debrief.Job{File: "tomas long walk.flac", Bytes: 150_000_000, Received: 18_000_000, State: debrief.Receiving})
	w.jobs[len(w.jobs)-1].Changed = now.Add(-26 * time.Hour) // this one stands still
	add(Maya, 2, debrief.Followup, debrief.Job{File: "maya s2 evening.ogg", Bytes: 4_900_000, Received: 4_900_000, State: debrief.Cancelled})
	add(Maya, 2, debrief.Immediate, debrief.Job{File: "maya s2.ogg", Recording: id(5), Bytes: 5_600_000, Received: 5_600_000, State: debrief.Finished, Outcome: "done"})
	add(Tomas, 2, debrief.Immediate, debrief.Job{File: "REC0017.WAV", Recording: id(105), Bytes: 8_800_000, Received: 8_800_000, State: debrief.Finished, Outcome: "no_speech"})
	add(Maya, 1, debrief.Immediate, debrief.Job{File: "maya first.m4a", Recording: id(2), Bytes: 5_100_000, Received: 5_100_000, State: debrief.Finished, Outcome: "unchanged"})
	return w
}

// Jobs lists the invented jobs.
func (w *Work) Jobs() ([]debrief.Job, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.jobs), w.changed
}

// Begin refuses: the demo touches no disk.
func (w *Work) Begin(context.Context, debrief.Job) (debrief.Job, error) {
	return debrief.Job{}, fmt.Errorf("the demo takes nothing in: %w", debrief.ErrDenied)
}

// Append refuses as well.
func (w *Work) Append(context.Context, debrief.JobID, int64, []byte) (debrief.Job, error) {
	return debrief.Job{}, fmt.Errorf("the demo takes nothing in: %w", debrief.ErrDenied)
}

// Process puts a recording into the queue, where it stays.
func (w *Work) Process(_ context.Context, rec *debrief.Recording) (debrief.Job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at := slices.IndexFunc(w.jobs, func(j debrief.Job) bool { return j.Recording == rec.ID }); at >= 0 {
		return w.jobs[at], nil
	}
	job := debrief.Job{
		ID: debrief.JobID(id(1000 + len(w.jobs))), Client: rec.Client, Session: rec.Session, Phase: rec.Phase,
		Recording: rec.ID, State: debrief.Queued,
	}
	w.jobs = append(w.jobs, job)
	w.tell()
	return job, nil
}

// Act does what a person asks, as far as the state goes.
func (w *Work) Act(_ context.Context, id debrief.JobID, act debrief.JobAct) (debrief.Job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := slices.IndexFunc(w.jobs, func(j debrief.Job) bool { return j.ID == id })
	if at < 0 {
		return debrief.Job{}, debrief.ErrNotFound
	}
	j := &w.jobs[at]
	if !j.Can(act) {
		return *j, debrief.ErrConflict
	}
	out := *j
	switch {
	case act == debrief.JobRemove, j.State == debrief.Receiving:
		w.jobs = slices.Delete(w.jobs, at, at+1)
	case act == debrief.JobCancel:
		j.State, j.Step = debrief.Cancelled, ""
	default:
		j.State, j.Reason = debrief.Queued, ""
	}
	w.tell()
	return out, nil
}

// tell closes the channel of changes and numbers the queue; the caller holds the lock.
func (w *Work) tell() {
	place := 0
	for i := range w.jobs {
		if w.jobs[i].State == debrief.Queued {
			place++
			w.jobs[i].Place = place
		}
	}
	close(w.changed)
	w.changed = make(chan struct{})
}
