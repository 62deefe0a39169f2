// Package intake takes recordings in on a server: uploads that come in pieces and may break off,
// and a queue of recordings to be worked on, which survives the process.
//
// Call [New], then [Intake.Run] in a goroutine of its own; from then on [Intake.Begin] and
// [Intake.Append] receive a file, and what is whole is worked on by itself, one recording at a
// time. Everything is kept in one folder of this machine, a folder for each job with job.json
// and the file as it came. The file is deleted only after the store was asked for it and gave
// the same bytes back.
package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"debrief"
	"debrief/pipeline"

	"github.com/oklog/ulid/v2"
)

const (
	// Chunk is the most that is received at once, in bytes: half a second on a slow line, and
	// what has to be sent again when a line breaks.
	Chunk = 2 << 20
	// MaxBytes is the largest file taken, in bytes: as much as a WAV file can hold, twelve hours
	// of stereo at 48 kHz in 16 bit.
	MaxBytes = 4 << 30
	// maxJobs bounds the list, so that a browser gone wild does not fill the disk with folders.
	maxJobs = 500
	// keepUnfinished is how long an upload that nobody goes on with, or a job that failed or was
	// stopped, is kept after its last change: over a week's holiday.
	keepUnfinished = 8 * 24 * time.Hour
	// keepFinished is how long a finished job stays on the list; its recording is in the store.
	keepFinished = 12 * time.Hour
	cleanEvery   = time.Hour
	// A job that fails because something cannot be reached is tried again after retryFirst, then
	// after twice as long each time, at most retryMost.
	retryFirst = 30 * time.Second
	retryMost  = 15 * time.Minute

	dirMode  = 0o700
	fileMode = 0o600
	jobName  = "job.json"
	lockName = "lock"
)

// Worker is the pipeline a job goes through.
type Worker interface {
	Take(ctx context.Context, path, name string, to pipeline.Target, w pipeline.Watcher) pipeline.Result
	Finish(ctx context.Context, client debrief.ClientID, id debrief.RecordingID, w pipeline.Watcher) pipeline.Result
}

// Config is what an intake works with. Dir, Open, Confirm and Discard are required.
type Config struct {
	// Dir is a folder of this machine, for one store alone: what lies in it goes into that store.
	Dir string
	// Open makes the worker for a job; it is called when the first one is due, because the
	// models take a second and half a gigabyte.
	Open func(speakers string, salvage bool) (Worker, error)
	// Confirm reads an imported recording's original back from the store and compares it.
	Confirm func(context.Context, *debrief.Recording) error
	// Discard removes from the store what an import that was not finished left there; a recording
	// that has a manifest stays.
	Discard func(context.Context, debrief.ClientID, debrief.RecordingID) error
	Now     func() time.Time // default time.Now
	Random  io.Reader        // for ids; default crypto/rand
	Log     *slog.Logger
}

// Intake receives and works. It is safe for concurrent use; one process at a time has a folder.
type Intake struct {
	Config
	lock *os.File
	wake chan struct{}

	mu      sync.Mutex
	jobs    map[debrief.JobID]*entry
	changed chan struct{} // closed at the next change
}

// entry is a job with what the process knows of it.
type entry struct {
	receiving sync.Mutex // one chunk at a time; taken before Intake.mu

	job    debrief.Job
	stop   context.CancelFunc // while it is worked on
	tries  int                // without success, since something could not be reached
	notYet time.Time          // when it may be tried again
}

// New reads what an earlier process left. A job it was working on is queued again: each step
// goes on where it was. debrief.ErrConflict means that another process has the folder.
func New(c Config) (*Intake, error) {
	if c.Dir == "" || c.Open == nil || c.Confirm == nil || c.Discard == nil {
		return nil, fmt.Errorf("make an intake: folder, open, confirm and discard are needed: %w", debrief.ErrInvalid)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = ulid.DefaultEntropy()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(c.Dir, dirMode); err != nil {
		return nil, fmt.Errorf("make the folder of uploads: %w", diskError(err))
	}
	in := &Intake{Config: c, jobs: map[debrief.JobID]*entry{}, changed: make(chan struct{}), wake: make(chan struct{}, 1)}
	var err error
	if in.lock, err = lock(filepath.Join(c.Dir, lockName)); err != nil {
		return nil, err
	}
	if err := in.load(); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return in, nil
}

// Close gives the folder back. It may be called twice.
func (in *Intake) Close() error {
	if err := in.lock.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("give the folder of uploads back: %w", err)
	}
	return nil
}

// Jobs lists every job, oldest first, and a channel that is closed when one of them changes.
func (in *Intake) Jobs() ([]debrief.Job, <-chan struct{}) {
	in.mu.Lock()
	defer in.mu.Unlock()
	out := make([]debrief.Job, 0, len(in.jobs))
	for _, e := range in.ordered() {
		out = append(out, e.job)
	}
	place := 0
	for i := range out {
		if out[i].State == debrief.Queued {
			place++
			out[i].Place = place
		}
	}
	return out, in.changed
}

// ordered lists the entries, oldest first; the caller holds the lock.
func (in *Intake) ordered() []*entry {
	out := make([]*entry, 0, len(in.jobs))
	for _, e := range in.jobs {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *entry) int { return cmp.Compare(a.job.ID, b.job.ID) })
	return out
}

// tell lets everybody who looks know; the caller holds the lock.
func (in *Intake) tell() {
	close(in.changed)
	in.changed = make(chan struct{})
}

// find returns an entry or debrief.ErrNotFound; the caller holds the lock.
func (in *Intake) find(id debrief.JobID) (*entry, error) {
	e, ok := in.jobs[id]
	if !ok {
		return nil, fmt.Errorf("job %s: %w", id, debrief.ErrNotFound)
	}
	return e, nil
}

// put writes a job down and tells; the caller holds the lock. What cannot be written down counts
// all the same as long as this process lives.
func (in *Intake) put(e *entry) error {
	e.job.Changed = in.Now().UTC()
	err := in.save(&e.job)
	if err != nil {
		in.Log.Error("keep a job", "job", e.job.ID, "err", err)
	}
	in.tell()
	return err
}

// nudge has the worker look at the queue.
func (in *Intake) nudge() {
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

func (in *Intake) save(j *debrief.Job) error {
	data, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("write a job down: %w", err)
	}
	return writeFile(filepath.Join(in.dir(j.ID), jobName), data)
}

func (in *Intake) dir(id debrief.JobID) string { return filepath.Join(in.Dir, string(id)) }
