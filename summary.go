package debrief

import "time"

// Quote is a passage of a transcript, word for word.
type Quote struct {
	Span
	Utterance int    `json:"utterance"` // index into [Transcript.Utterances]
	Text      string `json:"text"`      // a substring of the utterance's text
}

// Sentence is one statement of a summary with its proof.
type Sentence struct {
	Text  string `json:"text"`
	Quote Quote  `json:"quote"`
}

// PromptSummary is what the client said to one prompt.
type PromptSummary struct {
	Prompt    PromptID   `json:"prompt"`
	Sentences []Sentence `json:"sentences"`
}

// Summary is a debrief by prompt. It holds nothing without a verified quote; a recording in
// which nothing usable was said has no prompts and says so in Empty.
type Summary struct {
	Recording RecordingID     `json:"recording"`
	Engine    string          `json:"engine"`
	Input     string          `json:"input"` // hash of transcript and tags it was made from
	Made      time.Time       `json:"made"`
	Prompts   []PromptSummary `json:"prompts"`
	Open      []PromptID      `json:"open,omitempty"`  // prompts of the phase without an answer
	Empty     string          `json:"empty,omitempty"` // why there is nothing: no speech, nothing usable
}

// SummaryInput identifies what a summary is made from.
func SummaryInput(t *Transcript, tags *Tags) string { return t.Hash() + "+" + tags.Hash() }
