package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"debrief"
)

// Dir is a bucket in a folder of this machine, one file an object. What Put has returned for
// survives a power cut: files are written under a temporary name, synced, renamed, and their
// folder synced. Several processes may use the same folder, also over a network file system
// that knows flock. Files and folders are for the owner's eyes only.
type Dir struct {
	root  string
	locks *locks
}

const (
	// ownFolder holds what is no object: locks and unfinished files. Keys cannot begin with a dot.
	ownFolder = ".debrief"
	dirMode   = 0o700
)

// NewDir opens the folder, makes it when it is missing and clears away the unfinished files of
// processes that are no more.
func NewDir(root string) (*Dir, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", root, err)
	}
	d := &Dir{root: abs}
	err = makeFolder(filepath.Join(abs, ownFolder))
	if err == nil {
		d.locks, err = newLocks(filepath.Join(abs, ownFolder, "locks"))
	}
	if err == nil {
		err = sweep(d.temp())
	}
	if err != nil {
		err = dirError("open store", abs, err)
		if !errors.Is(err, debrief.ErrDiskFull) {
			err = debrief.WithHint(err, "name a folder you may write to with --store")
		}
		return nil, err
	}
	return d, nil
}

func (d *Dir) temp() string           { return filepath.Join(d.root, ownFolder, "tmp") }
func (d *Dir) path(key string) string { return filepath.Join(d.root, filepath.FromSlash(key)) }

// Put implements [Bucket].
func (d *Dir) Put(ctx context.Context, key string, r io.Reader, size int64, c Condition) (ETag, error) {
	if err := checkPut(key, size, c); err != nil {
		return "", err
	}
	f, err := createTemp(d.temp())
	if err != nil {
		return "", dirError("put", key, err)
	}
	defer f.Close() // and with it the lock that keeps the file from being swept
	done := false
	defer func() {
		if !done {
			os.Remove(f.Name())
		}
	}()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(f, sum), &exactReader{ctx, r, size}); err != nil {
		return "", dirError("put", key, err)
	}
	if err := f.Sync(); err != nil {
		return "", dirError("put", key, err)
	}
	unlock, err := d.locks.lock(ctx, key)
	if err != nil {
		return "", dirError("put", key, err)
	}
	defer unlock()
	if err := d.check(ctx, key, c); err != nil {
		return "", err
	}
	if err := d.publish(f.Name(), key); err != nil {
		return "", dirError("put", key, err)
	}
	done = true
	info, err := f.Stat()
	if err != nil {
		return "", dirError("put", key, err)
	}
	return etagOf(info, sum), nil
}

// check compares the object's state with the condition; the key is locked.
func (d *Dir) check(ctx context.Context, key string, c Condition) error {
	if c == (Condition{}) {
		return nil
	}
	now, err := d.Stat(ctx, key)
	missing := errors.Is(err, debrief.ErrNotFound)
	switch {
	case err != nil && !missing:
		return err
	case c.IfNoneMatch && !missing:
		return fmt.Errorf("put %s: it is there already: %w", key, debrief.ErrConflict)
	case c.IfMatch != "" && (missing || now.ETag != c.IfMatch):
		return fmt.Errorf("put %s: %w", key, debrief.ErrConflict)
	}
	return nil
}

// publish renames the temporary file. A Delete elsewhere may take the folder away between
// making it and renaming into it, so that both are tried again.
func (d *Dir) publish(temp, key string) error {
	path := d.path(key)
	const tries = 100 // each costs microseconds, and each lost race means that another made progress
	for i := 0; ; i++ {
		err := makeFolder(filepath.Dir(path))
		if err == nil {
			err = os.Rename(temp, path)
		}
		if errors.Is(err, fs.ErrNotExist) && i < tries {
			continue
		}
		if err != nil {
			return err
		}
		return syncFolder(filepath.Dir(path))
	}
}

// Open implements [Bucket].
func (d *Dir) Open(ctx context.Context, key string) (Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := os.Open(d.path(key))
	if err != nil {
		return nil, dirError("open", key, err)
	}
	info, err := describe(f, key)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &dirObject{file: f, ctx: ctx, info: info}, nil
}

