//go:build !cgo || noportaudio

package sound

import (
	"errors"
	"time"

	"debrief"
)

// Available tells whether this binary can record.
const Available = false

var errNoPortAudio = debrief.WithHint(errors.New("this build of debrief cannot record: it was made without PortAudio"),
	"install portaudio19-dev (Debian), portaudio (Homebrew) or portaudio-devel (Fedora) and a C compiler, then make build")

func listInputs() ([]Device, error) { return nil, errNoPortAudio }

func openInput(string, time.Duration) (input, error) { return nil, errNoPortAudio }
