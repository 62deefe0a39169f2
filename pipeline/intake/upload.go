package intake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"unicode"

	"debrief"

	"github.com/oklog/ulid/v2"
)

const (
	maxName = 200 // bytes of a file's name
	maxMark = 200 // bytes of the mark by which a browser knows a file again
)

// Begin starts to receive a file: File, Bytes, Mark and which debrief it is, of the job given. An
// upload of the same file that was not finished is taken up again, with its Received; one that is
// whole already is returned as it is, tried again if it had failed. What cannot be meant is
// debrief.ErrInvalid.
func (in *Intake) Begin(ctx context.Context, asked debrief.Job) (debrief.Job, error) {
	job, err := in.check(asked)
	if err != nil {
		return debrief.Job{}, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, e := range in.ordered() {
		if e.job.Mark != job.Mark || e.job.Bytes != job.Bytes || e.job.File == "" {
			continue
		}
		switch same := e.job.Client == job.Client && e.job.Session == job.Session && e.job.Phase == job.Phase; {
		case e.job.State == debrief.Receiving:
			// What is asked now counts: the form may have been filled in better.
			e.job.Client, e.job.Session, e.job.Phase, e.job.Speakers = job.Client, job.Session, job.Phase, job.Speakers
			return e.job, in.put(e)
		case same && (e.job.State == debrief.Queued || e.job.State == debrief.Working):
			return e.job, nil
		case same && in.hasSound(&e.job) && e.job.Can(debrief.JobRetry):
			in.queue(e)
			return e.job, in.put(e)
		}
	}
	if len(in.jobs) >= maxJobs {
		return debrief.Job{}, fmt.Errorf("%d jobs are on the list: %w", len(in.jobs), debrief.ErrUnavailable)
	}
	return in.add(&entry{job: job})
}

// check takes over of a job what a browser may say.
func (in *Intake) check(asked debrief.Job) (debrief.Job, error) {
	job := debrief.Job{
		Client: asked.Client, Session: asked.Session, Phase: asked.Phase, Speakers: asked.Speakers,
		File: plainName(asked.File), Bytes: asked.Bytes, Mark: asked.Mark, State: debrief.Receiving,
	}
	if _, err := debrief.ParseClientID(string(job.Client)); err != nil {
		return job, err
	}
	if _, err := debrief.ParseSession(job.Session); err != nil {
		return job, err
	}
	if _, err := debrief.ParsePhase(string(job.Phase)); err != nil {
		return job, err
	}
	switch {
	case job.File == "" || len(job.File) > maxName:
		return job, fmt.Errorf("name of a file: %w", debrief.ErrInvalid)
	case job.Bytes <= 0 || job.Bytes > MaxBytes:
		return job, fmt.Errorf("file of %d bytes: %w", job.Bytes, debrief.ErrInvalid)
	case job.Mark == "" || len(job.Mark) > maxMark:
		return job, fmt.Errorf("mark of a file: %w", debrief.ErrInvalid)
	case job.Speakers != "" && job.Speakers != "auto" && job.Speakers != "client":
		return job, fmt.Errorf("speakers %q: %w", job.Speakers, debrief.ErrInvalid)
	}
	return job, nil
}

// plainName is the last part of a name, as any system writes paths, without what cannot be shown.
func plainName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if name = strings.TrimSpace(name); name == "." || name == ".." || name == "/" {
		return ""
	}
	return name
}

// add makes the folder of a new job; the caller holds the lock.
func (in *Intake) add(e *entry) (debrief.Job, error) {
	now := in.Now()
	id, err := ulid.New(ulid.Timestamp(now), in.Random)
	if err != nil {
		return debrief.Job{}, fmt.Errorf("make an id: %w", err)
	}
	e.job.ID, e.job.Created = debrief.JobID(id.String()), now.UTC()
	if err := os.Mkdir(in.dir(e.job.ID), dirMode); err != nil {
		return debrief.Job{}, fmt.Errorf("make the folder of an upload: %w", diskError(err))
	}
	in.jobs[e.job.ID] = e
	if err := in.put(e); err != nil {
		delete(in.jobs, e.job.ID)
		in.forget(e.job.ID)
		return debrief.Job{}, err
	}
	return e.job, nil
}

// Append adds the next bytes of a file; when it returns they are safe. At another offset than
// the one reached it is debrief.ErrConflict, and the job tells which that is. The last bytes put
// the job into the queue.
func (in *Intake) Append(ctx context.Context, id debrief.JobID, offset int64, chunk []byte) (debrief.Job, error) {
	in.mu.Lock()
	e, err := in.find(id)
	in.mu.Unlock()
	if err != nil {
		return debrief.Job{}, err
	}
	e.receiving.Lock()
	defer e.receiving.Unlock()
	in.mu.Lock()
	job := e.job
	_, err = in.find(id) // it may have been removed while this chunk waited
	in.mu.Unlock()
	switch {
	case err != nil:
		return debrief.Job{}, err
	case job.State != debrief.Receiving || offset != job.Received:
		return job, fmt.Errorf("upload %s at %d, not %d: %w", id, job.Received, offset, debrief.ErrConflict)
	case int64(len(chunk)) > job.Bytes-offset || len(chunk) > Chunk:
		return job, fmt.Errorf("upload %s: %d bytes are too many: %w", id, len(chunk), debrief.ErrInvalid)
	}
	if err := write(in.sound(&job), offset, chunk); err != nil {
		return job, fmt.Errorf("keep an upload: %w", err)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if _, err := in.find(id); err != nil { // cancelled meanwhile; its folder goes once more, with what was written into it
		in.forget(id)
		return debrief.Job{}, err
	}
	e.job.Received = offset + int64(len(chunk))
	if e.job.Received < e.job.Bytes {
		e.job.Changed = in.Now().UTC()
		in.tell()
		return e.job, nil
	}
	in.queue(e)
	return e.job, in.put(e)
}

// write puts bytes at a place of a file and syncs them. Half a chunk is taken away again: a full
// disk must not leave bytes nobody has counted.
func write(name string, at int64, chunk []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, fileMode)
	if err != nil {
		return diskError(err)
	}
	if _, err = f.WriteAt(chunk, at); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(diskError(err), f.Truncate(at), f.Close())
	}
	return f.Close()
}

func (in *Intake) hasSound(job *debrief.Job) bool {
	if job.File == "" {
		return false
	}
	info, err := os.Stat(in.sound(job))
	return err == nil && info.Size() == job.Bytes
}