// Stat implements [Bucket].
func (d *Dir) Stat(ctx context.Context, key string) (Info, error) {
	o, err := d.Open(ctx, key)
	if err != nil {
		return Info{}, err
	}
	defer o.Close()
	return o.Info(), nil
}

// describe reads what there is to know of an open file. The state of a document is the hash of
// its content, so that it survives copying the store by any means.
func describe(f *os.File, key string) (Info, error) {
	info, err := f.Stat()
	if err != nil {
		return Info{}, dirError("open", key, err)
	}
	if !info.Mode().IsRegular() {
		return Info{}, fmt.Errorf("open %s: %w", key, debrief.ErrNotFound)
	}
	sum := sha256.New()
	if info.Size() <= MaxConditional {
		if _, err := io.Copy(sum, io.NewSectionReader(f, 0, info.Size())); err != nil {
			return Info{}, dirError("open", key, err)
		}
	}
	return Info{Key: key, Size: info.Size(), ETag: etagOf(info, sum), Modified: info.ModTime()}, nil
}

// etagOf names the state of a file: the hash of its content, or for files too large for a
// condition the time they were written, which costs no reading.
func etagOf(info fs.FileInfo, sum hash.Hash) ETag {
	if info.Size() > MaxConditional {
		return fmt.Sprintf("%x-%x", info.Size(), info.ModTime().UnixNano())
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// Delete implements [Bucket]. Folders that become empty go too.
func (d *Dir) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	unlock, err := d.locks.lock(ctx, key)
	if err != nil {
		return dirError("delete", key, err)
	}
	defer unlock()
	path := d.path(key)
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return nil // a folder is no object
	}
	if err := os.Remove(path); err != nil {
		if err = dirError("delete", key, err); errors.Is(err, debrief.ErrNotFound) {
			return nil
		}
		return err
	}
	folder := filepath.Dir(path)
	if err := syncFolder(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return dirError("delete", key, err)
	}
	for ; folder != d.root; folder = filepath.Dir(folder) {
		if os.Remove(folder) != nil {
			break // not empty, or gone already
		}
	}
	return nil
}

// dirObject is an open file.
type dirObject struct {
	file *os.File
	ctx  context.Context // of Open, bounds every read
	info Info
}

func (o *dirObject) Info() Info { return o.info }

func (o *dirObject) Read(p []byte) (int, error) {
	if err := o.ctx.Err(); err != nil {
		return 0, err
	}
	return o.file.Read(p)
}

func (o *dirObject) ReadAt(p []byte, off int64) (int, error) {
	if err := o.ctx.Err(); err != nil {
		return 0, err
	}
	return o.file.ReadAt(p, off)
}

func (o *dirObject) Seek(offset int64, whence int) (int64, error) { return o.file.Seek(offset, whence) }

func (o *dirObject) Close() error {
	o.file.Close() // opened for reading: nothing can be lost
	return nil
}

// dirError translates what the file system says.
func dirError(op, key string, err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch { // the key names the file, the path of the store would only be in the way
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	wrap := func(kind error, hint string) error {
		err := fmt.Errorf("%s %s: %w", op, key, kind)
		if hint == "" {
			return err
		}
		return debrief.WithHint(err, hint)
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return wrap(debrief.ErrDiskFull, "free some space where the store lies, then run the same command again")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return wrap(debrief.ErrDenied, "check who owns the store, and its permissions (ls -ld)")
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR) && op == "open", errors.Is(err, syscall.ENOTDIR) && op == "delete":
		return wrap(debrief.ErrNotFound, "")
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENAMETOOLONG):
		return wrap(debrief.ErrInvalid, "")
	case errors.Is(err, syscall.EIO), errors.Is(err, syscall.ESTALE), errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, syscall.EMFILE):
		return wrap(fmt.Errorf("%w: %w", debrief.ErrUnavailable, err), "check the disk or share the store lies on")
	}
	return fmt.Errorf("%s %s: %w", op, key, err)
}
