package storage

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// List implements [Bucket].
func (d *Dir) List(ctx context.Context, prefix string, depth Depth) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		if err := checkPrefix(prefix); err != nil {
			yield(Info{}, err)
			return
		}
		d.list(ctx, prefix, depth, yield)
	}
}

// list walks one folder and reports whether to go on.
func (d *Dir) list(ctx context.Context, prefix string, depth Depth, yield func(Info, error) bool) bool {
	if err := ctx.Err(); err != nil {
		yield(Info{}, err)
		return false
	}
	entries, err := os.ReadDir(filepath.Join(d.root, filepath.FromSlash(prefix)))
	if gone(err) {
		return true
	}
	if err != nil {
		yield(Info{}, dirError("list", prefix, err))
		return false
	}
	// Keys in order are not names in order: "a/b" lies behind "a-b", for '/' is greater than '-'.
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(entryKey(a), entryKey(b)) })
	for _, e := range entries {
		if !keyName.MatchString(e.Name()) {
			continue // ours, or put there by somebody else: no object
		}
		key := prefix + entryKey(e)
		switch {
		case e.IsDir() && depth == Deep:
			if !d.list(ctx, key, depth, yield) {
				return false
			}
		case e.IsDir():
			if !yield(Info{Key: key}, nil) {
				return false
			}
		case e.Type().IsRegular():
			info, err := e.Info()
			if gone(err) {
				continue
			}
			if err != nil {
				yield(Info{}, dirError("list", key, err))
				return false
			}
			if !yield(Info{Key: key, Size: info.Size(), Modified: info.ModTime()}, nil) {
				return false
			}
		}
	}
	return true
}

func entryKey(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}

// gone reports that a file or folder was deleted while the listing came to it.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }
