// Package spool keeps a recording safe on the local disk while it is being made: audio in WAV
// segments, and beside them a journal of everything that happened. What was appended survives
// the end of the process at once, and a power cut after the next sync, a second later.
//
// Call [Recover] first, which finishes what a crash left, then [Create] for a new recording or
// [Resume] to go on with an unfinished one. The package never deletes audio except when told
// to by [Held.Remove], never touches a recording that another process is writing, and knows
// nothing of microphones or stores.
//
// A recording's directory, named by its id:
//
//	lock             held (flock) as long as a process writes here
//	journal.jsonl    append-only, one [Entry] a line
//	000000.wav       a finished segment: the name without .part means complete and synced
//	000001.wav.part  the segment being written
//	ballast          space given back when the disk is full, so that the end can still be written
package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"debrief"
)

const (
	journalName = "journal.jsonl"
	lockName    = "lock"
	ballastName = "ballast"
	partSuffix  = ".part"
	newPrefix   = ".new-" // a directory that is not yet a recording

	// ballastBytes is room for the last journal lines and headers; a closing journal is some kB.
	ballastBytes = 256 << 10

	dirMode  = 0o700 // what is said here is nobody else's business
	fileMode = 0o600
)

// ErrBusy means that another process holds the recording.
var ErrBusy = errors.New("another process is writing this recording")

// Dir is the directory of a recording below the spool's root.
func Dir(root string, id debrief.RecordingID) string { return filepath.Join(root, string(id)) }

// SegmentPath is where a finished segment of a recording lies.
func SegmentPath(dir string, index int) string {
	return filepath.Join(dir, fmt.Sprintf("%06d.wav", index))
}

// List reads the state of every recording below root, oldest first, finished or not. A directory
// without a readable start is left out.
func List(root string) ([]State, error) {
	ids, err := list(root)
	if err != nil {
		return nil, err
	}
	var out []State
	for _, id := range ids {
		st, err := Load(Dir(root, id))
		if errors.Is(err, debrief.ErrNotFound) || errors.Is(err, debrief.ErrInvalid) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// list names the recordings below root in the order of their ids, which is that of time.
func list(root string) ([]debrief.RecordingID, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the spool: %w", diskError(err))
	}
	var ids []debrief.RecordingID
	for _, e := range entries {
		if id, err := debrief.ParseRecordingID(e.Name()); err == nil && e.IsDir() {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// removeNew deletes directories whose creator died before they became recordings.
func removeNew(root string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return diskError(err)
	}
	for _, e := range entries {
		dir := filepath.Join(root, e.Name())
		if !strings.HasPrefix(e.Name(), newPrefix) {
			continue
		}
		// Without a lock file the creator may be just about to make it.
		if _, err := os.Stat(filepath.Join(dir, lockName)); err != nil {
			continue
		}
		l, err := lock(dir)
		if err != nil {
			continue
		}
		err = os.RemoveAll(dir)
		l.Close()
		if err != nil {
			return diskError(err)
		}
	}
	return nil
}

// syncDir makes names in a directory durable: after creating, renaming or removing a file.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return diskError(err)
	}
	defer d.Close()
	return diskError(d.Sync())
}

// diskError translates what a file system says into the domain's words.
func diskError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return debrief.WithHint(fmt.Errorf("%w: %w", debrief.ErrDiskFull, err), "make room on the disk of the spool; everything recorded so far is kept")
	case errors.Is(err, os.ErrPermission):
		return debrief.WithHint(fmt.Errorf("%w: %w", debrief.ErrDenied, err), "choose a spool directory you may write to: --spool DIR")
	}
	return err
}
