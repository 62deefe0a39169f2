package debrief

import (
	"errors"
	"fmt"
	"strings"
)

// Sentinel errors. Stages translate their vendors' errors into these at the edge, so that
// callers ask two questions only: is it not there, and is it worth trying again?
var (
	ErrInvalid       = errors.New("not valid")
	ErrNotFound      = errors.New("not found")
	ErrConflict      = errors.New("changed by someone else in the meantime")
	ErrBadAudio      = errors.New("not readable as audio")
	ErrTruncated     = errors.New("audio ends before its header says")
	ErrNoAudio       = errors.New("no audio found")
	ErrBadScheme     = errors.New("prompt scheme not valid")
	ErrUnknownPrompt = errors.New("unknown prompt")
	ErrModel         = errors.New("model missing or damaged")
	ErrDiskFull      = errors.New("no space left")
	ErrDenied        = errors.New("permission denied")
	ErrUnavailable   = errors.New("not reachable just now") // worth trying again
	ErrQuota         = errors.New("quota spent")            // trying again does not help
	ErrRefused       = errors.New("request refused")        // trying again does not help
)

// hinted carries what a person can do about an error.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// WithHint adds what to do next; it is printed on a line of its own. The outermost hint wins.
func WithHint(err error, hint string) error {
	if err == nil {
		return nil
	}
	return hinted{err, hint}
}

// Hint returns what a person can do about the error, or "".
func Hint(err error) string {
	var h hinted
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}

// problems gathers everything wrong with one input, so that it is mended in one go.
type problems []string

func (p *problems) add(s string) { *p = append(*p, s) }

func (p problems) err(kind error) error {
	if len(p) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", kind, strings.Join(p, "; "))
}
