package storage

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"debrief"
)

const (
	// partSize is the size of one upload request, in bytes. minio-go must always be given one:
	// its own default cuts off an object past 10,000 parts. 16 MiB allows 156 GiB.
	partSize = MaxConditional
	// partThreads parts travel at once, each in a buffer of partSize.
	partThreads = 3
	// requestTries bounds how often minio-go sends one request; its pauses between them grow to
	// a second, so that a server that is gone is reported after a few of them.
	requestTries = 5
	// markerKey is written once into every bucket, on opening it. The second write of it tells
	// whether the server heeds conditions; see newS3.
	markerKey = ".debrief"
)

// S3 is a bucket on an S3 server, or the part of one under a prefix. Open it with [Open].
type S3 struct {
	core   minio.Core
	bucket string
	prefix string // "" or ends in "/"
}

// newS3 makes the bucket and checks that it can be worked with. A server that ignores
// conditions would let two writers overwrite each other unseen; it is refused.
func newS3(ctx context.Context, client *minio.Client, bucket, prefix string) (*S3, error) {
	b := &S3{core: minio.Core{Client: client}, bucket: bucket, prefix: prefix}
	_, err := b.put(ctx, markerKey, nil, Condition{IfNoneMatch: true})
	if err == nil { // the first visit, or a server that ignores conditions
		_, err = b.put(ctx, markerKey, nil, Condition{IfNoneMatch: true})
		if err == nil {
			return nil, debrief.WithHint(fmt.Errorf("the server ignores If-None-Match: %w", debrief.ErrRefused),
				"use a server that supports conditional writes (AWS S3, MinIO, Versity, Ceph from version 19)")
		}
	}
	if !errors.Is(err, debrief.ErrConflict) {
		if errors.Is(err, debrief.ErrNotFound) && debrief.Hint(err) == "" {
			err = debrief.WithHint(err, "check --s3-endpoint; what answers there may be no S3 server")
		}
		return nil, err
	}
	return b, nil
}

// Put implements [Bucket].
func (b *S3) Put(ctx context.Context, key string, r io.Reader, size int64, c Condition) (ETag, error) {
	if err := checkPut(key, size, c); err != nil {
		return "", err
	}
	exact := &exactReader{ctx, r, size}
	if size > MaxConditional {
		// The reader is neither seekable nor an io.ReaderAt to minio-go, on purpose: for those it
		// sums the checksum over all its tries, so that no second try is ever accepted.
		info, err := b.core.Client.PutObject(ctx, b.bucket, b.prefix+key, exact, size, minio.PutObjectOptions{
			PartSize: partSize, NumThreads: partThreads, ConcurrentStreamParts: true,
			DisableContentSha256: true, Checksum: minio.ChecksumCRC32C,
		})
		if err != nil {
			return "", s3Error("put", key, err)
		}
		return info.ETag, nil
	}
	var data bytes.Buffer
	data.Grow(int(size) + bytes.MinRead)
	if _, err := data.ReadFrom(exact); err != nil {
		return "", fmt.Errorf("put %s: %w", key, err)
	}
	return b.put(ctx, key, data.Bytes(), c)
}

// put sends a small object in one request, which minio-go repeats as needed.
func (b *S3) put(ctx context.Context, key string, data []byte, c Condition) (ETag, error) {
	sum := binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
	write := rand.Text()
	opts := minio.PutObjectOptions{
		PartSize: partSize, DisableContentSha256: true,
		// As a header and not as a trailer, for the reason given in Put.
		UserMetadata: map[string]string{
			"x-amz-checksum-crc32c": base64.StdEncoding.EncodeToString(sum),
			writeHeader:             write,
		},
	}
	if c.IfNoneMatch {
		opts.SetMatchETagExcept("*")
	}
	if c.IfMatch != "" {
		opts.SetMatchETag(c.IfMatch)
	}
	info, err := b.core.Client.PutObject(ctx, b.bucket, b.prefix+key, bytes.NewReader(data), int64(len(data)), opts)
	if err == nil {
		return info.ETag, nil
	}
	err = s3Error("put", key, err)
	switch {
	case c == (Condition{}):
		return "", err
	case c.IfMatch != "" && errors.Is(err, debrief.ErrNotFound):
		return "", fmt.Errorf("put %s: %w", key, debrief.ErrConflict) // the object to match is gone
	case errors.Is(err, debrief.ErrConflict):
		// The answer to our own write may have been lost, and its repetition refused because of it.
		if now, serr := b.core.StatObject(ctx, b.bucket, b.prefix+key, minio.StatObjectOptions{}); serr == nil &&
			now.Metadata.Get("X-Amz-Meta-"+writeHeader) == write {
			return now.ETag, nil
		}
	}
	return "", err
}

