package review

import (
	"cmp"
	"context"
	"slices"
	"time"

	"debrief"
)

// Intake takes recordings in and works on them. Its jobs are seen on every page.
type Intake interface {
	// Jobs lists every job, oldest first, and a channel that is closed when one of them changes.
	Jobs() (jobs []debrief.Job, changed <-chan struct{})
	// Begin starts to receive a file, or takes an unfinished upload of it up again.
	Begin(ctx context.Context, job debrief.Job) (debrief.Job, error)
	// Append adds the next bytes of a file, which are safe when it returns; debrief.ErrConflict
	// and the job, when offset is not where the upload stands.
	Append(ctx context.Context, id debrief.JobID, offset int64, chunk []byte) (debrief.Job, error)
	// Process queues a stored recording for the steps that are left of it.
	Process(ctx context.Context, rec *debrief.Recording) (debrief.Job, error)
	// Act does what a person asks of a job; debrief.ErrConflict when its state no longer allows it.
	Act(ctx context.Context, id debrief.JobID, act debrief.JobAct) (debrief.Job, error)
}

const (
	// pausedAfter is how long an upload may bring nothing before the page says that it stands
	// still: longer than a browser takes between two attempts on a bad line.
	pausedAfter = 20 * time.Second
	// stalledAfter is how far a recording being made may be behind the clock before the page says
	// so: segments of a minute are uploaded when they are full, and a bad line takes its time.
	stalledAfter = 3 * time.Minute
	// doneShown is how long what has ended well stays on every page: who saw it move wants to open it.
	doneShown = 10 * time.Minute
)

// scope is what a page is about: everything, a client, or one recording.
type scope struct {
	client    debrief.ClientID
	recording debrief.RecordingID
	finished  bool // show what has ended well, too
}

func (s scope) takes(client debrief.ClientID, rec debrief.RecordingID) bool {
	return (s.client == "" || s.client == client) && (s.recording == "" || s.recording == rec)
}

// workItem is one recording on its way, as a page shows it.
type workItem struct {
	ID     string // of its element
	Kind   string // its state as data, for styling and to notice that it changed
	Title  string
	Href   string // the recording or the client, "" while there is none
	Who    string
	Label  string // its state in one or two words
	Doing  string // what is known of it, in a sentence
	Advice string // what a person can do
	Value  int64  // of Max; a bar is drawn only where something is counted
	Max    int64
	Acts   []workAct
	Action string // where acts are sent

	// What a file chosen again needs to go on.
	File   string
	Bytes  int64
	Target debrief.Job
}

type workAct struct{ Act, Label string }

// work lists what is under way within a scope: what needs a person first, then what moves, then what waits.
func (p *Page) work(s scope, captures []debrief.Recording) []workItem {
	var out []workItem
	for i := range captures {
		if rec := &captures[i]; s.takes(rec.Client, rec.ID) {
			out = append(out, p.captureItem(rec))
		}
	}
	if p.Intake != nil {
		jobs, _ := p.Intake.Jobs()
		for i := range jobs {
			if j := &jobs[i]; s.takes(j.Client, j.Recording) && (j.State != debrief.Finished || p.showsDone(s, j)) {
				out = append(out, p.jobItem(j))
			}
		}
	}
	if s.recording != "" { // a page needs no link to itself
		for i := range out {
			out[i].Href = ""
		}
	}
	slices.SortStableFunc(out, func(a, b workItem) int { return cmp.Compare(urgency(a.Kind), urgency(b.Kind)) })
	return out
}

// showsDone reports whether what has ended well is shown: on the page of uploads always, on its
// own page never, elsewhere for a while.
func (p *Page) showsDone(s scope, j *debrief.Job) bool {
	return s.finished || s.recording == "" && p.Now().Sub(j.Changed) < doneShown
}

func urgency(kind string) int {
	return slices.Index([]string{"failed", "stalled", "paused", "capturing", "storing", "transcribing", "tagging", "summarising", "receiving", "queued", "cancelled", "finished"}, kind)
}

func (p *Page) captureItem(rec *debrief.Recording) workItem {
	it := workItem{
		ID: "rec-" + string(rec.ID), Kind: "capturing", Href: recordingHref(rec), Title: p.text.get("work.capture"),
		Who: p.who(rec.Client, rec.Session, rec.Phase), Doing: p.text.get("work.capturing", rec.Samples),
	}
	behind := p.Now().Sub(rec.Started) - rec.Samples.Duration()
	for _, g := range rec.Gaps {
		behind -= g.Length
	}
	switch {
	case rec.Status == debrief.Storing:
		it.Doing = p.text.get("work.arriving", rec.Samples)
	case rec.Samples == 0:
		it.Doing = p.text.get("work.begun")
	}
	if behind > stalledAfter {
		it.Kind, it.Advice = "stalled", p.text.get("work.stalled.advice")
		it.Doing = p.text.get("work.stalled", rec.Samples, p.roughly(behind))
	}
	it.Label = p.text.get("work.label." + it.Kind)
	return it
}

