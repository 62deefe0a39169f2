//go:build !unix

package spool

import (
	"errors"
	"os"

	"debrief"
)

// lock refuses: without a lock that dies with its process, recovery could damage a live recording.
func lock(string) (*os.File, error) {
	return nil, debrief.WithHint(errors.New("this system has no file locks debrief can trust"),
		"record on Linux or macOS; every other command works here")
}
