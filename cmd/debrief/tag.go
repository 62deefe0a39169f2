//go:build !recorder

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"debrief"

	"github.com/urfave/cli/v2"
)

func tagCommand() *cli.Command {
	return &cli.Command{
		Name:      "tag",
		Usage:     "print which prompt each utterance of a transcript answers; nothing is stored",
		ArgsUsage: "FILE.json...",
		Description: "Reads {\"id\", \"phase\", \"session\", \"style\", \"utterances\": [{\"start\", \"end\", \"speaker\", \"text\"}]}, times in seconds.\n" +
			"With --json one line per file: {\"id\", \"utterances\": [{\"index\", \"prompts\": [{\"id\", \"confidence\", \"source\", \"evidence\"}], \"suggested\"}]}",
		Flags: []cli.Flag{promptsFlag(), jsonFlag()},
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return usageError("no transcript given", "debrief tag transcript.json")
			}
			scheme, err := loadScheme(c)
			if err != nil {
				return err
			}
			tagger, err := openTagger(scheme)
			if err != nil {
				return err
			}
			defer tagger.Close()
			return eachFile(c, func(path string) error {
				in, err := readTagInput(path)
				if err != nil {
					return err
				}
				rec, t := in.transcript()
				tags, err := tagger.Tag(c.Context, rec, t)
				if err != nil {
					return err
				}
				if c.Bool("json") {
					return json.NewEncoder(c.App.Writer).Encode(tagLines(in.ID, t, tags))
				}
				return printTags(c, in.ID, t, tags)
			})
		},
	}
}

// maxTagInput bounds a transcript file. An hour of dense speech has under 200 kB.
const maxTagInput = 64 << 20

// tagInput is a transcript as people and other tools write it: times in seconds.
type tagInput struct {
	ID         string        `json:"id"`
	Session    int           `json:"session"`
	Phase      debrief.Phase `json:"phase"`
	Style      string        `json:"style"`
	Utterances []struct {
		Start   float64         `json:"start"`
		End     float64         `json:"end"`
		Speaker debrief.Speaker `json:"speaker"`
		Text    string          `json:"text"`
		Flags   []debrief.Flag  `json:"flags"`
	} `json:"utterances"`
}

const tagInputHint = `a transcript is JSON with "phase" and "utterances": [{"start", "end", "speaker", "text"}]`

func readTagInput(path string) (*tagInput, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fileError(err)
	}
	if len(data) > maxTagInput {
		return nil, debrief.WithHint(fmt.Errorf("%w: larger than %d MB", debrief.ErrInvalid, maxTagInput>>20), tagInputHint)
	}
	var in tagInput
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&in); err != nil {
		return nil, debrief.WithHint(fmt.Errorf("%w as a transcript: %w", debrief.ErrInvalid, err), tagInputHint)
	}
	if _, err := debrief.ParsePhase(string(in.Phase)); err != nil {
		return nil, err
	}
	for i, u := range in.Utterances {
		if u.End < u.Start || u.Start < 0 {
			return nil, debrief.WithHint(fmt.Errorf("utterance %d ends before it starts: %w", i, debrief.ErrInvalid), tagInputHint)
		}
	}
	return &in, nil
}

// transcript turns seconds into samples; what else a recording knows is not told here.
func (in *tagInput) transcript() (*debrief.Recording, *debrief.Transcript) {
	t := &debrief.Transcript{Utterances: []debrief.Utterance{}}
	for _, u := range in.Utterances {
		t.Utterances = append(t.Utterances, debrief.Utterance{
			Span:    debrief.Span{Start: debrief.SamplesOf(u.Start), End: debrief.SamplesOf(u.End)},
			Speaker: u.Speaker, Text: u.Text, Flags: u.Flags, Confidence: 1,
		})
	}
	return &debrief.Recording{Phase: in.Phase, Session: in.Session}, t
}

// taggedFile is one line of tag --json.
type taggedFile struct {
	ID         string                  `json:"id"`
	Utterances []debrief.UtteranceTags `json:"utterances"`
}

// tagLines lists every utterance of the input, also those without a prompt.
func tagLines(id string, t *debrief.Transcript, tags *debrief.Tags) taggedFile {
	out := taggedFile{ID: id, Utterances: make([]debrief.UtteranceTags, len(t.Utterances))}
	for i := range out.Utterances {
		out.Utterances[i] = debrief.UtteranceTags{Index: i, Prompts: []debrief.Tag{}}
	}
	for _, u := range tags.Utterances {
		line := &out.Utterances[u.Index]
		line.Prompts = append(line.Prompts, rounded(u.Prompts)...)
		line.Suggested = rounded(u.Suggested)
	}
	return out
}

func rounded(tags []debrief.Tag) []debrief.Tag {
	var out []debrief.Tag
	for _, t := range tags {
		t.Confidence = round3(t.Confidence)
		out = append(out, t)
	}
	return out
}

func printTags(c *cli.Context, id string, t *debrief.Transcript, tags *debrief.Tags) error {
	fmt.Fprintf(c.App.Writer, "== %s\n", id)
	for i, u := range tagLines(id, t, tags).Utterances {
		var names []string
		for _, p := range u.Prompts {
			names = append(names, string(p.Prompt))
		}
		for _, p := range u.Suggested {
			names = append(names, string(p.Prompt)+"?")
		}
		said := t.Utterances[i]
		if _, err := fmt.Fprintf(c.App.Writer, "%7s  %-7s %-28s %s\n", said.Start, said.Speaker, strings.Join(names, " "), said.Text); err != nil {
			return err
		}
	}
	return nil
}
