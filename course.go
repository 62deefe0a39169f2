package debrief

import "time"

// Course is a client's treatments side by side: what returns, what held, what to ask next. It is computed
// from the transcripts, tags and reviews of all recordings; each statement in it is a [Citation] of the client.
type Course struct {
	Client     ClientID    `json:"client"`
	Input      string      `json:"input"` // hash of every transcript and its tags it was made from
	Made       time.Time   `json:"made"`
	Treatments []Treatment `json:"treatments"`
	Threads    []Thread    `json:"threads"`
	Insights   []Insight   `json:"insights"`
	Moods      []Mood      `json:"moods"`
	Changes    []Followed  `json:"changes"`  // small changes, to come back to
	Patterns   []Pattern   `json:"patterns"` // old patterns
	Alignments []Alignment `json:"alignments"`
	Prep       Prep        `json:"prep"`
}

// Citation is a quote with the recording it is from.
type Citation struct {
	Recording RecordingID `json:"recording"`
	Session   int         `json:"session"`
	Phase     Phase       `json:"phase"`
	Quote     Quote       `json:"quote"`
}

// Treatment is one session of the course.
type Treatment struct {
	Session int              `json:"session"`
	Phases  []TreatmentPhase `json:"phases"` // always all three, in order
}

// TreatmentPhase is what there is of one phase of a treatment. Without recordings nothing was recorded.
type TreatmentPhase struct {
	Phase      Phase         `json:"phase"`
	Recordings []RecordingID `json:"recordings,omitempty"`
	Coverage   []Coverage    `json:"coverage,omitempty"` // every prompt of the phase, in scheme order
}

// Coverage says how well a prompt is answered.
type Coverage struct {
	Prompt     PromptID  `json:"prompt"`
	Utterances int       `json:"utterances"` // of the client, tagged with it; 0 is open
	Best       *Citation `json:"best,omitempty"`
}

// Thread is an image, an insight or a pattern that returns across recordings.
type Thread struct {
	Words     []string   `json:"words"` // the client's words that tie it together, strongest first
	Citations []Citation `json:"citations"`
}

// Fate is what became of an insight until the follow-up of its treatment.
type Fate string

// The fates.
const (
	FateMeaningful   Fate = "still meaningful"
	FateChanged      Fate = "changed"
	FateGone         Fate = "gone"
	FateNotMentioned Fate = "not mentioned"
	FateWaiting      Fate = "waiting"      // there is no follow-up of the treatment yet
	FateUnasked      Fate = "no follow-up" // there was none, and a later treatment has begun
)

// Insight is what stood out or broke through right after a treatment, and what became of it.
type Insight struct {
	Citation
	Prompt PromptID   `json:"prompt"`
	Fate   Fate       `json:"fate"`
	Later  []Citation `json:"later,omitempty"` // what the fate was read from, at the follow-up
}

// Mood is the client's own words about it, and the numbers in them as they were said. It is never inferred
// from anything else; a treatment without one has none.
type Mood struct {
	Citation
	Numbers []string `json:"numbers,omitempty"`
	Values  []int    `json:"values,omitempty"` // of the numbers, 0 to 10
}

// Followed is something said, and where it came up again.
type Followed struct {
	Citation
	Later []Citation `json:"later,omitempty"`
}

// Pattern is an old pattern as the client spoke of it.
type Pattern struct {
	Citation
	StillThere bool       `json:"still_there"`        // the client says that it has not gone
	Returned   []Citation `json:"returned,omitempty"` // quotes of it from after it was called irrelevant
}

// Alignment is what the client says about how a treatment fits an earlier one.
type Alignment struct {
	Citation
	Earlier int       `json:"earlier"`          // the session it refers to; 0 when that is unclear
	Refers  *Citation `json:"refers,omitempty"` // the passage of that session it refers to; nil when none is close
}

// Prep is one page to read before a treatment.
type Prep struct {
	Session int        `json:"session"` // the treatment it prepares
	Lines   []PrepLine `json:"lines"`
	Open    []OpenAsk  `json:"open,omitempty"` // what has no answer yet, the latest first; a page of them, not all
}

// PrepLine is one line of the page, with its proof.
type PrepLine struct {
	Topic string   `json:"topic"` // hope, insight, thread, small change, mood, old pattern
	Note  string   `json:"note"`  // what the line is about, in a few words, e.g. "not mentioned at the follow-up"
	Cites Citation `json:"cite"`
}

// OpenAsk is a prompt of a recorded debrief that has no answer.
type OpenAsk struct {
	Session int      `json:"session"`
	Phase   Phase    `json:"phase"`
	Prompt  PromptID `json:"prompt"`
}
