package review

import (
	"net/http"
	"slices"

	"debrief"
)

// partRows is how many utterances a browser lays out or skips together. It watches every part
// at every frame: 3,000 single rows took it longer than 60 parts.
const partRows = 50

// recordingPage is one debrief to hear, read and correct.
type recordingPage struct {
	shell
	Heading string
	Client  string
	Facts   []string // date, length, device
	Href    string
	Length  debrief.Samples
	Notice  string // what is missing, "" when all is there
	Process string // where to send for what is missing, "" when nothing is or nothing can be done here
	Advice  string // what else to do about it
	Work    []workItem
	Legend  []legendEntry
	Parts   [][]row // the transcript in parts of [partRows]
	Aside   asideView
	Engine  string
	Gaps    []gap
	Speeds  []string
	Keys    []keyHelp
}

// gap is a stretch of time in which nothing was recorded.
type gap struct {
	At   debrief.Samples
	Text string
}

// keyHelp is one line of the list of keys.
type keyHelp struct {
	Keys []string
	Does string
}

// speeds are what the player offers: from half to twice the pace of speech.
var speeds = []string{"0.5", "0.75", "1", "1.25", "1.5", "1.75", "2"}

func (recordingPage) template() string { return "recording.html" }

func (p *Page) recording(r *http.Request) (view, error) {
	ctx := r.Context()
	rec, err := p.find(r)
	if err != nil {
		return nil, err
	}
	client, err := p.clientByID(ctx, rec.Client, 1)
	if err != nil {
		return nil, err
	}
	docs, err := p.documents(ctx, rec)
	if err != nil {
		return nil, err
	}
	if docs.behind() { // corrected before the server was started anew, or through another one
		p.Changed(rec.Client, rec.ID)
	}
	v := &recordingPage{
		Heading: p.text.get("recording.heading", rec.Session, p.phaseName(rec.Phase)),
		Client:  clientName(client),
		Href:    recordingHref(rec),
		Length:  rec.Samples,
		Notice:  p.stateOf(rec, docs),
		Speeds:  speeds,
		Keys:    p.keys(),
	}
	if unfinished(rec, docs) {
		if v.Process = v.Href + "/process"; p.Intake == nil {
			v.Process, v.Advice = "", p.text.get("state.advice")
		}
	}
	v.Live, v.Seen = v.Href+"/live", madeOf(rec, docs)
	v.Work = p.work(scope{client: rec.Client, recording: rec.ID}, capturesOf([]debrief.Recording{*rec}))
	v.Title = v.Heading + " · " + v.Client
	if rec.Samples > 0 {
		v.Script = "recording.js" // without sound there is nothing to hear, and nothing that could be corrected
	}
	v.Crumbs = []crumb{{p.text.get("clients.title"), "/"}, {v.Client, clientHref(rec.Client)}}
	v.Facts = []string{p.when(client, rec), rec.Samples.String()}
	if rec.Device != "" {
		v.Facts = append(v.Facts, rec.Device)
	}
	for _, g := range rec.Gaps {
		v.Gaps = append(v.Gaps, gap{g.At, p.text.get("gap", p.lasted(g.Length), p.text.say(g.Reason))})
	}
	if docs.transcript != nil {
		v.Engine = p.text.get("recording.engine", docs.transcript.Engine)
		rows := p.rows(docs)
		v.Parts = slices.Collect(slices.Chunk(rows, partRows))
		v.Legend = p.legend(rec, rows)
	}
	v.Aside = p.aside(docs)
	return v, nil
}

// unfinished reports whether a step is left that can be taken now.
func unfinished(rec *debrief.Recording, d documents) bool {
	switch {
	case rec.Status != debrief.Stored:
		return false
	case d.transcript == nil || len(d.transcript.Partial) > 0:
		return true
	}
	return !d.transcript.Empty() && (d.tags == nil || d.summary == nil)
}

func (p *Page) keys() []keyHelp {
	does := func(key string) string { return p.text.get("help." + key) }
	return []keyHelp{
		{[]string{p.text.get("key.space")}, does("play")},
		{[]string{"↑", "↓"}, does("rows")},
		{[]string{"←", "→"}, does("words")},
		{[]string{p.text.get("key.enter")}, does("enter")},
		{[]string{"J", "L"}, does("jump")},
		{[]string{"<", ">"}, does("speed")},
		{[]string{"S"}, does("skip")},
		{[]string{"R"}, does("loop")},
		{[]string{"E"}, does("edit")},
		{[]string{p.text.get("key.enter")}, does("save")},
		{[]string{"C"}, does("speaker")},
		{[]string{"U"}, does("unknown")},
		{[]string{"A", "X"}, does("accept")},
		{[]string{"1", "–", "9"}, does("prompt")},
		{[]string{"N"}, does("note")},
		{[]string{"P"}, does("pin")},
		{[]string{"Ctrl", "Z"}, does("undo")},
		{[]string{"/"}, does("find")},
		{[]string{"?"}, does("help")},
	}
}
