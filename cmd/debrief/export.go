//go:build !recorder

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"debrief"
	"debrief/internal/export"

	"github.com/urfave/cli/v2"
)

// exportFormat is one kind of file. Formats that hold many recordings have together, the others alone.
type exportFormat struct {
	name     string
	alone    func(*export.Document) ([]byte, error)
	together func(client string, docs []*export.Document) ([]byte, error)
}

var exportFormats = []exportFormat{
	{name: "json", alone: export.JSON},
	{name: "vtt", alone: func(d *export.Document) ([]byte, error) { return export.VTT(d), nil }},
	{name: "srt", alone: func(d *export.Document) ([]byte, error) { return export.SRT(d), nil }},
	{name: "md", alone: func(d *export.Document) ([]byte, error) { return export.Markdown(d), nil }},
	{name: "docx", alone: export.Word},
	{name: "csv", together: func(_ string, docs []*export.Document) ([]byte, error) { return export.Highlights(docs) }},
	{name: "qdpx", together: export.Project},
}

func exportCommand() *cli.Command {
	var names []string
	for _, f := range exportFormats {
		names = append(names, f.name)
	}
	return &cli.Command{
		Name:  "export",
		Usage: "write debriefs as files for other programs, from the edited text",
		Description: "json, vtt, srt, md and docx make one file a recording; csv (highlights) and qdpx (REFI-QDA, for QualCoder,\n" +
			"MAXQDA, NVivo and ATLAS.ti) one file of all of them. Files that are there already are written anew.\n" +
			"Private notes are never exported.",
		Flags: append(storeFlags(),
			&cli.StringFlag{Name: "client", Usage: "client's `ID`, a code such as c01", EnvVars: []string{"DEBRIEF_CLIENT"}},
			&cli.IntFlag{Name: "session", Usage: "only the treatment with this `NUMBER`"},
			&cli.StringFlag{Name: "phase", Usage: "only this `PHASE`: preparation, immediate or followup"},
			&cli.StringFlag{Name: "format", Usage: "`FORMAT`: " + strings.Join(names, ", ")},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`DIRECTORY` for the files, or - for standard output", Value: "."},
			promptsFlag()),
		Action: exportDebriefs,
	}
}

func exportDebriefs(c *cli.Context) error {
	client, err := debrief.ParseClientID(c.String("client"))
	if err != nil {
		return usageError("no client given", "debrief export --client c01 --format md")
	}
	at := slices.IndexFunc(exportFormats, func(f exportFormat) bool { return f.name == c.String("format") })
	if at < 0 {
		return usageError(fmt.Sprintf("unknown format %q", c.String("format")), "debrief export --help lists the formats")
	}
	docs, err := exportable(c, client)
	if err != nil {
		return err
	}
	files, err := render(exportFormats[at], client, docs)
	if err != nil {
		return err
	}
	return writeExports(c, files)
}

// exportable loads the recordings the flags choose that have a transcript.
func exportable(c *cli.Context, client debrief.ClientID) ([]*export.Document, error) {
	scheme, err := loadScheme(c)
	if err != nil {
		return nil, err
	}
	if phase := c.String("phase"); phase != "" {
		if _, err := debrief.ParsePhase(phase); err != nil {
			return nil, err
		}
	}
	lib, err := openLibrary(c)
	if err != nil {
		return nil, err
	}
	recordings, err := lib.Recordings(c.Context, client)
	if err != nil {
		return nil, inStore(err)
	}
	var docs []*export.Document
	for i := range recordings {
		rec := &recordings[i]
		if n := c.Int("session"); n != 0 && n != rec.Session || c.String("phase") != "" && c.String("phase") != string(rec.Phase) {
			continue
		}
		d, err := loadDocuments(c.Context, lib, rec)
		if err != nil {
			return nil, fmt.Errorf("recording %s: %w", rec.ID, err)
		}
		if d.transcript == nil {
			fmt.Fprintf(c.App.ErrWriter, "note: recording %s has no transcript yet and is left out\n", rec.ID)
			continue
		}
		docs = append(docs, &export.Document{
			Recording: rec, Transcript: d.transcript, Tags: d.tags, Summary: d.summary, Notes: d.review.SharedNotes(), Scheme: &scheme,
		})
	}
	if len(docs) == 0 {
		return nil, debrief.WithHint(fmt.Errorf("client %s has no transcript of that kind: %w", client, debrief.ErrNotFound),
			"check --client, --session, --phase and --store")
	}
	return docs, nil
}

type exportFile struct {
	name string
	data []byte
}

func render(f exportFormat, client debrief.ClientID, docs []*export.Document) ([]exportFile, error) {
	if f.together != nil {
		data, err := f.together(string(client), docs)
		return []exportFile{{string(client) + "." + f.name, data}}, err
	}
	var out []exportFile
	for _, d := range docs {
		data, err := f.alone(d)
		if err != nil {
			return nil, fmt.Errorf("recording %s: %w", d.Recording.ID, err)
		}
		r := d.Recording
		out = append(out, exportFile{fmt.Sprintf("%s-s%02d-%s-%s.%s", r.Client, r.Session, r.Phase, r.ID, f.name), data})
	}
	return out, nil
}

// writeExports writes the files and prints their names. They are the person's only: they hold what a client confided.
func writeExports(c *cli.Context, files []exportFile) error {
	dir := c.String("output")
	if dir == "-" {
		if len(files) > 1 {
			return usageError(fmt.Sprintf("%d files do not fit standard output", len(files)), "choose one with --session and --phase, or name a directory")
		}
		_, err := c.App.Writer.Write(files[0].data)
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the directory for exports: %w", fileError(err))
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := writeWhole(path, f.data); err != nil {
			return fmt.Errorf("%s: %w", path, fileError(err))
		}
		if _, err := fmt.Fprintln(c.App.Writer, path); err != nil {
			return err
		}
	}
	return nil
}

// writeWhole writes a file under another name first, so that its own name never holds half of it.
func writeWhole(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails, as it should, once it is renamed
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
