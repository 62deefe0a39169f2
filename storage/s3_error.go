package storage

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/minio/minio-go/v7"

	"debrief"
)

// s3Error translates what the server or the way to it says. It answers two questions: is it
// not there, and is it worth trying again?
func s3Error(op, key string, err error) error {
	if err == nil {
		return nil
	}
	wrap := func(kind error, hint string) error {
		err := fmt.Errorf("%s %s: %w", op, key, kind)
		if hint == "" {
			return err
		}
		return debrief.WithHint(err, hint)
	}
	// What the content's reader or the caller says is no answer of the server.
	for _, ours := range []error{context.Canceled, context.DeadlineExceeded, debrief.ErrInvalid} {
		if errors.Is(err, ours) {
			return fmt.Errorf("%s %s: %w", op, key, err)
		}
	}
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) || answer.StatusCode == 0 {
		return wrap(fmt.Errorf("%w: %w", debrief.ErrUnavailable, err), "check --s3-endpoint and the network, then run the same command again")
	}
	detail := fmt.Sprintf("%s: %s", answer.Code, answer.Message)
	switch answer.Code {
	case minio.NoSuchBucket:
		return wrap(fmt.Errorf("bucket %s: %w", answer.BucketName, debrief.ErrNotFound), "make the bucket first, or check its name in --store s3://BUCKET/PREFIX")
	case "InvalidAccessKeyId", minio.SignatureDoesNotMatch, "InvalidToken", "ExpiredToken",
		"XAdminUserNotFound": // Versity, with status 404
		return wrap(fmt.Errorf("%s: %w", detail, debrief.ErrDenied), "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the profile in AWS_PROFILE")
	case "RequestTimeTooSkewed":
		return wrap(fmt.Errorf("%s: %w", detail, debrief.ErrDenied), "set this machine's clock; S3 accepts 15 minutes")
	case "XMinioStorageFull", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded":
		return wrap(fmt.Errorf("%s: %w", detail, debrief.ErrDiskFull), "free some space on the S3 server, then run the same command again")
	case "ConditionalRequestConflict":
		return wrap(debrief.ErrConflict, "")
	case "KeyTooLongError", "ExistingObjectIsDirectory", "ObjectParentIsFile", "EntityTooLarge":
		return wrap(fmt.Errorf("%s: %w", detail, debrief.ErrInvalid), "")
	}
	switch status := answer.StatusCode; {
	case status == http.StatusNotFound:
		return wrap(debrief.ErrNotFound, "")
	case status == http.StatusPreconditionFailed:
		return wrap(debrief.ErrConflict, "")
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return wrap(fmt.Errorf("%s: %w", detail, debrief.ErrDenied), "the key needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on the bucket")
	case status == http.StatusInsufficientStorage:
		return wrap(fmt.Errorf("%s: %w", detail, debrief.ErrDiskFull), "free some space on the S3 server, then run the same command again")
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, answer.Code == "BadDigest", answer.Code == "IncompleteBody":
		return wrap(fmt.Errorf("%s: %w", detail, debrief.ErrUnavailable), "run the same command again in a while; the S3 server has trouble")
	}
	return wrap(fmt.Errorf("%s: %w", detail, debrief.ErrRefused), "")
}
