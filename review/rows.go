package review

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"debrief"
)

// shownPause is the silence between two utterances from which it is shown as content: people
// coming back from a treatment pause for long, and the pause says something.
const shownPause = 6 * debrief.SampleRate

// legendEntry is a prompt of the recording's phase, or another that occurs in its transcript.
type legendEntry struct {
	ID, Name, Question string
	Hue, Count         int
	Key                int // 1-9: the key that sets it; 0 for none
}

// row is one utterance.
type row struct {
	Index      int
	Start, End debrief.Samples
	Speaker    string   // as data
	Name       string   // as read
	Turn       bool     // the speaker changed here
	Pause      string   // length of the silence before, "" when short
	Marks      []marker // set between this utterance and the one before
	Text       string
	Doubtful   bool
	Doubts     []string // why the text, or only its times, are not to be trusted
	Tags       []chip
	Suggested  []chip
	History    *history // nil when nobody changed words or speaker
	Notes      []note
}

// history is what an utterance was before it was edited.
type history struct {
	By, When  string // of the last revision
	Heard     string // the machine's words
	Speaker   string // and who it took to say them
	Revisions []revision
}

type revision struct{ Text, By, When string }

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

func (p *Page) rows(d documents) []row {
	edits, notes := p.histories(d), p.notes(d)
	tags := map[int]debrief.UtteranceTags{}
	if d.tags != nil {
		for _, u := range d.tags.Utterances {
			tags[u.Index] = u
		}
	}
	rows := make([]row, 0, len(d.transcript.Utterances))
	var last debrief.Samples
	marks := slices.SortedStableFunc(slices.Values(d.markers), func(a, b debrief.Marker) int { return cmp.Compare(a.At, b.At) })
	for i := range d.transcript.Utterances {
		u := &d.transcript.Utterances[i]
		one := row{
			Index: i, Start: u.Start, End: u.End, Text: u.Text,
			Speaker: string(u.Speaker), Name: p.text.get("speaker." + string(u.Speaker)),
			History: edits[i], Notes: notes[i], Doubtful: u.Doubtful(),
			Turn: i == 0 || d.transcript.Utterances[i-1].Speaker != u.Speaker,
		}
		if silence := u.Start - last; silence >= shownPause {
			one.Pause = p.text.get("transcript.pause", int(silence.Seconds()))
		}
		last = max(last, u.End)
		for len(marks) > 0 && (marks[0].At < u.End || i == len(d.transcript.Utterances)-1) {
			one.Marks, marks = append(one.Marks, p.marker(marks[0])), marks[1:]
		}
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
		source += ": " + p.text.say(t.Evidence)
	}
	if t.Source != debrief.SourceCoach {
		source = p.text.get("evidence.confidence", source, 100*t.Confidence)
	}
	c.Why = strings.Join(append(why, source), "\n")
	return c
}

// histories gathers the revisions of words and speakers, by utterance.
func (p *Page) histories(d documents) map[int]*history {
	out := map[int]*history{}
	for _, e := range d.review.Edits {
		i := e.Find(d.heard)
		if i < 0 {
			continue
		}
		h := out[i]
		if h == nil {
			u := &d.heard.Utterances[i]
			h = &history{Heard: u.Text, Speaker: p.text.get("speaker." + string(u.Speaker))}
			out[i] = h
		}
		h.By, h.When = e.Author, p.moment(e.At)
		if e.Speaker != "" {
			h.Revisions = append(h.Revisions, revision{p.text.get("row.speaker", p.text.get("speaker."+string(e.Speaker))), h.By, h.When})
		}
		if e.Text != nil {
			h.Revisions = append(h.Revisions, revision{*e.Text, h.By, h.When})
		}
	}
	return out
}

// moment says when a person did something, by the clock of this machine: it is the coach's own.
func (p *Page) moment(at time.Time) string { return at.Local().Format(p.text.get("format.moment")) }

// keyedPrompts is how many prompts have a digit key of their own.
const keyedPrompts = 9

// legend lists the prompts of the phase and any other that occurs, in the order of the scheme.
func (p *Page) legend(rec *debrief.Recording, rows []row) []legendEntry {
	count := map[string]int{}
	for _, r := range rows {
		for _, c := range slices.Concat(r.Tags, r.Suggested) {
			count[c.ID]++
		}
	}
	asked := p.Scheme.For(rec.Phase, rec.Session)
	var out []legendEntry
	for _, prompt := range p.Scheme.Prompts {
		n := count[string(prompt.ID)]
		if n == 0 && !slices.ContainsFunc(asked, func(q debrief.Prompt) bool { return q.ID == prompt.ID }) {
			continue
		}
		one := legendEntry{ID: string(prompt.ID), Name: prompt.Name, Question: prompt.Question, Hue: p.hue(prompt.ID), Count: n}
		if len(out) < keyedPrompts {
			one.Key = len(out) + 1
		}
		out = append(out, one)
	}
	return out
}
