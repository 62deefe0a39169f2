package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"debrief"
	"debrief/internal/retry"
)

// makeFolder makes a folder and what is missing above it, each synced into its parent: a file
// synced into a folder that a power cut takes away would be lost with it.
func makeFolder(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return &fs.PathError{Op: "mkdir", Path: path, Err: unix.ENOTDIR}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(path)
	if err := makeFolder(parent); err != nil {
		return err
	}
	switch err := os.Mkdir(path, dirMode); {
	case errors.Is(err, fs.ErrExist):
		return nil // somebody else was quicker
	case errors.Is(err, fs.ErrNotExist):
		return makeFolder(path) // a Delete took the parent away again
	case err != nil:
		return err
	}
	return syncFolder(parent)
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// createTemp makes a file that [sweep] leaves alone for as long as it is open.
func createTemp(folder string) (*os.File, error) {
	for {
		if err := makeFolder(folder); err != nil {
			return nil, err
		}
		f, err := os.OpenFile(filepath.Join(folder, rand.Text()), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, err
		}
		if err := flock(f, unix.LOCK_EX); err != nil {
			f.Close()
			os.Remove(f.Name())
			return nil, err
		}
		// Between the two calls a sweep may have taken the file for a dead one's.
		if _, err := os.Lstat(f.Name()); err == nil {
			return f, nil
		}
		f.Close()
	}
}

// sweep removes the unfinished files of processes that are no more: those nobody holds locked.
func sweep(folder string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		f, err := os.Open(path)
		if err != nil {
			continue // published or swept by somebody else
		}
		if flock(f, unix.LOCK_EX|unix.LOCK_NB) == nil {
			os.Remove(path)
		}
		f.Close()
	}
	return nil
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
		return nil
	}
}

// lockCount is the number of locks all keys share. Two keys on one lock wait for each other for
// one rename; lock files that come and go with their keys would race with themselves.
const lockCount = 64

// locks excludes writers of the same key, in this process and in others.
type locks struct {
	folder string
	inside [lockCount]chan struct{} // a token each; waits in order and hears the context
}

func newLocks(folder string) (*locks, error) {
	if err := makeFolder(folder); err != nil {
		return nil, err
	}
	l := &locks{folder: folder}
	for i := range l.inside {
		l.inside[i] = make(chan struct{}, 1)
	}
	return l, nil
}

// lock waits for the key's lock; unlock must be called once.
func (l *locks) lock(ctx context.Context, key string) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	h := fnv.New32a()
	h.Write([]byte(key))
	i := h.Sum32() % lockCount
	select {
	case l.inside[i] <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release := func() { <-l.inside[i] }
	f, err := os.OpenFile(filepath.Join(l.folder, fmt.Sprintf("%02d", i)), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		release()
		return nil, err
	}
	if err := waitFlock(ctx, f); err != nil {
		f.Close()
		release()
		return nil, err
	}
	return func() {
		f.Close()
		release()
	}, nil
}

// Pauses between tries to get a lock that another process holds, which it does for one rename
// and one sync: milliseconds.
const (
	lockPause    = time.Millisecond
	lockMaxPause = 20 * time.Millisecond
)

// waitFlock tries until it has the lock; a call that blocks in the kernel would not hear ctx.
func waitFlock(ctx context.Context, f *os.File) error {
	for pause := lockPause; ; pause = min(2*pause, lockMaxPause) {
		err := flock(f, unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.ENOLCK), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
			return debrief.WithHint(fmt.Errorf("the file system cannot lock files: %w", debrief.ErrRefused),
				"keep the store on a local disk, or use an S3 server")
		case !errors.Is(err, unix.EWOULDBLOCK):
			return err
		}
		if err := retry.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}