func (p *Page) jobItem(j *debrief.Job) workItem {
	it := workItem{
		ID: "job-" + string(j.ID), Title: cmp.Or(j.File, p.text.get("work.recording")), Who: p.who(j.Client, j.Session, j.Phase),
		Kind: string(j.State), Action: "/work/" + string(j.ID), File: j.File, Bytes: j.Bytes, Target: *j,
	}
	if j.Recording != "" && (j.State == debrief.Finished || j.File == "" || j.Step != "" && j.Step != debrief.StepStoring || j.Reason == debrief.ReasonConflict || j.Reason == debrief.ReasonPartial) {
		it.Href = recordingHref(&debrief.Recording{Client: j.Client, ID: j.Recording})
	}
	switch j.State {
	case debrief.Receiving:
		it.Value, it.Max = j.Received, j.Bytes
		it.Doing = p.text.get("work.receiving", p.megabytes(j.Received), p.megabytes(j.Bytes))
		if p.Now().Sub(j.Changed) > pausedAfter {
			it.Kind, it.Advice = "paused", p.text.get("work.paused.advice")
		}
	case debrief.Queued:
		it.Doing = p.text.get("work.queued", j.Place)
		if j.Place == 1 {
			it.Doing = p.text.get("work.queued.next")
		}
		switch {
		case j.Reason == debrief.ReasonUnavailable:
			it.Doing = p.text.get("work.queued.unavailable")
		case j.Resumed:
			it.Advice = p.text.get("work.resumed")
		}
	case debrief.Working:
		it.Kind = string(j.Step)
		it.Doing = p.step(j, &it)
	case debrief.Failed:
		it.Doing, it.Advice = p.text.get("reason."+string(j.Reason)), p.text.get("reason."+string(j.Reason)+".advice")
	case debrief.Cancelled:
		it.Doing = p.text.get("work.cancelled")
	case debrief.Finished:
		it.Doing = p.text.get("work.finished." + j.Outcome)
	}
	it.Label = p.text.get("work.label." + it.Kind)
	for _, act := range []debrief.JobAct{debrief.JobCancel, debrief.JobRetry, debrief.JobSalvage, debrief.JobRemove} {
		if j.Can(act) && (act != debrief.JobRetry || j.Reason != debrief.ReasonTruncated) {
			it.Acts = append(it.Acts, workAct{string(act), p.text.get("work.act." + string(act))})
		}
	}
	return it
}

// step says what is being done, and how far it is where something is counted.
func (p *Page) step(j *debrief.Job, it *workItem) string {
	if j.Step != debrief.StepTranscribing || j.Total == 0 {
		return p.text.get("work.step." + string(j.Step))
	}
	it.Value, it.Max = int64(j.Heard), int64(j.Total)
	heard := p.text.get("work.heard", j.Heard, j.Total)
	if left := j.Left(p.Now()); left > 0 {
		return p.text.get("work.left", heard, p.roughly(left))
	}
	return heard
}

func (p *Page) who(client debrief.ClientID, session int, phase debrief.Phase) string {
	name := string(client)
	if known := p.index.now.Load(); known != nil {
		if at := slices.IndexFunc(known.clients, func(c *indexedClient) bool { return c.ID == client }); at >= 0 {
			name = clientName(known.clients[at].Client)
		}
	}
	return p.text.get("work.who", name, session, p.phaseName(phase))
}

// roughly says a duration as people do.
func (p *Page) roughly(d time.Duration) string {
	switch {
	case d < 55*time.Second:
		return p.text.count("roughly.seconds", int(d.Round(5*time.Second).Seconds())+5)
	case d < 55*time.Minute:
		return p.text.count("roughly.minutes", int(d.Round(time.Minute).Minutes()))
	case d < 36*time.Hour:
		return p.text.count("roughly.hours", int(d.Round(time.Hour).Hours()))
	}
	return p.text.count("roughly.days", int(d.Hours()/24))
}

// lasted says how long something took, to the second.
func (p *Page) lasted(d time.Duration) string {
	if d = d.Round(time.Second); d < time.Minute {
		return p.text.count("roughly.seconds", int(d.Seconds()))
	}
	return debrief.SamplesOf(d.Seconds()).String()
}

// megabytes says a size as people do; what is there at all is not "0.0 MB".
func (p *Page) megabytes(n int64) string {
	if n >= 1e9 {
		return p.text.get("format.gigabytes", float64(n)/1e9)
	}
	megabytes := float64(n) / 1e6
	if n > 0 {
		megabytes = max(megabytes, 0.1)
	}
	return p.text.get("format.megabytes", megabytes)
}
