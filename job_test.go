package debrief_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"debrief"
)

func TestJobLeft(t *testing.T) {
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	seconds := debrief.SamplesOf
	for name, c := range map[string]struct {
		job   debrief.Job
		after time.Duration
		want  time.Duration
	}{
		"NothingHeardYet":    {debrief.Job{Total: seconds(100)}, time.Minute, 0},
		"TooEarly":           {debrief.Job{Since: began, Heard: seconds(50), Total: seconds(100)}, 4 * time.Second, 0},
		"FromItsOwnPace":     {debrief.Job{Since: began, Heard: seconds(25), Total: seconds(100)}, 10 * time.Second, 30 * time.Second},
		"WhatWasThereBefore": {debrief.Job{Since: began, From: seconds(60), Heard: seconds(80), Total: seconds(100)}, 10 * time.Second, 10 * time.Second},
		"NothingSinceThen":   {debrief.Job{Since: began, From: seconds(60), Heard: seconds(60), Total: seconds(100)}, time.Minute, 0},
		"AllHeard":           {debrief.Job{Since: began, Heard: seconds(100), Total: seconds(100)}, time.Minute, 0},
		"LengthNotKnown":     {debrief.Job{Since: began, Heard: seconds(100)}, time.Minute, 0},
		"NotTranscribing":    {debrief.Job{Step: debrief.StepTagging, Since: began, Heard: seconds(25), Total: seconds(100)}, time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if c.job.Step == "" {
				c.job.Step = debrief.StepTranscribing
			}
			if got := c.job.Left(began.Add(c.after)); got != c.want {
				t.Errorf("%v left, want %v", got, c.want)
			}
		})
	}
}

func TestReasonOf(t *testing.T) {
	secret := fmt.Errorf("read /srv/spool/x with key AKIA: %w", debrief.ErrBadAudio)
	for err, want := range map[error]debrief.Reason{
		secret: debrief.ReasonBadAudio,
		errors.Join(debrief.ErrUnavailable, debrief.ErrTruncated): debrief.ReasonTruncated,
		debrief.WithHint(debrief.ErrModel, "make setup"):          debrief.ReasonModel,
		context.DeadlineExceeded:                                  debrief.ReasonUnavailable,
		errors.New("a bug"):                                       debrief.ReasonOther,
	} {
		if got := debrief.ReasonOf(err); got != want {
			t.Errorf("%v is %q, want %q", err, got, want)
		}
	}
}

func TestJobCan(t *testing.T) {
	for state, want := range map[debrief.JobState]string{
		debrief.Receiving: "cancel ", debrief.Queued: "cancel ", debrief.Working: "cancel ",
		debrief.Failed: "retry remove ", debrief.Cancelled: "retry remove ", debrief.Finished: "remove ",
	} {
		job, got := debrief.Job{State: state}, ""
		for _, act := range []debrief.JobAct{debrief.JobCancel, debrief.JobRetry, debrief.JobSalvage, debrief.JobRemove, "dance"} {
			if job.Can(act) {
				got += string(act) + " "
			}
		}
		if got != want {
			t.Errorf("%s can %q, want %q", state, got, want)
		}
	}
	cut := debrief.Job{State: debrief.Failed, Reason: debrief.ReasonTruncated}
	if !cut.Can(debrief.JobSalvage) {
		t.Error("a truncated file cannot be taken as it is")
	}
}
