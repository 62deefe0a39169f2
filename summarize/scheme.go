package summarize

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"

	"debrief"

	"github.com/goccy/go-yaml"
)

//go:embed scheme.yaml
var builtinScheme []byte

// maxSchemeBytes bounds a scheme file. The built-in one has 6 kB; a file of a megabyte is a mistake.
const maxSchemeBytes = 1 << 20

var defaultScheme = sync.OnceValue(func() debrief.Scheme {
	s, err := ReadScheme(bytes.NewReader(builtinScheme))
	if err != nil {
		panic("built-in prompt scheme: " + err.Error()) // a test reads it; it cannot fail for a user
	}
	return s
})

// DefaultScheme is the built-in scheme: thirteen prompts in three phases.
func DefaultScheme() debrief.Scheme { return defaultScheme() }

// ReadScheme reads and validates a scheme in YAML. Unknown fields are errors, because a
// misspelt field would silently teach the tagger nothing. Errors wrap debrief.ErrBadScheme.
func ReadScheme(r io.Reader) (debrief.Scheme, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSchemeBytes+1))
	if err != nil {
		return debrief.Scheme{}, fmt.Errorf("read prompt scheme: %w", err)
	}
	if len(data) > maxSchemeBytes {
		return debrief.Scheme{}, fmt.Errorf("%w: larger than %d bytes", debrief.ErrBadScheme, maxSchemeBytes)
	}
	var s debrief.Scheme
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&s); err != nil {
		if err == io.EOF {
			return debrief.Scheme{}, schemeError("the file is empty")
		}
		return debrief.Scheme{}, schemeError(oneLine(err))
	}
	if err := s.Validate(); err != nil {
		return debrief.Scheme{}, debrief.WithHint(err, schemeHint)
	}
	return s, nil
}

const schemeHint = "debrief prompts --yaml prints the built-in scheme to start from"

func schemeError(why string) error {
	return debrief.WithHint(fmt.Errorf("%w: %s", debrief.ErrBadScheme, why), schemeHint)
}

// oneLine keeps the position and reason of a YAML error and drops the excerpt drawn below it.
func oneLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
