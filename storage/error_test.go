package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/minio/minio-go/v7"

	"debrief"
)

// sentinels are all kinds an error may be; each must be one of them and no other.
var sentinels = []error{
	debrief.ErrInvalid, debrief.ErrNotFound, debrief.ErrConflict, debrief.ErrDiskFull, debrief.ErrDenied,
	debrief.ErrUnavailable, debrief.ErrRefused, context.Canceled, context.DeadlineExceeded,
}

func checkKind(t *testing.T, err, kind error, hint bool) {
	t.Helper()
	for _, s := range sentinels {
		if errors.Is(err, s) != (s == kind) {
			t.Errorf("%v: is %q = %v", err, s, s != kind)
		}
	}
	if got := debrief.Hint(err) != ""; got != hint {
		t.Errorf("%v: has a hint = %v, want %v", err, got, hint)
	}
	if !strings.Contains(err.Error(), "the/key") || strings.Contains(err.Error(), "/store/") {
		t.Errorf("%v: must name the key and not the file", err)
	}
}

func TestDirErrorKinds(t *testing.T) {
	for _, test := range []struct {
		err  error
		kind error
		hint bool
	}{
		{syscall.ENOSPC, debrief.ErrDiskFull, true},
		{syscall.EDQUOT, debrief.ErrDiskFull, true},
		{syscall.EACCES, debrief.ErrDenied, true},
		{syscall.EPERM, debrief.ErrDenied, true},
		{syscall.EROFS, debrief.ErrDenied, true},
		{syscall.ENOENT, debrief.ErrNotFound, false},
		{syscall.ENOTDIR, debrief.ErrInvalid, false},
		{syscall.EISDIR, debrief.ErrInvalid, false},
		{syscall.EIO, debrief.ErrUnavailable, true},
		{syscall.ESTALE, debrief.ErrUnavailable, true},
		{syscall.EMFILE, debrief.ErrUnavailable, true},
		{context.Canceled, context.Canceled, false},
	} {
		for _, err := range []error{
			&fs.PathError{Op: "open", Path: "/store/the/key", Err: test.err},
			&os.LinkError{Op: "rename", Old: "/store/tmp", New: "/store/the/key", Err: test.err},
			test.err,
		} {
			t.Run(fmt.Sprintf("%T_%v", err, test.err), func(t *testing.T) {
				checkKind(t, dirError("put", "the/key", err), test.kind, test.hint)
			})
		}
	}
}

func TestS3ErrorKinds(t *testing.T) {
	for _, test := range []struct {
		status int
		code   string
		kind   error
		hint   bool
	}{
		{404, "NoSuchKey", debrief.ErrNotFound, false},
		{404, "NoSuchBucket", debrief.ErrNotFound, true},
		{412, "PreconditionFailed", debrief.ErrConflict, false},
		{409, "ConditionalRequestConflict", debrief.ErrConflict, false},
		{403, "AccessDenied", debrief.ErrDenied, true},
		{403, "InvalidAccessKeyId", debrief.ErrDenied, true},
		{403, "SignatureDoesNotMatch", debrief.ErrDenied, true},
		{404, "XAdminUserNotFound", debrief.ErrDenied, true},
		{400, "ExpiredToken", debrief.ErrDenied, true},
		{403, "RequestTimeTooSkewed", debrief.ErrDenied, true},
		{507, "XMinioStorageFull", debrief.ErrDiskFull, true},
		{507, "", debrief.ErrDiskFull, true},
		{403, "QuotaExceeded", debrief.ErrDiskFull, true},
		{400, "KeyTooLongError", debrief.ErrInvalid, false},
		{409, "ExistingObjectIsDirectory", debrief.ErrInvalid, false},
		{400, "BadDigest", debrief.ErrUnavailable, true},
		{500, "InternalError", debrief.ErrUnavailable, true},
		{503, "SlowDown", debrief.ErrUnavailable, true},
		{429, "", debrief.ErrUnavailable, true},
		{400, "MalformedXML", debrief.ErrRefused, false},
		{0, "", debrief.ErrUnavailable, true},
	} {
		t.Run(fmt.Sprintf("%d%s", test.status, test.code), func(t *testing.T) {
			err := minio.ErrorResponse{StatusCode: test.status, Code: test.code, Message: "words of the server", BucketName: "b"}
			checkKind(t, s3Error("put", "the/key", err), test.kind, test.hint)
		})
	}
	t.Run("NetworkIsUnavailable", func(t *testing.T) {
		checkKind(t, s3Error("put", "the/key", syscall.ECONNREFUSED), debrief.ErrUnavailable, true)
	})
	t.Run("CancelledStaysCancelled", func(t *testing.T) {
		checkKind(t, s3Error("put", "the/key", fmt.Errorf("put: %w", context.Canceled)), context.Canceled, false)
	})
}
