// Package testenv gives tests the real things they run against: the repository's files, an S3
// server of their own, ffmpeg. Call [S3] for a server, [FFmpeg] before a test that decodes.
//
// What is missing is built or fails the test; nothing here skips. It is for tests only.
package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Root is the folder of the repository, found from the package under test.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = parent
	}
}

// FFmpeg runs ffmpeg with the arguments; it fails the test when that fails.
func FFmpeg(t testing.TB, args ...string) {
	t.Helper()
	cmd := exec.Command("ffmpeg", append([]string{"-hide_banner", "-nostdin", "-v", "error", "-y"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %v: %v (install it with make setup)\n%s", args, err, out)
	}
}
