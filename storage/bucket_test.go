package storage_test

import (
	"testing"

	"debrief/internal/testenv"
	"debrief/storage"
	"debrief/storage/storagetest"
)

func TestDirConforms(t *testing.T) {
	storagetest.Conformance(t, func(t *testing.T) storage.Bucket {
		b, err := storage.Open(t.Context(), t.TempDir(), storage.S3Options{})
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

func TestS3Conforms(t *testing.T) {
	server := testenv.S3(t)
	server.Use(t)
	storagetest.Conformance(t, func(t *testing.T) storage.Bucket {
		b, err := storage.Open(t.Context(), "s3://"+server.Bucket(t)+"/some/prefix", storage.S3Options{Endpoint: server.Endpoint})
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}
