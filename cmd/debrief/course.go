//go:build !recorder

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"debrief"
	"debrief/internal/models"
	"debrief/storage"
	"debrief/summarize"

	"github.com/urfave/cli/v2"
)

func courseCommand() *cli.Command {
	return &cli.Command{
		Name:  "course",
		Usage: "put a client's treatments side by side: threads, what held, what to ask next",
		Description: "Everything is computed on this machine from what is stored, and every line is the client's own words with its place.\n" +
			"--prep prints only the page to read before the next treatment.",
		Flags: append(storeFlags(),
			&cli.StringFlag{Name: "client", Usage: "client's `ID`, a code such as c01", EnvVars: []string{"DEBRIEF_CLIENT"}},
			&cli.BoolFlag{Name: "prep", Usage: "only the page before the next treatment"},
			promptsFlag(), jsonFlag()),
		Action: func(c *cli.Context) error {
			client, err := debrief.ParseClientID(c.String("client"))
			if err != nil {
				return usageError("no client given", "debrief course --client c01")
			}
			scheme, err := loadScheme(c)
			if err != nil {
				return err
			}
			lib, err := openLibrary(c)
			if err != nil {
				return err
			}
			course, err := buildCourse(c.Context, lib, scheme, client)
			if err != nil {
				return err
			}
			p := &coursePrinter{w: c.App.Writer, scheme: &scheme}
			switch {
			case c.Bool("json") && c.Bool("prep"):
				return json.NewEncoder(c.App.Writer).Encode(course.Prep)
			case c.Bool("json"):
				return json.NewEncoder(c.App.Writer).Encode(course)
			case c.Bool("prep"):
				p.prep(course)
			default:
				p.course(course)
			}
			return p.err
		},
	}
}

func buildCourse(ctx context.Context, lib *storage.Library, scheme debrief.Scheme, client debrief.ClientID) (*debrief.Course, error) {
	heard, err := heardOf(ctx, lib, client)
	if err != nil {
		return nil, err
	}
	embedder, err := openEmbedder()
	if err != nil {
		return nil, err
	}
	defer embedder.Close()
	courses, err := summarize.NewCourses(summarize.CourseConfig{Scheme: scheme, Embedder: embedder})
	if err != nil {
		return nil, err
	}
	return courses.Build(ctx, client, heard)
}

// openEmbedder opens the sentence encoder alone: a course needs no tagger.
func openEmbedder() (*summarize.Encoder, error) {
	dir, err := models.Find()
	if err != nil {
		return nil, err
	}
	return summarize.NewEncoder(dir)
}

// heardOf loads all recordings of a client with the coach's reviews laid over them.
func heardOf(ctx context.Context, lib *storage.Library, client debrief.ClientID) ([]summarize.Heard, error) {
	recordings, err := lib.Recordings(ctx, client)
	if err != nil {
		return nil, inStore(err)
	}
	if len(recordings) == 0 {
		return nil, debrief.WithHint(fmt.Errorf("client %s has no recordings: %w", client, debrief.ErrNotFound),
			"check the id, and --store; debrief batch brings recordings in")
	}
	var out []summarize.Heard
	for i := range recordings {
		doc, err := loadDocuments(ctx, lib, &recordings[i])
		if err != nil {
			return nil, fmt.Errorf("recording %s: %w", recordings[i].ID, err)
		}
		out = append(out, summarize.Heard{Recording: doc.recording, Transcript: doc.transcript, Tags: doc.tags})
	}
	return out, nil
}

// documents are what there is of a recording, as it counts now: the coach's review is laid over the transcript, the tags and
// the summary. What has not been made yet is nil.
type documents struct {
	recording  *debrief.Recording
	transcript *debrief.Transcript
	tags       *debrief.Tags
	summary    *debrief.Summary
	review     *debrief.Review
}

func loadDocuments(ctx context.Context, lib *storage.Library, rec *debrief.Recording) (*documents, error) {
	d := &documents{recording: rec}
	var err error
	if d.review, err = loadReview(ctx, lib, rec); err != nil {
		return nil, err
	}
	t, err := orNil(lib.LoadTranscript(ctx, rec.Client, rec.ID))
	if err != nil || t == nil {
		return d, err
	}
	tags, err := orNil(lib.LoadTags(ctx, rec.Client, rec.ID))
	if err != nil {
		return nil, err
	}
	d.transcript, d.tags = d.review.Apply(t, tags)
	summary, err := orNil(lib.LoadSummary(ctx, rec.Client, rec.ID))
	if err != nil || summary == nil {
		return d, err
	}
	d.summary, _ = summarize.Verify(d.transcript, d.review.ApplySummary(summary))
	return d, nil
}

// loadReview returns what people did to a recording, nil when nobody did anything.
func loadReview(ctx context.Context, lib *storage.Library, rec *debrief.Recording) (*debrief.Review, error) {
	r := &debrief.Review{}
	_, err := library{lib}.review(ctx, rec, r)
	return orNil(r, "", err)
}

