package storage

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"debrief"
)

// S3Options say where an S3 server is. Keys come from where other tools take them too:
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, else the shared credentials
// file, in which AWS_PROFILE names the profile.
type S3Options struct {
	// Endpoint is host:port or a URL; http:// switches TLS off. Default: AWS_ENDPOINT_URL_S3,
	// AWS_ENDPOINT_URL, then Amazon's own.
	Endpoint string
	// Region defaults to AWS_REGION, then AWS_DEFAULT_REGION; without any the server is asked.
	Region string
}

// amazon is the endpoint when none is named.
const amazon = "s3.amazonaws.com"

// Open opens a store: a folder, which is made when it is missing, or s3://bucket/prefix, whose
// bucket must be there. The server is asked once, so that a wrong key, a missing bucket
// ([debrief.ErrNotFound]), refused access ([debrief.ErrDenied]) or an endpoint that does not
// answer ([debrief.ErrUnavailable]) shows here, with a hint, and not in the middle of the work.
func Open(ctx context.Context, where string, o S3Options) (Bucket, error) {
	rest, ok := strings.CutPrefix(where, "s3://")
	if !ok {
		if scheme, _, ok := strings.Cut(where, "://"); ok {
			return nil, invalidStore(where, fmt.Sprintf("there is no kind of store named %q", scheme))
		}
		if where == "" {
			return nil, invalidStore(where, "no store is named")
		}
		return NewDir(where)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	if bucket == "" || checkPrefix(prefix) != nil || len(prefix) > maxPrefix {
		return nil, invalidStore(where, "bucket or prefix is not valid")
	}
	client, err := connect(o)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", where, err)
	}
	b, err := newS3(ctx, client, bucket, prefix)
	if err != nil {
		return nil, debrief.WithHint(fmt.Errorf("open store %s: %w", where, err), debrief.Hint(err))
	}
	return b, nil
}

// maxPrefix is what an S3 key of 1024 bytes leaves beside [maxKey].
const maxPrefix = 1024 - maxKey

func invalidStore(where, why string) error {
	return debrief.WithHint(fmt.Errorf("open store %q: %s: %w", where, why, debrief.ErrInvalid),
		"name a folder, or a bucket as s3://BUCKET/PREFIX")
}

// answerPatience is how long a server may take to answer when the system has taken what was sent. On
// a slow line that is long before the server has it: 4 MB fit into the buffer of a socket. The
// minute that minio-go allows never let a segment through a line of 25 kB/s.
const answerPatience = 6 * time.Minute

// connect makes a client; it talks to nobody yet.
func connect(o S3Options) (*minio.Client, error) {
	endpoint := first(o.Endpoint, os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"), amazon)
	host, secure := endpoint, true
	if strings.Contains(endpoint, "://") {
		u, err := url.Parse(endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" {
			return nil, debrief.WithHint(fmt.Errorf("endpoint %q: %w", endpoint, debrief.ErrInvalid),
				"name it as https://HOST:PORT, without a path")
		}
		host, secure = u.Host, u.Scheme == "https"
	}
	creds := credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{},
		&credentials.FileAWSCredentials{},
	})
	keys, err := creds.GetWithContext(nil)
	if err != nil || keys.AccessKeyID == "" {
		return nil, debrief.WithHint(fmt.Errorf("no S3 keys found: %w", debrief.ErrDenied),
			"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
	}
	lookup := minio.BucketLookupPath // what self-hosted servers understand
	if host == amazon {
		lookup = minio.BucketLookupAuto
	}
	line, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, fmt.Errorf("endpoint %q: %w", endpoint, err)
	}
	line.ResponseHeaderTimeout = answerPatience
	client, err := minio.New(host, &minio.Options{
		Creds: creds, Secure: secure, Transport: line, BucketLookup: lookup, MaxRetries: requestTries,
		Region:          first(o.Region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")),
		TrailingHeaders: true, // lets parts carry a CRC32C
	})
	if err != nil {
		return nil, debrief.WithHint(fmt.Errorf("endpoint %q: %v: %w", endpoint, err, debrief.ErrInvalid),
			"name it as https://HOST:PORT, without a path")
	}
	return client, nil
}

// first is the first string that is not empty.
func first(s ...string) string {
	for _, s := range s {
		if s != "" {
			return s
		}
	}
	return ""
}
