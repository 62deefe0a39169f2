package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"debrief"
)

// Exit codes are part of the interface; --help lists them.
const (
	exitOK          = 0
	exitUnexpected  = 1
	exitUsage       = 2
	exitInput       = 3
	exitStore       = 4
	exitSetup       = 5
	exitEngine      = 6
	exitInterrupted = 130 // 128 + SIGINT, as shells do
)

const exitCodeHelp = `
EXIT CODES:
   0    done
   1    something unexpected; please report it
   2    wrong usage: a flag, an argument or a prompt scheme
   3    an input could not be used; the others are finished
   4    the store could not be reached, read or written
   5    a model or tool is missing: make setup
   6    an engine refused: key, quota or request
   130  interrupted; run the same command again to go on
`

// errUsage is the kind of every error in how the command was called.
var errUsage = errors.New("wrong usage")

// usage is an error whose text stands alone, without the kind in front.
type usage struct{ text string }

func (u usage) Error() string        { return u.text }
func (u usage) Is(target error) bool { return target == errUsage }

func usageError(text, hint string) error {
	if hint == "" {
		hint = "debrief COMMAND --help lists the flags"
	}
	return debrief.WithHint(usage{text}, hint)
}

// reported wraps an error already shown to the person, so that it decides the exit code only.
type reported struct{ error }

func (r reported) Unwrap() error { return r.error }

func isReported(err error) bool {
	var r reported
	return errors.As(err, &r)
}

// exitCode maps an error to the process's exit code. The order matters where an error has
// several kinds: what the person must mend first comes first.
func exitCode(err error) int {
	is := func(kinds ...error) bool {
		for _, k := range kinds {
			if errors.Is(err, k) {
				return true
			}
		}
		return false
	}
	var other exited
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &other):
		return int(other)
	case is(context.Canceled):
		return exitInterrupted
	case is(errStore):
		return exitStore
	case is(debrief.ErrModel):
		return exitSetup
	case is(debrief.ErrQuota, debrief.ErrRefused):
		return exitEngine
	case is(debrief.ErrBadAudio, debrief.ErrTruncated, debrief.ErrNoAudio, errInput):
		return exitInput
	case is(errUsage, debrief.ErrInvalid, debrief.ErrBadScheme, debrief.ErrUnknownPrompt):
		return exitUsage
	case is(debrief.ErrUnavailable, debrief.ErrDiskFull, debrief.ErrDenied, debrief.ErrConflict):
		return exitStore
	case is(debrief.ErrNotFound):
		return exitInput
	}
	return exitUnexpected
}

// errInput marks that at least one of several inputs failed; errStore that the store did.
var (
	errInput = errors.New("some inputs could not be used")
	errStore = errors.New("store")
)

// report prints an error as two lines: what is wrong, and what to do about it.
func report(w io.Writer, err error) {
	fmt.Fprintf(w, "error: %s\n", strings.ReplaceAll(err.Error(), "\n", " "))
	if hint := debrief.Hint(err); hint != "" {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
}

// about names the file an error is about, unless the error does already.
func about(file string, err error) error {
	if strings.Contains(err.Error(), file) {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}