func orNil[T any](doc *T, _ string, err error) (*T, error) {
	if errors.Is(err, debrief.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, inStore(err)
	}
	return doc, nil
}

// coursePrinter writes a course for people. It keeps the first error.
type coursePrinter struct {
	w      io.Writer
	scheme *debrief.Scheme
	err    error
}

func (p *coursePrinter) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *coursePrinter) heading(text string) { p.printf("\n%s\n", strings.ToUpper(text)) }

// cite prints a quote with where it is from, broken into lines.
func (p *coursePrinter) cite(indent, note string, c debrief.Citation) {
	place := fmt.Sprintf("%s%d %s %s", indent, c.Session, c.Phase, c.Quote.Start)
	if note != "" {
		place += " (" + note + ")"
	}
	p.printf("%s\n", place)
	for _, l := range wrapped("“"+c.Quote.Text+"”", lineWidth-len(indent)-4) {
		p.printf("%s    %s\n", indent, l)
	}
}

func (p *coursePrinter) course(c *debrief.Course) {
	p.printf("Course of %s: %s\n", c.Client, plural(len(c.Treatments), "treatment"))
	p.coverage(c)
	if len(c.Threads) > 0 {
		p.heading("threads")
	}
	for _, t := range c.Threads {
		p.printf("  %s\n", strings.Join(t.Words, ", "))
		for _, cite := range t.Citations {
			p.cite("    ", "", cite)
		}
	}
	if len(c.Insights) > 0 {
		p.heading("insights, and what became of them")
	}
	for _, in := range c.Insights {
		p.cite("  ", string(in.Fate), in.Citation)
		for _, l := range in.Later {
			p.cite("      ", "", l)
		}
	}
	if len(c.Moods) > 0 {
		p.heading("mood, in the client's words")
	}
	for _, m := range c.Moods {
		p.cite("  ", strings.Join(m.Numbers, ", "), m.Citation)
	}
	p.followed(c)
	p.prep(c)
}

func (p *coursePrinter) followed(c *debrief.Course) {
	if len(c.Changes) > 0 {
		p.heading("small changes, to come back to")
	}
	for _, ch := range c.Changes {
		p.cite("  ", "", ch.Citation)
		for _, l := range ch.Later {
			p.cite("      ", "came up again", l)
		}
	}
	if len(c.Patterns) > 0 {
		p.heading("old patterns")
	}
	for _, pt := range c.Patterns {
		note := "named"
		if pt.StillThere {
			note = "still there"
		}
		p.cite("  ", note, pt.Citation)
		for _, l := range pt.Returned {
			p.cite("      ", "returned", l)
		}
	}
	if len(c.Alignments) > 0 {
		p.heading("how treatments fit together")
	}
	for _, a := range c.Alignments {
		p.cite("  ", "", a.Citation)
		if a.Refers != nil {
			p.cite("      ", "beside", *a.Refers)
		}
	}
}

// coverage prints one line a prompt and one column a treatment: how many utterances answer it.
func (p *coursePrinter) coverage(c *debrief.Course) {
	p.heading("answers")
	p.printf("  %-18s", "treatment")
	for _, t := range c.Treatments {
		p.printf("%6d", t.Session)
	}
	p.printf("\n")
	for _, prompt := range p.scheme.Prompts {
		p.printf("  %-18s", prompt.Name)
		for _, t := range c.Treatments {
			p.printf("%6s", coverageCell(t, prompt))
		}
		p.printf("\n")
	}
	p.printf("  number of utterances that answer; open: asked for, no answer; -: nothing recorded\n")
}

// coverageCell adds up the phases of a treatment: a prompt may be answered in more than its own.
func coverageCell(t debrief.Treatment, prompt debrief.Prompt) string {
	cell, n := "-", 0
	for _, ph := range t.Phases {
		for _, c := range ph.Coverage {
			if c.Prompt == prompt.ID {
				cell, n = "open", n+c.Utterances
			}
		}
	}
	if n > 0 {
		return fmt.Sprint(n)
	}
	return cell
}

func (p *coursePrinter) prep(c *debrief.Course) {
	p.heading(fmt.Sprintf("before treatment %d of %s", c.Prep.Session, c.Client))
	topic := ""
	for _, l := range c.Prep.Lines {
		if l.Topic != topic {
			topic = l.Topic
			p.printf("  %s\n", topic)
		}
		p.cite("    ", l.Note, l.Cites)
	}
	if len(c.Prep.Lines) == 0 {
		p.printf("  nothing has been said yet that answers a prompt\n")
	}
	if len(c.Prep.Open) > 0 {
		p.printf("  open prompts\n")
	}
	for _, o := range c.Prep.Open {
		question := string(o.Prompt)
		if prompt, err := p.scheme.Prompt(o.Prompt); err == nil {
			question = prompt.Question
		}
		p.printf("    %d %s: %s\n", o.Session, o.Phase, question)
	}
}

// wrapped breaks a text at spaces into lines of at most width columns.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
