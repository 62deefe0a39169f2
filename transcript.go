package debrief

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Speaker says whose words they are.
type Speaker string

// The speakers of a debrief. Unknown is honest where nothing tells.
const (
	SpeakerClient  Speaker = "client"
	SpeakerCoach   Speaker = "coach"
	SpeakerUnknown Speaker = "unknown"
)

// Flag says why an utterance is not to be trusted. Flagged text is kept and shown, never
// tagged and never summarised. See [Flag.Doubtful] for the one exception.
type Flag string

// The flags.
const (
	FlagLowConfidence  Flag = "low_confidence"
	FlagRepetition     Flag = "repetition"      // text that compresses too well, a loop
	FlagPromptEcho     Flag = "prompt_echo"     // what was sent along came back as speech
	FlagNoSpeech       Flag = "no_speech"       // no speech lies under the text
	FlagPhantom        Flag = "phantom"         // a phrase known to be invented on silence
	FlagWrongLanguage  Flag = "wrong_language"  // not the language of the client
	FlagEstimatedTimes Flag = "estimated_times" // the words are right, their times are a guess
)

// Doubtful reports whether the flag casts doubt on the words themselves.
func (f Flag) Doubtful() bool { return f != FlagEstimatedTimes }

// Word is one word and where it lies.
type Word struct {
	Span
	Text string `json:"text"`
}

// Utterance is a stretch of speech by one person with nothing longer than a short pause in it.
type Utterance struct {
	Span
	Speaker           Speaker `json:"speaker"`
	SpeakerConfidence float64 `json:"speaker_confidence,omitempty"` // 0-1
	Text              string  `json:"text"`
	Confidence        float64 `json:"confidence"` // 0-1, mean probability of the words
	Flags             []Flag  `json:"flags,omitempty"`
	Words             []Word  `json:"words,omitempty"`
}

// Doubtful reports whether a flag casts doubt on the words.
func (u *Utterance) Doubtful() bool { return slices.ContainsFunc(u.Flags, Flag.Doubtful) }

// Usable reports whether the utterance may be tagged and quoted.
func (u *Utterance) Usable() bool { return !u.Doubtful() && strings.TrimSpace(u.Text) != "" }

// Transcript is what was said in a recording.
type Transcript struct {
	Recording  RecordingID `json:"recording"`
	Engine     string      `json:"engine"` // e.g. moonshine-tiny, or the API and its model
	Input      string      `json:"input"`  // [Recording.AudioHash] it was made from
	Made       time.Time   `json:"made"`
	Language   string      `json:"language,omitempty"`
	Speech     Samples     `json:"speech"`            // length of all speech islands together
	Partial    []Span      `json:"partial,omitempty"` // stretches that could not be transcribed yet
	Utterances []Utterance `json:"utterances"`
}

// Empty reports whether nobody said anything that can be used.
func (t *Transcript) Empty() bool {
	return !slices.ContainsFunc(t.Utterances, func(u Utterance) bool { return u.Usable() })
}

// Hash identifies what was said, by whom and when: documents made from the transcript name it.
// The engine and the time of making do not count.
func (t *Transcript) Hash() string {
	h := sha256.New()
	for _, u := range t.Utterances {
		fmt.Fprintf(h, "%d %d %s %v %q\n", u.Start, u.End, u.Speaker, u.Flags, u.Text)
	}
	return hex.EncodeToString(h.Sum(nil))
}
