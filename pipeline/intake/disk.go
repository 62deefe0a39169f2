package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"debrief"
)

// load reads the jobs of the folder.
func (in *Intake) load() error {
	entries, err := os.ReadDir(in.Dir)
	if err != nil {
		return fmt.Errorf("read the folder of uploads: %w", diskError(err))
	}
	for _, d := range entries {
		id, err := debrief.ParseJobID(d.Name())
		if err != nil || !d.IsDir() {
			continue
		}
		job, err := in.read(id)
		switch {
		case errors.Is(err, fs.ErrNotExist): // the process ended before the job was written down
			in.forget(id)
			continue
		case err != nil:
			in.Log.Error("read a job; it is passed over", "job", id, "err", err)
			continue
		}
		in.jobs[id] = &entry{job: *job}
	}
	return nil
}

func (in *Intake) read(id debrief.JobID) (*debrief.Job, error) {
	data, err := os.ReadFile(filepath.Join(in.dir(id), jobName))
	if err != nil {
		return nil, err
	}
	var job debrief.Job
	if err := json.Unmarshal(data, &job); err != nil {
		return nil, err
	}
	if job.ID != id {
		return nil, fmt.Errorf("the job says it is %q: %w", job.ID, debrief.ErrInvalid)
	}
	return &job, in.recover(&job)
}

// recover brings a job to where it can go on.
func (in *Intake) recover(job *debrief.Job) error {
	switch job.State {
	case debrief.Working:
		job.State, job.Step, job.Resumed = debrief.Queued, "", true
		return in.save(job)
	case debrief.Receiving:
		// The end of the file may be torn: a chunk that was being written when the power went.
		// Nothing before it can be, because each chunk is synced before the next is taken.
		info, err := os.Stat(in.sound(job))
		if errors.Is(err, fs.ErrNotExist) {
			job.Received = 0
			return nil
		}
		if err != nil {
			return err
		}
		job.Received = max(0, info.Size()-Chunk)
		return os.Truncate(in.sound(job), job.Received)
	}
	return nil
}

var plainExt = regexp.MustCompile(`^\.[a-z0-9]{1,8}$`)

// sound is where the file of a job is. Only its extension is the uploader's, and only a plain one.
func (in *Intake) sound(job *debrief.Job) string {
	ext := strings.ToLower(filepath.Ext(job.File))
	if !plainExt.MatchString(ext) {
		ext = ""
	}
	return filepath.Join(in.dir(job.ID), "sound"+ext)
}

// forget deletes the folder of a job.
func (in *Intake) forget(id debrief.JobID) {
	if err := os.RemoveAll(in.dir(id)); err != nil {
		in.Log.Error("remove an upload", "job", id, "err", err)
	}
}

// clean takes off the list what was kept long enough.
func (in *Intake) clean(ctx context.Context) {
	jobs, _ := in.Jobs()
	for _, j := range jobs {
		keep := keepUnfinished
		switch j.State {
		case debrief.Queued, debrief.Working:
			continue
		case debrief.Finished:
			keep = keepFinished
		}
		if in.Now().Sub(j.Changed) <= keep {
			continue
		}
		act := debrief.JobRemove
		if j.State == debrief.Receiving {
			act = debrief.JobCancel
		}
		if _, err := in.Act(ctx, j.ID, act); err != nil {
			in.Log.Error("take a job off the list", "job", j.ID, "err", err)
			continue
		}
		in.Log.Warn("job taken off the list", "job", j.ID, "state", j.State, "changed", j.Changed)
	}
}

// writeFile writes a file whole or not at all, durably.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return diskError(err)
	}
	defer os.Remove(f.Name()) // nothing is there any more when all went well
	if _, err := f.Write(data); err != nil {
		return errors.Join(diskError(err), f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(diskError(err), f.Close())
	}
	if err := f.Close(); err != nil {
		return diskError(err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return diskError(err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return diskError(err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// diskError translates what the system says of a disk.
func diskError(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %v", debrief.ErrDiskFull, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %v", debrief.ErrDenied, err)
	}
	return err
}