// writeHeader is user metadata that names the write an object comes from.
const writeHeader = "Debrief-Write"

// Open implements [Bucket].
func (b *S3) Open(ctx context.Context, key string) (Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	body, info, _, err := b.core.GetObject(ctx, b.bucket, b.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		return nil, s3Error("open", key, err)
	}
	return &s3Object{ctx: ctx, b: b, info: b.info(info), body: body}, nil
}

// Stat implements [Bucket].
func (b *S3) Stat(ctx context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	info, err := b.core.StatObject(ctx, b.bucket, b.prefix+key, minio.StatObjectOptions{})
	if err != nil {
		return Info{}, s3Error("stat", key, err)
	}
	return b.info(info), nil
}

func (b *S3) info(o minio.ObjectInfo) Info {
	return Info{Key: strings.TrimPrefix(o.Key, b.prefix), Size: o.Size, ETag: o.ETag, Modified: o.LastModified}
}

// List implements [Bucket].
func (b *S3) List(ctx context.Context, prefix string, d Depth) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		if err := checkPrefix(prefix); err != nil {
			yield(Info{}, err)
			return
		}
		if d == Deep {
			for info, err := range b.list(ctx, prefix, d) {
				if !yield(info, err) {
					return
				}
			}
			return
		}
		// minio-go yields the folders of a page behind its objects.
		var page []Info
		for info, err := range b.list(ctx, prefix, d) {
			if err != nil {
				yield(Info{}, err)
				return
			}
			page = append(page, info)
		}
		slices.SortFunc(page, func(a, b Info) int { return strings.Compare(a.Key, b.Key) })
		for _, info := range page {
			if !yield(info, nil) {
				return
			}
		}
	}
}

// list yields what minio-go does, without what is no object and no folder.
func (b *S3) list(parent context.Context, prefix string, d Depth) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		ctx, cancel := context.WithCancel(parent) // ends minio-go's listing when the caller stops early
		defer cancel()
		opts := minio.ListObjectsOptions{Prefix: b.prefix + prefix, Recursive: d == Deep}
		for o := range b.core.Client.ListObjectsIter(ctx, b.bucket, opts) {
			if o.Err != nil {
				yield(Info{}, s3Error("list", prefix, o.Err))
				return
			}
			info := b.info(o)
			folder, isFolder := strings.CutSuffix(info.Key, "/")
			switch {
			case checkKey(folder) != nil:
				continue // ours, or put there by somebody else
			case isFolder && (d == Deep || len(folder) < len(prefix)):
				continue // an object that some servers keep to stand for a folder, maybe the prefix itself
			case isFolder:
				info = Info{Key: info.Key}
			}
			if !yield(info, nil) {
				return
			}
		}
		if err := parent.Err(); err != nil { // minio-go just stops
			yield(Info{}, fmt.Errorf("list %s: %w", prefix, err))
		}
	}
}

// Delete implements [Bucket].
func (b *S3) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := b.core.RemoveObject(ctx, b.bucket, b.prefix+key, minio.RemoveObjectOptions{})
	if err = s3Error("delete", key, err); errors.Is(err, debrief.ErrNotFound) {
		return nil
	}
	return err
}
