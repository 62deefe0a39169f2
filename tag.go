package debrief

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// TagSource says who or what assigned a tag.
type TagSource string

// The sources, from the weakest to the one no machine overrules.
const (
	SourceModel    TagSource = "model"    // what the words mean, and what surrounds them
	SourceQuestion TagSource = "question" // a question asked aloud before
	SourceMarker   TagSource = "marker"   // the moment a guided debrief showed the question
	SourceAPI      TagSource = "api"
	SourceCoach    TagSource = "coach"
)

// Tag says that an utterance answers (client) or asks (coach) a prompt.
type Tag struct {
	Prompt     PromptID  `json:"id"`
	Confidence float64   `json:"confidence"` // 0-1, calibrated on unseen clients
	Source     TagSource `json:"source"`
	Evidence   string    `json:"evidence"` // one phrase for the coach: why
}

// What the tagger on this machine names as [Tag.Evidence]; %s is a prompt's name or a place in the recording.
const (
	EvidenceAsks      = "asks: %s"
	EvidenceNearest   = "nearest in meaning: %s"
	EvidenceShown     = "after the question shown at %s"
	EvidenceAsked     = "after the question at %s"
	EvidenceContinues = "continues the answer before"
)

// UtteranceTags are the tags of one utterance of a transcript.
type UtteranceTags struct {
	Index     int   `json:"index"`   // into [Transcript.Utterances]
	Prompts   []Tag `json:"prompts"` // assigned: at most [MaxTags], best first
	Suggested []Tag `json:"suggested,omitempty"`
}

// MaxTags is the most prompts one utterance is tagged with; the labelling policy allows two.
const MaxTags = 2

// Tags are the tags of a whole recording.
type Tags struct {
	Recording  RecordingID     `json:"recording"`
	Scheme     string          `json:"scheme"` // name@version
	Model      string          `json:"model"`  // tagger and version
	Input      string          `json:"input"`  // hash of the transcript they were made from
	Made       time.Time       `json:"made"`
	Utterances []UtteranceTags `json:"utterances"`
}

// Count is the number of tags assigned.
func (t *Tags) Count() int {
	n := 0
	for _, u := range t.Utterances {
		n += len(u.Prompts)
	}
	return n
}

// Hash identifies which utterance carries which prompts; suggestions and confidences do not count.
func (t *Tags) Hash() string {
	h := sha256.New()
	for _, u := range t.Utterances {
		fmt.Fprint(h, u.Index)
		for _, p := range u.Prompts {
			fmt.Fprint(h, " ", p.Prompt)
		}
		fmt.Fprintln(h)
	}
	return hex.EncodeToString(h.Sum(nil))
}
