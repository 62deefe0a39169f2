// Package sound lists microphones and reads them. PortAudio can hang or abort the process it is
// in, in ways Go cannot cancel, so it lives in a child process that does nothing else: [Child] is
// the child's main function, [Host] is the parent's side of it.
//
// Call [NewHost] first. The package never falls back to another microphone by itself, names
// devices and never counts them, and keeps no audio.
package sound

import (
	"context"
	"fmt"
	"strings"
	"time"

	"debrief"
)

// Kind says what a microphone is connected by.
type Kind string

// The kinds.
const (
	Bluetooth Kind = "bluetooth"
	USB       Kind = "usb"
	BuiltIn   Kind = "built-in"
	Virtual   Kind = "virtual"
	Monitor   Kind = "monitor" // what the loudspeaker plays, not a microphone
	Unknown   Kind = "unknown"
)

// Device is a source of sound.
type Device struct {
	Name        string `json:"name"` // what --device takes; stable across reconnects
	Description string `json:"description,omitempty"`
	Kind        Kind   `json:"kind"`
	Rate        int    `json:"rate"` // native rate in samples per second; 0 when the system does not tell
	Channels    int    `json:"channels,omitempty"`
	Default     bool   `json:"default,omitempty"`
	API         string `json:"api"` // pulse, or PortAudio's name of the host API
	Codec       string `json:"codec,omitempty"`
	Muted       bool   `json:"muted,omitempty"`

	index int // of a sound server's source
}

// NarrowBand tells whether the device cannot carry more than telephone sound: Bluetooth's CVSD codec.
func (d Device) NarrowBand() bool {
	return d.Rate > 0 && d.Rate < debrief.SampleRate || strings.EqualFold(d.Codec, "cvsd")
}

// Match finds the device a person means: the one so named or described, else the only one whose
// name or description contains the words, upper and lower case alike. Monitors must be named whole.
// [debrief.ErrNotFound] when there is none, [debrief.ErrInvalid] when several fit.
func Match(devices []Device, want string) (Device, error) {
	var found []Device
	for _, d := range devices {
		if strings.EqualFold(d.Name, want) || strings.EqualFold(d.Description, want) {
			return d, nil
		}
		in := strings.ToLower(d.Name + "\n" + d.Description)
		if want != "" && d.Kind != Monitor && strings.Contains(in, strings.ToLower(want)) {
			found = append(found, d)
		}
	}
	switch len(found) {
	case 0:
		return Device{}, debrief.WithHint(fmt.Errorf("microphone %q: %w", want, debrief.ErrNotFound),
			"debrief devices lists the microphones there are")
	case 1:
		return found[0], nil
	}
	return Device{}, debrief.WithHint(fmt.Errorf("microphone %q fits %s and %s: %w", want, found[0].Name, found[1].Name, debrief.ErrInvalid),
		"name it as debrief devices does")
}

// Frame is a stretch of sound.
type Frame struct {
	At   time.Duration // when its last sample was heard, or a little later, on the clock of [Uptime]
	PCM  []int16       // 16 kHz mono
	Lost int           // samples lost just before it because the parent did not take them in time
}

// Stream is a microphone being read.
type Stream interface {
	// Frames is closed when the stream ends for whatever reason.
	Frames() <-chan Frame
	// Moved tells the name of the source the sound server reads in place of the one opened. The
	// stream goes on with the wrong microphone until it is closed.
	Moved() <-chan string
	// Err tells why the stream ended; read it after Frames is closed.
	Err() error
	// Stop asks the stream to end when all that was heard is delivered.
	Stop()
	// Close ends the stream at once, whatever state PortAudio is in. It may be called twice.
	Close()
}

// Microphones is what a recorder needs of a host; [Host] implements it.
type Microphones interface {
	// Devices lists what is there now.
	Devices(ctx context.Context) ([]Device, error)
	Open(ctx context.Context, d Device) (Stream, error)
	// Changed tells that devices may have come or gone; it may stay silent where the system has no news.
	Changed() <-chan struct{}
}
