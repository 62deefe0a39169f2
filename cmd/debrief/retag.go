//go:build !recorder

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"debrief"
	"debrief/pipeline"
	"debrief/storage"
	"debrief/summarize"

	"github.com/urfave/cli/v2"
)

func retagCommand() *cli.Command {
	return &cli.Command{
		Name:  "retag",
		Usage: "tag old recordings again after the scheme or the model changed, and show the difference",
		Description: "Tags that are current are left alone. What a coach corrected is tagged as corrected; what a coach decided always stays.\n" +
			"The summary is made again with the tags.\n" +
			"With --json one line per recording: {\"recording\", \"status\", \"kept\", \"changes\": [{\"index\", \"prompt\", \"added\"}], \"error\"}",
		Flags: append(storeFlags(),
			&cli.StringFlag{Name: "client", Usage: "only the client with this `ID` (default: all)", EnvVars: []string{"DEBRIEF_CLIENT"}},
			&cli.BoolFlag{Name: "dry-run", Usage: "show the difference and store nothing"},
			engineFlag(), chatModelFlag(), promptsFlag(), jsonFlag()),
		Action: func(c *cli.Context) error {
			lib, err := openLibrary(c)
			if err != nil {
				return err
			}
			clients, err := clientsOf(c, lib)
			if err != nil {
				return err
			}
			m, end, err := openMeaning(c, lib)
			if err != nil {
				return err
			}
			defer end()
			r := &retagger{c: c, lib: lib, meaning: m}
			for _, client := range clients {
				if err := r.client(client); err != nil {
					return err
				}
			}
			if !c.Bool("json") {
				fmt.Fprintf(c.App.Writer, "%s retagged, %d current, %d without a transcript\n", plural(r.changed, "recording"), r.current, r.without)
			}
			return r.err
		},
	}
}

// clientsOf is the client the user named, or all.
func clientsOf(c *cli.Context, lib *storage.Library) ([]debrief.ClientID, error) {
	if c.String("client") != "" {
		client, err := debrief.ParseClientID(c.String("client"))
		return []debrief.ClientID{client}, err
	}
	clients, err := lib.Clients(c.Context)
	if err != nil {
		return nil, inStore(err)
	}
	return clients, nil
}

// retagger works through recordings; one that fails does not stop the others.
type retagger struct {
	c       *cli.Context
	lib     *storage.Library
	meaning pipeline.Meaning

	changed, current, without int
	err                       error
}

// retagLine is one line of retag --json.
type retagLine struct {
	Recording debrief.RecordingID   `json:"recording"`
	Status    string                `json:"status"` // retagged, current, no_transcript, failed
	Kept      int                   `json:"kept,omitempty"`
	Changes   []summarize.TagChange `json:"changes,omitempty"`
	Error     string                `json:"error,omitempty"`
}

func (r *retagger) client(client debrief.ClientID) error {
	recordings, err := r.lib.Recordings(r.c.Context, client)
	if err != nil {
		return inStore(err)
	}
	if len(recordings) == 0 && r.c.String("client") != "" {
		return debrief.WithHint(fmt.Errorf("client %s has no recordings: %w", client, debrief.ErrNotFound), "check the id, and --store")
	}
	for i := range recordings {
		if err := r.c.Context.Err(); err != nil {
			return err
		}
		rec := &recordings[i]
		t, got, err := r.recording(r.c.Context, rec)
		line := retagLine{Recording: rec.ID}
		switch {
		case err != nil:
			err = fmt.Errorf("recording %s: %w", rec.ID, err)
			report(r.c.App.ErrWriter, err)
			r.err = errors.Join(r.err, reported{errors.Join(errInput, err)})
			line.Status, line.Error = "failed", err.Error()
		case t == nil:
			r.without++
			line.Status = "no_transcript"
		case got.Current:
			r.current++
			line.Status, line.Kept = "current", got.Kept
		default:
			r.changed++
			line.Status, line.Kept, line.Changes = "retagged", got.Kept, got.Changes
		}
		if err := r.show(rec, t, line); err != nil {
			return err
		}
	}
	return nil
}

// recording tags one recording again and stores the tags and the summary made from them. Tags are stored first: when
// the summary is not reached, it is stale by its input, and the next run or batch makes it.
func (r *retagger) recording(ctx context.Context, rec *debrief.Recording) (*debrief.Transcript, *summarize.Retagged, error) {
	t, err := orNil(r.lib.LoadTranscript(ctx, rec.Client, rec.ID))
	if err != nil || t == nil {
		return nil, nil, err
	}
	review, err := loadReview(ctx, r.lib, rec)
	if err != nil {
		return nil, nil, err
	}
	words, _ := review.Apply(t, nil)
	if words.Empty() {
		return nil, nil, nil
	}
	old, version, err := r.lib.LoadTags(ctx, rec.Client, rec.ID)
	if errors.Is(err, debrief.ErrNotFound) {
		old, version, err = nil, "", nil
	}
	if err != nil {
		return nil, nil, inStore(err)
	}
	got, err := summarize.Retag(ctx, r.meaning.Tagger, rec, t, old, review)
	if err != nil || r.c.Bool("dry-run") {
		return words, got, err
	}
	if !got.Current {
		if _, err := r.lib.SaveTags(ctx, rec.Client, got.Tags, version); err != nil {
			return nil, nil, inStore(err)
		}
	}
	_, decided := review.Apply(t, got.Tags)
	return words, got, r.meaning.Summarise(ctx, rec, words, decided)
}

func (r *retagger) show(rec *debrief.Recording, t *debrief.Transcript, line retagLine) error {
	w := r.c.App.Writer
	if r.c.Bool("json") {
		return json.NewEncoder(w).Encode(line)
	}
	if line.Status != "retagged" {
		return nil
	}
	fmt.Fprintf(w, "== %s, treatment %d, %s, %s: %s", rec.Client, rec.Session, rec.Phase, rec.ID, plural(len(line.Changes), "change"))
	if line.Kept > 0 {
		fmt.Fprintf(w, ", %s of a coach kept", plural(line.Kept, "decision"))
	}
	fmt.Fprintln(w)
	for i := 0; i < len(line.Changes); {
		at := line.Changes[i].Index
		var signs []string
		for ; i < len(line.Changes) && line.Changes[i].Index == at; i++ {
			sign := "-"
			if line.Changes[i].Added {
				sign = "+"
			}
			signs = append(signs, sign+string(line.Changes[i].Prompt))
		}
		u := &t.Utterances[at]
		if _, err := fmt.Fprintf(w, "%7s  %-7s %-28s %s\n", u.Start, u.Speaker, strings.Join(signs, " "), u.Text); err != nil {
			return err
		}
	}
	return nil
}
