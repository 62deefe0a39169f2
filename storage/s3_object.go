package storage

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"

	"debrief"
)

// resumeTries is how often a body that breaks off is taken up again where it broke, for one
// object. A connection that breaks more often than that is reported.
const resumeTries = 5

// s3Object reads an object in the state it was opened in: every further request names the ETag.
type s3Object struct {
	ctx    context.Context // of Open, bounds every read
	b      *S3
	info   Info
	body   io.ReadCloser // at pos; nil when there is none
	pos    int64
	tries  int
	closed bool
}

func (o *s3Object) Info() Info { return o.info }

func (o *s3Object) Read(p []byte) (int, error) {
	if err := o.ctx.Err(); err != nil {
		return 0, err // what is buffered already would still come otherwise
	}
	for {
		switch {
		case o.closed:
			return 0, errClosed
		case o.pos >= o.info.Size:
			return 0, io.EOF
		case len(p) == 0:
			return 0, nil
		}
		if o.body == nil {
			body, err := o.get(o.pos, o.info.Size-1)
			if err != nil {
				return 0, err
			}
			o.body = body
		}
		n, err := o.body.Read(p[:min(int64(len(p)), o.info.Size-o.pos)])
		o.pos += int64(n)
		if err != nil && o.pos < o.info.Size {
			// The connection broke. Go on from here, unless the caller gave up.
			o.drop()
			if o.tries++; o.tries > resumeTries || o.ctx.Err() != nil {
				if err == io.EOF {
					err = io.ErrUnexpectedEOF
				}
				return n, s3Error("read", o.info.Key, err)
			}
			err = nil
		}
		if n > 0 || err != nil {
			if err == io.EOF {
				err = nil // said by the next call
			}
			return n, err
		}
	}
}

// errClosed tells a mistake of the program.
var errClosed = errors.New("read of a closed object")

// get requests the bytes from first to last, both included.
func (o *s3Object) get(first, last int64) (io.ReadCloser, error) {
	var opts minio.GetObjectOptions
	if err := opts.SetRange(first, last); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.info.Key, err)
	}
	if err := opts.SetMatchETag(o.info.ETag); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.info.Key, err)
	}
	body, _, _, err := o.b.core.GetObject(o.ctx, o.b.bucket, o.b.prefix+o.info.Key, opts)
	if err != nil {
		err = s3Error("read", o.info.Key, err)
		if errors.Is(err, debrief.ErrNotFound) { // deleted since it was opened
			err = fmt.Errorf("read %s: %w", o.info.Key, debrief.ErrConflict)
		}
		return nil, err
	}
	return body, nil
}

// ReadAt makes one request of its own.
func (o *s3Object) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read %s at %d: %w", o.info.Key, off, debrief.ErrInvalid)
	}
	if off >= o.info.Size {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), o.info.Size-off)]
	if len(want) > 0 {
		part := &s3Object{ctx: o.ctx, b: o.b, info: o.info, pos: off}
		part.info.Size = off + int64(len(want))
		defer part.Close()
		if n, err := io.ReadFull(part, want); err != nil {
			return n, err
		}
	}
	if len(want) < len(p) {
		return len(want), io.EOF
	}
	return len(want), nil
}

func (o *s3Object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.pos
	case io.SeekEnd:
		offset += o.info.Size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek %s to %d: %w", o.info.Key, offset, debrief.ErrInvalid)
	}
	if offset != o.pos {
		o.drop()
		o.pos = offset
	}
	return offset, nil
}

func (o *s3Object) Close() error {
	o.drop()
	o.closed = true
	return nil
}

// drop ends the request under way.
func (o *s3Object) drop() {
	if o.body != nil {
		o.body.Close() // what is left unread is not wanted
		o.body = nil
	}
}
