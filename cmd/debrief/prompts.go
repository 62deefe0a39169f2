//go:build !recorder

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"text/tabwriter"

	"debrief"
	"debrief/summarize"

	"github.com/goccy/go-yaml"
	"github.com/urfave/cli/v2"
)

func promptsCommand() *cli.Command {
	return &cli.Command{
		Name:      "prompts",
		Usage:     "list and validate the prompts of a debrief",
		ArgsUsage: "[ID...]",
		Description: "Lists the built-in scheme, or validates and lists the one given with --prompts.\n" +
			"With ids only those prompts. --yaml prints the scheme whole, to start one of your own from.",
		Flags: []cli.Flag{
			promptsFlag(), jsonFlag(),
			&cli.BoolFlag{Name: "yaml", Usage: "print the scheme as YAML"},
		},
		Action: func(c *cli.Context) error {
			s, err := loadScheme(c)
			if err != nil {
				return err
			}
			if s, err = only(s, c.Args().Slice()); err != nil {
				return err
			}
			switch {
			case c.Bool("json"):
				return json.NewEncoder(c.App.Writer).Encode(s)
			case c.Bool("yaml"):
				out, err := yaml.Marshal(s)
				if err != nil {
					return fmt.Errorf("write scheme: %w", err)
				}
				_, err = c.App.Writer.Write(out)
				return err
			}
			return printScheme(c, s)
		},
	}
}

// only keeps the prompts with the ids, or all when there are none.
func only(s debrief.Scheme, ids []string) (debrief.Scheme, error) {
	if len(ids) == 0 {
		return s, nil
	}
	var kept []debrief.Prompt
	for _, id := range ids {
		p, err := s.Prompt(debrief.PromptID(id))
		if err != nil {
			return s, debrief.WithHint(err, "debrief prompts lists the ids")
		}
		kept = append(kept, p)
	}
	s.Prompts = kept
	return s, nil
}

func printScheme(c *cli.Context, s debrief.Scheme) error {
	fmt.Fprintf(c.App.Writer, "scheme %s, version %s: %s\n\n", s.Name, s.Version, plural(len(s.Prompts), "prompt"))
	t := tabwriter.NewWriter(c.App.Writer, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PHASE\tID\tWINDOW\tQUESTION")
	for _, p := range s.Prompts {
		window := "any time"
		if p.Phase == debrief.Preparation {
			window = "before"
		}
		if p.Window != nil {
			window = fmt.Sprintf("%s-%s after", shortDuration(p.Window.From), shortDuration(p.Window.To))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", p.Phase, p.ID, window, p.Question)
	}
	return t.Flush()
}

// loadScheme reads the scheme the user named, or the built-in one.
func loadScheme(c *cli.Context) (debrief.Scheme, error) {
	path := c.String("prompts")
	if path == "" {
		return summarize.DefaultScheme(), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return debrief.Scheme{}, fmt.Errorf("%s: %w", path, fileError(err))
	}
	defer f.Close()
	s, err := summarize.ReadScheme(f)
	if err != nil {
		return debrief.Scheme{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// fileError says why a file could not be opened, without its path: the caller names it.
func fileError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return debrief.WithHint(debrief.ErrNotFound, "check the path")
	case errors.Is(err, fs.ErrPermission):
		return debrief.WithHint(debrief.ErrDenied, "make the file readable for you: chmod u+r FILE")
	}
	return err
}
