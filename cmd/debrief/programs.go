package main

import (
	"os"
	"path/filepath"
	"runtime"
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

// beside finds a program in the directory of this one.
func beside(name string) (path string, ok bool) {
	self, err := os.Executable()
	if err != nil {
		return "", false
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path = filepath.Join(filepath.Dir(self), name)
	info, err := os.Stat(path)
	return path, err == nil && info.Mode().IsRegular()
}
