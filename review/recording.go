package review

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"debrief"
)

// shownPause is the silence between two utterances from which it is shown as content: people
// coming back from a treatment pause for long, and the pause says something.
const shownPause = 6 * debrief.SampleRate

// recordingPage is one debrief to hear and read.
type recordingPage struct {
	shell
	Heading string
	Client  string
	Facts   []string // date, length, device
	Href    string
	Length  debrief.Samples
	Notice  string // what is missing and what to do, "" when all is there
	Legend  []legendEntry
	Rows    []row
	Summary []promptSummary
	Open    []string // questions without an answer
	Empty   string   // why there is no summary
	Engine  string
	Gaps    []gap
	Markers []marker
	Speeds  []string
	Keys    []keyHelp
}

// keyHelp is one line of the list of keys.
type keyHelp struct {
	Keys []string
	Does string
}

// speeds are what the player offers: from half to twice the pace of speech.
var speeds = []string{"0.5", "0.75", "1", "1.25", "1.5", "1.75", "2"}

func (recordingPage) template() string { return "recording.html" }

// legendEntry is a prompt that occurs in the transcript.
type legendEntry struct {
	ID, Name, Question string
	Hue, Count         int
}

// row is one utterance.
type row struct {
	Index      int
	Start, End debrief.Samples
	Speaker    string // as data
	Name       string // as read
	Turn       bool   // the speaker changed here
	Pause      string // length of the silence before, "" when short
	Text       string
	Doubts     []string // why the text is not to be trusted
	Tags       []chip
	Suggested  []chip
}

// Prompts are the ids of the assigned tags, for the scripts.
func (r row) Prompts() string {
	ids := make([]string, len(r.Tags))
	for i, c := range r.Tags {
		ids[i] = c.ID
	}
	return strings.Join(ids, " ")
}

// chip is one tag as shown.
type chip struct {
	ID, Name string
	Hue      int
	Why      string // question, confidence, source and evidence
}

type promptSummary struct {
	Name, Question string
	Hue            int
	Sentences      []sentence
}

// sentence is a statement and the words that prove it. Text is empty when it is the quote itself.
type sentence struct {
	Text      string
	Quote     string
	Utterance int
	At        debrief.Samples
	End       debrief.Samples
}

type gap struct {
	At   debrief.Samples
	Text string
}

type marker struct {
	At         debrief.Samples
	Kind, Text string
}

func (p *Page) recording(r *http.Request) (view, error) {
	ctx := r.Context()
	rec, err := p.find(r)
	if err != nil {
		return nil, err
	}
	client, err := p.clientByID(ctx, rec.Client)
	if err != nil {
		return nil, err
	}
	docs, err := p.documents(ctx, rec)
	if err != nil {
		return nil, err
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
	v.Title = v.Heading + " · " + v.Client
	v.Script = "recording.js"
	v.Crumbs = []crumb{{p.text.get("clients.title"), "/"}, {v.Client, clientHref(rec.Client)}}
	v.Facts = []string{p.when(client, rec), rec.Samples.String()}
	if rec.Device != "" {
		v.Facts = append(v.Facts, rec.Device)
	}
	for _, g := range rec.Gaps {
		v.Gaps = append(v.Gaps, gap{g.At, p.text.get("gap", g.Length.Round(1e9).String(), g.Reason)})
	}
	for _, m := range rec.Markers {
		v.Markers = append(v.Markers, p.marker(m))
	}
	if docs.transcript != nil {
		v.Engine = p.text.get("recording.engine", docs.transcript.Engine)
		v.Rows = p.rows(docs)
		v.Legend = p.legend(v.Rows)
	}
	if docs.summary != nil {
		v.Summary, v.Open = p.summary(docs.summary)
		v.Empty = docs.summary.Empty
	}
	return v, nil
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
		{[]string{"?"}, does("help")},
	}
}

func (p *Page) marker(m debrief.Marker) marker {
	text := m.Note
	if prompt, err := p.Scheme.Prompt(m.Prompt); err == nil {
		text = prompt.Question
	}
	if text == "" {
		text = p.text.get("marker." + m.Kind)
	}
	return marker{m.At, m.Kind, text}
}

