// Package storagetest holds what tests need of buckets: [Conformance], the contract of
// [storage.Bucket] as a test for any implementation, and [NewFault], a bucket that breaks at
// the n-th operation, to see that what is built on it can be broken anywhere and run again.
//
// It is for tests only.
package storagetest

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync"

	"debrief/storage"
)

// ErrKilled is what every operation returns once the process is meant to be dead.
var ErrKilled = errors.New("killed by the test")

// When says at which moment of an operation it breaks.
type When int

// The moments.
const (
	Before When = iota // nothing has been done
	Half               // the content of a Put was read halfway; as Before for anything else
	After              // it has been done, but nobody is told
)

// Fault says what breaks.
type Fault struct {
	At   int // number of the operation, from 1; 0 is none
	When When
	Err  error // default ErrKilled
	Once bool  // go on as if nothing had been; otherwise nothing works from then on
}

// FaultBucket is a bucket that breaks. It is safe for concurrent use.
type FaultBucket struct {
	storage.Bucket
	fault Fault
	mu    sync.Mutex
	ops   int
	dead  bool
}

// NewFault wraps a bucket. Run the work once with no fault, then with At from 1 to Ops.
func NewFault(b storage.Bucket, f Fault) *FaultBucket {
	if f.Err == nil {
		f.Err = ErrKilled
	}
	return &FaultBucket{Bucket: b, fault: f}
}

// Ops is the number of operations so far. A listing is one; so is opening an object, reading
// it is not.
func (b *FaultBucket) Ops() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ops
}

// step counts an operation; breaks says that this one breaks, err that it must not begin.
func (b *FaultBucket) step() (breaks bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dead {
		return false, b.fault.Err
	}
	b.ops++
	breaks = b.ops == b.fault.At
	if breaks && !b.fault.Once {
		b.dead = true
	}
	if breaks && b.fault.When == Before {
		return breaks, b.fault.Err
	}
	return breaks, nil
}

// Put implements [storage.Bucket].
func (b *FaultBucket) Put(ctx context.Context, key string, r io.Reader, size int64, c storage.Condition) (storage.ETag, error) {
	breaks, err := b.step()
	switch {
	case err != nil:
		return "", err
	case breaks && b.fault.When == Half:
		b.Bucket.Put(ctx, key, io.MultiReader(io.LimitReader(r, size/2), failing{b.fault.Err}), size, c)
		return "", b.fault.Err
	}
	etag, err := b.Bucket.Put(ctx, key, r, size, c)
	if breaks {
		return "", b.fault.Err
	}
	return etag, err
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Open implements [storage.Bucket].
func (b *FaultBucket) Open(ctx context.Context, key string) (storage.Object, error) {
	breaks, err := b.step()
	if err == nil && breaks {
		err = b.fault.Err
	}
	if err != nil {
		return nil, err
	}
	return b.Bucket.Open(ctx, key)
}

// Stat implements [storage.Bucket].
func (b *FaultBucket) Stat(ctx context.Context, key string) (storage.Info, error) {
	breaks, err := b.step()
	if err == nil && breaks {
		err = b.fault.Err
	}
	if err != nil {
		return storage.Info{}, err
	}
	return b.Bucket.Stat(ctx, key)
}

// List implements [storage.Bucket]. A listing that breaks has yielded one object, if there is one.
func (b *FaultBucket) List(ctx context.Context, prefix string, d storage.Depth) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		breaks, err := b.step()
		if err != nil {
			yield(storage.Info{}, err)
			return
		}
		for info, err := range b.Bucket.List(ctx, prefix, d) {
			if !yield(info, err) {
				return
			}
			if breaks {
				break
			}
		}
		if breaks {
			yield(storage.Info{}, b.fault.Err)
		}
	}
}

// Delete implements [storage.Bucket].
func (b *FaultBucket) Delete(ctx context.Context, key string) error {
	breaks, err := b.step()
	if err != nil {
		return err
	}
	if breaks && b.fault.When == Half {
		return b.fault.Err
	}
	err = b.Bucket.Delete(ctx, key)
	if breaks {
		return b.fault.Err
	}
	return err
}

var _ storage.Bucket = (*FaultBucket)(nil)
