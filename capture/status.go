package capture

import (
	"time"

	"debrief"
)

// State is what a recorder is doing.
type State string

// The states.
const (
	Opening   State = "opening"   // looking for a microphone
	Waiting   State = "waiting"   // frames arrive and are kept, but there was no signal yet
	Recording State = "recording" // signal was seen, frames arrive
	Deaf      State = "deaf"      // nothing arrives
	Paused    State = "paused"    // a person asked not to be recorded
	Stopped   State = "stopped"
)

// Status is a recorder at one moment.
type Status struct {
	Recording debrief.RecordingID `json:"recording"`
	State     State               `json:"state"`
	Device    string              `json:"device,omitempty"`
	Samples   debrief.Samples     `json:"samples"` // spooled
	Safe      debrief.Samples     `json:"safe"`    // of these, safe from a power cut
	Elapsed   time.Duration       `json:"elapsed"` // since the first sample, heard or not
	RMS       float64             `json:"rms"`     // dBFS of the last 100 ms
	Peak      float64             `json:"peak"`    // dBFS
	Unheard   time.Duration       `json:"unheard"` // sum of the gaps
	Warnings  []string            `json:"warnings,omitempty"`
}

// Event is something a person should know.
type Event struct {
	Wall time.Time       `json:"wall"`
	At   debrief.Samples `json:"at"`
	Kind string          `json:"event"` // state, device, gap, warning, cleared, marker, disk, error, recovered, uploaded, stored
	Text string          `json:"text"`
	Bad  bool            `json:"bad,omitempty"` // it means that something is not heard or not safe
}

// Describe says a warning in a person's words, and what to do.
func Describe(kind string) string {
	switch kind {
	case warnSilence:
		return "digital silence: the microphone is muted or dead"
	case warnLevel:
		return "very low level: is the microphone worn and its gain up?"
	case warnClipping:
		return "too loud, the sound is cut off: lower the gain or move the microphone"
	case warnNarrowBand:
		return "telephone sound only (8 kHz): the Bluetooth link uses its narrow-band codec"
	case warnSource:
		return "another microphone was heard in place of the chosen one"
	case warnFallback:
		return "not the preferred microphone"
	case warnDisk:
		return "disk low"
	}
	return kind
}