func (p *Page) rows(d documents) []row {
	tags := map[int]debrief.UtteranceTags{}
	if d.tags != nil {
		for _, u := range d.tags.Utterances {
			tags[u.Index] = u
		}
	}
	rows := make([]row, 0, len(d.transcript.Utterances))
	var last debrief.Samples
	for i := range d.transcript.Utterances {
		u := &d.transcript.Utterances[i]
		one := row{
			Index: i, Start: u.Start, End: u.End, Text: u.Text,
			Speaker: string(u.Speaker), Name: p.text.get("speaker." + string(u.Speaker)),
			Turn: i == 0 || d.transcript.Utterances[i-1].Speaker != u.Speaker,
		}
		if silence := u.Start - last; silence >= shownPause {
			one.Pause = p.text.get("transcript.pause", int(silence.Seconds()))
		}
		last = max(last, u.End)
		for _, f := range u.Flags {
			one.Doubts = append(one.Doubts, p.text.get("flag."+string(f)))
		}
		for _, t := range tags[i].Prompts {
			one.Tags = append(one.Tags, p.chip(t))
		}
		for _, t := range tags[i].Suggested {
			one.Suggested = append(one.Suggested, p.chip(t))
		}
		rows = append(rows, one)
	}
	return rows
}

func (p *Page) chip(t debrief.Tag) chip {
	c := chip{ID: string(t.Prompt), Name: string(t.Prompt), Hue: p.hue(t.Prompt)}
	why := []string{}
	if prompt, err := p.Scheme.Prompt(t.Prompt); err == nil {
		c.Name = prompt.Name
		why = append(why, prompt.Question)
	}
	source := p.text.get("source." + string(t.Source))
	if t.Evidence != "" {
		source += ": " + t.Evidence
	}
	if t.Source != debrief.SourceCoach {
		source += fmt.Sprintf(" (%.0f %%)", 100*t.Confidence)
	}
	c.Why = strings.Join(append(why, source), "\n")
	return c
}

// legend lists the prompts that occur, in the order of the scheme.
func (p *Page) legend(rows []row) []legendEntry {
	count := map[string]int{}
	for _, r := range rows {
		for _, c := range slices.Concat(r.Tags, r.Suggested) {
			count[c.ID]++
		}
	}
	var out []legendEntry
	for _, prompt := range p.Scheme.Prompts {
		if n := count[string(prompt.ID)]; n > 0 {
			out = append(out, legendEntry{string(prompt.ID), prompt.Name, prompt.Question, p.hue(prompt.ID), n})
		}
	}
	return out
}

func (p *Page) summary(s *debrief.Summary) (parts []promptSummary, open []string) {
	for _, ps := range s.Prompts {
		part := promptSummary{Name: string(ps.Prompt), Hue: p.hue(ps.Prompt)}
		if prompt, err := p.Scheme.Prompt(ps.Prompt); err == nil {
			part.Name, part.Question = prompt.Name, prompt.Question
		}
		for _, one := range ps.Sentences {
			line := sentence{Quote: one.Quote.Text, Utterance: one.Quote.Utterance, At: one.Quote.Start, End: one.Quote.End}
			if one.Text != one.Quote.Text {
				line.Text = one.Text
			}
			part.Sentences = append(part.Sentences, line)
		}
		parts = append(parts, part)
	}
	for _, id := range s.Open {
		question := string(id)
		if prompt, err := p.Scheme.Prompt(id); err == nil {
			question = prompt.Question
		}
		open = append(open, question)
	}
	return parts, open
}

// words sends where each word of each utterance begins, in seconds: an array per utterance, or
// null where the words are not timed one by one. It comes after the page, which is whole without it.
func (p *Page) words(w http.ResponseWriter, r *http.Request) error {
	rec, err := p.find(r)
	if err != nil {
		return err
	}
	var t debrief.Transcript
	if _, err := p.Library.Load(r.Context(), rec, &t); err != nil {
		return err
	}
	out := make([][]json.Number, len(t.Utterances))
	for i, u := range t.Utterances {
		if len(u.Words) != len(strings.Fields(u.Text)) {
			continue
		}
		out[i] = make([]json.Number, len(u.Words))
		for j, word := range u.Words {
			out[i][j] = json.Number(seconds(word.Start))
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("write word times: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(data)
	if err != nil {
		p.Log.Debug("send word times", "err", err)
	}
	return nil
}
