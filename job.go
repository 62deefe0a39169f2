package debrief

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// JobID names one job: a ULID, so that jobs sort by when they began.
type JobID string

// ParseJobID accepts a ULID in upper case.
func ParseJobID(s string) (JobID, error) {
	if !recordingID.MatchString(s) {
		return "", fmt.Errorf("job id %q: %w", s, ErrInvalid)
	}
	return JobID(s), nil
}

// JobState is how far a job is.
type JobState string

// The states. A job goes down this list, and back to Queued when somebody has it tried again.
const (
	Receiving JobState = "receiving" // the file is being uploaded, or waits for the rest of it
	Queued    JobState = "queued"
	Working   JobState = "working"
	Finished  JobState = "finished"
	Failed    JobState = "failed"    // Reason says why
	Cancelled JobState = "cancelled" // a person stopped it
)

// Job is one recording on its way through the stages on a server: a past recording that is
// uploaded and then imported, or a stored one whose documents are made.
type Job struct {
	ID       JobID    `json:"id"`
	Client   ClientID `json:"client"`
	Session  int      `json:"session"`
	Phase    Phase    `json:"phase"`
	Speakers string   `json:"speakers,omitempty"` // auto or client; "" is the server's own setting
	Salvage  bool     `json:"salvage,omitempty"`  // take what is there of a truncated file

	File     string `json:"file,omitempty"` // base name of the upload, "" when there is none
	Bytes    int64  `json:"bytes,omitempty"`
	Received int64  `json:"received,omitempty"` // bytes that are safe on the server's disk
	Mark     string `json:"mark,omitempty"`     // by which a browser knows the same file again

	Recording RecordingID `json:"recording,omitempty"` // as soon as it is known
	State     JobState    `json:"state"`
	Step      Step        `json:"step,omitempty"` // while Working
	Outcome   string      `json:"outcome,omitempty"`
	Reason    Reason      `json:"reason,omitempty"`  // when Failed
	Resumed   bool        `json:"resumed,omitempty"` // the server ended in the middle of it, and it goes on
	Created   time.Time   `json:"created"`
	Changed   time.Time   `json:"changed"` // the last byte, step or state

	Place int       `json:"-"` // in the queue while Queued; 1 is next
	Heard Samples   `json:"-"` // transcribed so far
	Total Samples   `json:"-"` // to be transcribed; 0 while unknown
	From  Samples   `json:"-"` // what was heard at Since: the ground of an estimate
	Since time.Time `json:"-"` // zero until something was heard
}

// Step is what is being done to a recording.
type Step string

// The steps, in order.
const (
	StepStoring      Step = "storing"
	StepTranscribing Step = "transcribing"
	StepTagging      Step = "tagging"
	StepSummarising  Step = "summarising"
)

// estimateAfter is how long a job must have been heard before the rest can be estimated: earlier
// figures jump, because an engine's first chunk includes its start.
const estimateAfter = 5 * time.Second

// Left estimates how long transcribing will still take, from its own pace so far; 0 while there
// is no ground for it.
func (j *Job) Left(now time.Time) time.Duration {
	spent, done := now.Sub(j.Since), j.Heard-j.From
	if j.Step != StepTranscribing || j.Since.IsZero() || spent < estimateAfter || done <= 0 || j.Heard >= j.Total {
		return 0
	}
	return time.Duration(float64(spent) * float64(j.Total-j.Heard) / float64(done))
}

// Reason says why a job failed, in a form that holds no path, key or word of a recording: what a
// page may show in its reader's language.
type Reason string

// The reasons.
const (
	ReasonBadAudio    Reason = "bad_audio"
	ReasonTruncated   Reason = "truncated"
	ReasonNoAudio     Reason = "no_audio"
	ReasonConflict    Reason = "conflict" // the same audio is stored as another debrief
	ReasonModel       Reason = "model"
	ReasonDiskFull    Reason = "disk_full"
	ReasonDenied      Reason = "denied"
	ReasonUnavailable Reason = "unavailable"
	ReasonQuota       Reason = "quota"
	ReasonRefused     Reason = "refused"
	ReasonPartial     Reason = "partial" // a stretch could not be transcribed
	ReasonGone        Reason = "gone"    // what it was about is not there any more
	ReasonOther       Reason = "other"   // the server's log says
)

// ReasonOf sorts an error. The order matters where an error is of several kinds: what a person
// can mend comes first.
func ReasonOf(err error) Reason {
	for _, is := range []struct {
		kind   error
		reason Reason
	}{
		{ErrTruncated, ReasonTruncated}, {ErrBadAudio, ReasonBadAudio}, {ErrNoAudio, ReasonNoAudio},
		{ErrConflict, ReasonConflict}, {ErrModel, ReasonModel}, {ErrDiskFull, ReasonDiskFull},
		{ErrQuota, ReasonQuota}, {ErrRefused, ReasonRefused}, {ErrDenied, ReasonDenied},
		{ErrUnavailable, ReasonUnavailable}, {context.DeadlineExceeded, ReasonUnavailable}, {ErrNotFound, ReasonGone},
	} {
		if errors.Is(err, is.kind) {
			return is.reason
		}
	}
	return ReasonOther
}

// JobAct is what a person asks of a job.
type JobAct string

// The acts.
const (
	JobCancel  JobAct = "cancel"  // stop; an upload that is not whole is removed
	JobRetry   JobAct = "retry"   // try again what failed or was stopped
	JobSalvage JobAct = "salvage" // try again, and take what is there of a truncated file
	JobRemove  JobAct = "remove"  // take it off the list, with what was uploaded
)

// Can reports whether an act makes sense in the state a job is in.
func (j *Job) Can(act JobAct) bool {
	switch act {
	case JobCancel:
		return j.State == Receiving || j.State == Queued || j.State == Working
	case JobRetry:
		return j.State == Failed || j.State == Cancelled
	case JobSalvage:
		return j.State == Failed && j.Reason == ReasonTruncated
	case JobRemove:
		return j.State == Finished || j.State == Failed || j.State == Cancelled
	}
	return false
}
