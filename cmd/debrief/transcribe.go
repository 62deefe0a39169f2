//go:build !recorder

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"debrief"
	"debrief/internal/audio"
	"debrief/transcribe"

	"github.com/urfave/cli/v2"
)

func transcribeCommand() *cli.Command {
	return &cli.Command{
		Name:        "transcribe",
		Usage:       "print the transcript of audio files; nothing is stored",
		ArgsUsage:   "FILE...",
		Description: "With --json one line per file:\n{\"file\", \"seconds\", \"engine\", \"utterances\": [{\"start\", \"end\", \"speaker\", \"text\", \"confidence\", \"flags\"}]}",
		Flags:       append(engineFlags(), salvageFlag(), jsonFlag(), quietFlag()),
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return usageError("no audio file given", "debrief transcribe recording.m4a")
			}
			e, err := openEngine(c)
			if err != nil {
				return err
			}
			defer e.close()
			t, err := e.transcriber(nil)
			if err != nil {
				return err
			}
			defer t.Close()
			return eachFile(c, func(path string) error { return transcribeFile(c, t, e.speakers, path) })
		},
	}
}

// eachFile works through the arguments; one that fails is reported and does not stop the rest,
// unless the failure would meet every other one too.
func eachFile(c *cli.Context, work func(path string) error) error {
	var all []error
	for _, path := range c.Args().Slice() {
		err := work(path)
		if err == nil {
			continue
		}
		if c.Context.Err() != nil || errors.Is(err, debrief.ErrModel) || errors.Is(err, debrief.ErrQuota) || errors.Is(err, debrief.ErrRefused) {
			return err
		}
		err = about(path, err)
		report(c.App.ErrWriter, err)
		all = append(all, err)
	}
	if len(all) == 0 {
		return nil
	}
	return reported{errors.Join(append(all, errInput)...)}
}

// utteranceLine is one utterance of transcribe --json; times are in seconds.
type utteranceLine struct {
	Start      float64         `json:"start"`
	End        float64         `json:"end"`
	Speaker    debrief.Speaker `json:"speaker"`
	Text       string          `json:"text"`
	Confidence float64         `json:"confidence"`
	Flags      []debrief.Flag  `json:"flags"`
}

func transcribeFile(c *cli.Context, stage *transcribe.Transcriber, speakers transcribe.Speakers, path string) error {
	f, err := audio.Open(c.Context, path, audio.Options{Salvage: c.Bool("salvage")})
	if err != nil {
		return err
	}
	defer f.Close()
	heard := &counter{Stream: f}
	t, err := stage.Transcribe(c.Context, transcribe.Request{Audio: heard, Speakers: speakers})
	if err != nil {
		return err
	}
	if !c.Bool("json") {
		return printTranscript(c, path, t)
	}
	lines := []utteranceLine{}
	for _, u := range t.Utterances {
		l := utteranceLine{millis(u.Start), millis(u.End), u.Speaker, u.Text, round3(u.Confidence), u.Flags}
		if l.Flags == nil {
			l.Flags = []debrief.Flag{}
		}
		lines = append(lines, l)
	}
	return json.NewEncoder(c.App.Writer).Encode(struct {
		File       string          `json:"file"`
		Seconds    float64         `json:"seconds"`
		Engine     string          `json:"engine"`
		Utterances []utteranceLine `json:"utterances"`
	}{path, round3(heard.n.Seconds()), t.Engine, lines})
}

func printTranscript(c *cli.Context, path string, t *debrief.Transcript) error {
	if c.NArg() > 1 {
		fmt.Fprintf(c.App.Writer, "== %s\n", filepath.Base(path))
	}
	if t.Empty() {
		fmt.Fprintln(c.App.ErrWriter, path+": nobody speaks in it")
	}
	for _, u := range t.Utterances {
		doubt := ""
		if u.Doubtful() {
			doubt = fmt.Sprintf("  (uncertain: %v)", u.Flags)
		}
		if _, err := fmt.Fprintf(c.App.Writer, "%7s  %-7s %s%s\n", u.Start, u.Speaker, u.Text, doubt); err != nil {
			return err
		}
	}
	return nil
}

// counter counts the samples that pass, which is the file's length once it is read.
type counter struct {
	audio.Stream
	n debrief.Samples
}

func (c *counter) Read(dst []int16) (int, error) {
	n, err := c.Stream.Read(dst)
	c.n += debrief.Samples(n)
	return n, err
}

func round3(x float64) float64         { return round(x, 3) }
func millis(s debrief.Samples) float64 { return round3(s.Seconds()) }
