package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"debrief"
)

// jsonDebrief is the exported form: times in seconds from the start of the recording.
type jsonDebrief struct {
	ID         debrief.RecordingID `json:"id"`
	Client     debrief.ClientID    `json:"client"`
	Session    int                 `json:"session"`
	Phase      debrief.Phase       `json:"phase"`
	Seconds    float64             `json:"seconds"`
	Engine     string              `json:"engine"`
	Scheme     string              `json:"scheme,omitempty"`
	Model      string              `json:"model,omitempty"`
	Utterances []jsonUtterance     `json:"utterances"`
	Summary    []jsonPrompt        `json:"summary"`
	Open       []debrief.PromptID  `json:"open,omitempty"`
	Empty      string              `json:"empty,omitempty"`
	Notes      []jsonNote          `json:"notes,omitempty"`
}

type jsonUtterance struct {
	Start      float64         `json:"start"`
	End        float64         `json:"end"`
	Speaker    debrief.Speaker `json:"speaker"`
	Text       string          `json:"text"`
	Confidence float64         `json:"confidence"`
	Flags      []debrief.Flag  `json:"flags,omitempty"`
	Prompts    []debrief.Tag   `json:"prompts"`
	Notes      []jsonNote      `json:"notes,omitempty"`
}

type jsonPrompt struct {
	Prompt    debrief.PromptID `json:"prompt"`
	Question  string           `json:"question,omitempty"`
	Sentences []jsonSentence   `json:"sentences"`
}

type jsonSentence struct {
	Text      string  `json:"text"`
	Quote     string  `json:"quote"`
	Utterance int     `json:"utterance"` // index into utterances
	Start     float64 `json:"start"`
	End       float64 `json:"end"`
}

type jsonNote struct {
	Text   string `json:"text"`
	Author string `json:"author,omitempty"`
}

// JSON returns the whole debrief as one indented JSON object.
func JSON(d *Document) ([]byte, error) {
	out := jsonDebrief{
		ID: d.Recording.ID, Client: d.Recording.Client, Session: d.Recording.Session, Phase: d.Recording.Phase,
		Seconds: seconds(d.Recording.Samples), Engine: d.Transcript.Engine,
		Utterances: []jsonUtterance{}, Summary: []jsonPrompt{}, Notes: jsonNotes(d.notesOn(-1)),
	}
	if d.Tags != nil {
		out.Scheme, out.Model = d.Tags.Scheme, d.Tags.Model
	}
	for i, u := range d.Transcript.Utterances {
		out.Utterances = append(out.Utterances, jsonUtterance{
			Start: seconds(u.Start), End: seconds(u.End), Speaker: u.Speaker, Text: u.Text,
			Confidence: u.Confidence, Flags: u.Flags, Prompts: append([]debrief.Tag{}, d.tagsOf(i)...), Notes: jsonNotes(d.notesOn(i)),
		})
	}
	if d.Summary != nil {
		out.Open, out.Empty = d.Summary.Open, d.Summary.Empty
		for _, p := range d.Summary.Prompts {
			jp := jsonPrompt{Prompt: p.Prompt}
			if prompt, err := d.Scheme.Prompt(p.Prompt); err == nil {
				jp.Question = prompt.Question
			}
			for _, s := range p.Sentences {
				jp.Sentences = append(jp.Sentences, jsonSentence{s.Text, s.Quote.Text, s.Quote.Utterance, seconds(s.Quote.Start), seconds(s.Quote.End)})
			}
			out.Summary = append(out.Summary, jp)
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // it is for people and programs, not for a page
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("write json: %w", err)
	}
	return b.Bytes(), nil
}

func jsonNotes(notes []debrief.Note) []jsonNote {
	var out []jsonNote
	for _, n := range notes {
		out = append(out, jsonNote{n.Text, n.Author})
	}
	return out
}

// seconds rounds to the millisecond, which is finer than any word boundary is known.
func seconds(s debrief.Samples) float64 { return math.Round(s.Seconds()*1000) / 1000 }
