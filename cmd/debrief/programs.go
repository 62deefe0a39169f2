package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"debrief"
)

// The programs that make build puts beside one another.
const (
	wholeProgram    = "debrief"
	recorderProgram = "debrief-recorder" // record, and nothing else
	captureProgram  = "debrief-capture"  // owns PortAudio, and nothing else
)

// Commands that one of them runs of another.
const (
	recordName   = "record"
	captureChild = "capture-child" // hidden: the twin of debrief-capture
	scribeName   = "scribe"        // hidden: transcribes along
)

// versionTimeout bounds asking a program for its version: one that is of the same build answers in
// some 10 ms on an idle machine, and in seconds on one that is busy with ten other things.
const versionTimeout = time.Minute

// beside finds a program in the directory of this one: debrief.ErrNotFound when it is not there, and
// debrief.ErrConflict with a hint when it is of another build. Such a one was left behind by an
// update and would do what an older release did.
func beside(name string) (path string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path = filepath.Join(filepath.Dir(self), name)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s beside this program: %w", name, debrief.ErrNotFound)
	}
	ctx, cancel := context.WithTimeout(context.Background(), versionTimeout)
	defer cancel()
	said, _ := exec.CommandContext(ctx, path, "--version").Output() // one that cannot answer is no use either
	if theirs := strings.TrimSpace(string(said)); !strings.HasSuffix(theirs, " "+version) {
		return "", debrief.WithHint(fmt.Errorf("%s says it is %q, and this is version %s: it is not used: %w", path, theirs, version, debrief.ErrConflict),
			"make build, and keep the three programs in one directory")
	}
	return path, nil
}

// warnOfOthers tells of a program of another build; one that is not there at all is no fault.
func warnOfOthers(w io.Writer, err error) {
	if errors.Is(err, debrief.ErrConflict) {
		fmt.Fprintf(w, "warning: %v\nhint: %s\n", err, debrief.Hint(err))
	}
}
