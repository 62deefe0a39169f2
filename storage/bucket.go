// Package storage keeps recordings and everything made of them in a bucket: a folder of this
// machine or an S3 server.
//
// Call [Open] first, then [NewLibrary] for documents, audio and lists. A [Bucket] stores
// objects under keys, whole or not at all; the [Library] above it alone knows which keys there
// are. There is no database: what the bucket holds is the truth.
//
// Nothing a person wrote is ever overwritten unseen: documents are written against the version
// that was read. Vendors' errors end here, above are [debrief.ErrNotFound] and its siblings.
//
// On S3 an upload that a crash interrupts leaves parts that no listing shows; give the bucket
// a lifecycle rule that aborts incomplete uploads. The folder store sweeps by itself.
package storage

import (
	"context"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strings"
	"time"

	"debrief"
)

// ETag names one state of an object; what it looks like is the bucket's affair. It is an alias
// so that rooms that may not import this one can name it string.
type ETag = string

// Condition says which state an object must be in for a [Bucket.Put]. The zero value writes
// in any case. Only one of the two may be set.
type Condition struct {
	IfNoneMatch bool // there must be no object yet
	IfMatch     ETag // the object must be in this state
}

// MaxConditional is the largest object that can be written under a condition, in bytes: S3
// servers and minio-go check conditions reliably on a single request only, and that is the size
// up to which one is used. The longest transcript seen is a tenth of it.
const MaxConditional = 16 << 20

// Info describes an object, or a folder in a shallow listing.
type Info struct {
	Key      string    // a folder's ends in "/"
	Size     int64     // bytes; 0 for a folder
	ETag     ETag      // in listings only where it costs nothing: S3 gives it, a folder does not
	Modified time.Time // zero for a folder
}

// Object is an open object. It stays in the state it was opened in, whatever is written under
// its key; on S3 a Read after such a write fails with [debrief.ErrConflict] instead. Close may
// be called twice. ReadAt may be used by several goroutines, the rest by one.
type Object interface {
	io.ReadSeekCloser
	io.ReaderAt
	Info() Info
}

// Depth says how far a listing goes.
type Depth int

// The depths.
const (
	Shallow Depth = iota // objects and folders directly under the prefix
	Deep                 // every object under the prefix, no folders
)

// Bucket stores objects under keys. [Dir] and [S3] implement it; storagetest.Conformance is
// the contract as a test. Implementations are safe for concurrent use, also by several
// processes.
//
// A key is one or more names joined by "/", each of 1-200 letters, digits, '.', '_' and '-',
// not beginning with '.', in all at most 900 bytes. No key may be the folder of another.
// Anything else is [debrief.ErrInvalid].
//
// All methods may fail with [debrief.ErrDenied], [debrief.ErrUnavailable] (trying again may
// help) and the context's error.
type Bucket interface {
	// Put stores the size bytes of r under key, durably, and returns their state. Readers see
	// the object before or the object after, never a part. r is read once and not closed; a
	// length other than size is [debrief.ErrInvalid] and stores nothing. When the condition
	// does not hold the error is [debrief.ErrConflict]; IfMatch on a key without an object does
	// not hold. Of several Puts under the same condition one alone succeeds. A condition on
	// more than [MaxConditional] bytes is [debrief.ErrInvalid]. A full disk is
	// [debrief.ErrDiskFull]. After [debrief.ErrUnavailable] the object may or may not be there.
	Put(ctx context.Context, key string, r io.Reader, size int64, c Condition) (ETag, error)
	// Open opens an object for reading; the caller closes it. The context bounds every read.
	// No object is [debrief.ErrNotFound].
	Open(ctx context.Context, key string) (Object, error)
	// Stat describes an object. No object is [debrief.ErrNotFound]; a folder is no object.
	Stat(ctx context.Context, key string) (Info, error)
	// List yields what lies under a prefix, which is "" or ends in "/", in ascending order of
	// keys. What is written or deleted meanwhile may be missing or not. After an error nothing
	// follows. Nothing under the prefix is no error.
	List(ctx context.Context, prefix string, d Depth) iter.Seq2[Info, error]
	// Delete removes an object. That there is none is no error, so it may be called twice.
	Delete(ctx context.Context, key string) error
}

var keyName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$`)

// maxKey is the longest key in bytes: S3 allows 1024, of which a bucket's own prefix takes some.
const maxKey = 900

// checkKey refuses what some store would not take, and every way out of a folder.
func checkKey(key string) error {
	if len(key) > maxKey {
		return fmt.Errorf("key of %d bytes: %w", len(key), debrief.ErrInvalid)
	}
	for name := range strings.SplitSeq(key, "/") {
		if !keyName.MatchString(name) {
			return fmt.Errorf("key %q: %w", key, debrief.ErrInvalid)
		}
	}
	return nil
}

// checkPrefix accepts "" and a key with "/" behind it.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	folder, ok := strings.CutSuffix(prefix, "/")
	if !ok {
		return fmt.Errorf("prefix %q does not end in /: %w", prefix, debrief.ErrInvalid)
	}
	return checkKey(folder)
}

// checkPut refuses what no bucket can store.
func checkPut(key string, size int64, c Condition) error {
	if err := checkKey(key); err != nil {
		return err
	}
	conditional := c.IfNoneMatch || c.IfMatch != ""
	switch {
	case size < 0:
		return fmt.Errorf("put %s: size %d: %w", key, size, debrief.ErrInvalid)
	case c.IfNoneMatch && c.IfMatch != "":
		return fmt.Errorf("put %s: two conditions: %w", key, debrief.ErrInvalid)
	case conditional && size > MaxConditional:
		return fmt.Errorf("put %s: %d bytes are too many for a condition: %w", key, size, debrief.ErrInvalid)
	}
	return nil
}

// exactReader fails when r does not hold exactly the number of bytes it was announced with, and
// does so before the last of them is handed out, so that no store can take them for an object.
// It hides everything else r can do: a store must not close it, seek in it or read it twice.
type exactReader struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (e *exactReader) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	if e.left == 0 {
		return 0, e.tail()
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	switch {
	case err == io.EOF && e.left > 0:
		return 0, fmt.Errorf("the content is %d bytes shorter than announced: %w", e.left, debrief.ErrInvalid)
	case err != nil && err != io.EOF:
		return n, err
	case e.left == 0:
		if err := e.tail(); err != io.EOF {
			return 0, err
		}
		return n, io.EOF
	}
	return n, nil
}

// tail makes sure nothing follows.
func (e *exactReader) tail() error {
	if err := e.ctx.Err(); err != nil {
		return err // cancelled while the last of it was read
	}
	var b [1]byte
	for {
		n, err := e.r.Read(b[:])
		switch {
		case n > 0:
			return fmt.Errorf("the content is longer than announced: %w", debrief.ErrInvalid)
		case err != nil:
			return err
		}
	}
}
