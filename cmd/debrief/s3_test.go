package main

import (
	"bytes"
	"strings"
	"testing"

	"debrief/internal/testenv"
)

// TestBatchIntoS3 runs the command against a real S3 server, twice, and once with a wrong key.
func TestBatchIntoS3(t *testing.T) {
	server := testenv.S3(t)
	server.Use(t)
	t.Setenv("DEBRIEF_MODELS", testenv.Root(t)+"/models")
	args := []string{
		"debrief", "batch", "--client", "c01", "--session", "2", "--phase", "immediate", "--json", "--quiet",
		"--store", "s3://" + server.Bucket(t) + "/practice", "--s3-endpoint", server.Endpoint,
		clip(t, "c01_s2_immediate.ogg", "19", "8"),
	}
	for _, want := range []string{`"status":"done"`, `"status":"unchanged"`} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, &stdout, &stderr); code != exitOK {
			t.Fatalf("exit code %d: %s", code, &stderr)
		}
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("result %q, want %s", stdout.String(), want)
		}
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, &stdout, &stderr); code != exitStore {
		t.Errorf("wrong key: exit code %d, want %d", code, exitStore)
	}
	if e := stderr.String(); strings.Count(e, "error:") != 1 || strings.Count(e, "hint:") != 1 || strings.Contains(e, "wrong") {
		t.Errorf("wrong key says %q: want one error, one hint, and never the key", e)
	}
}
