package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"debrief"

	"github.com/urfave/cli/v2"
)

// Flags are shared by name and meaning across commands; every one can be set by an
// environment variable, so that a service unit needs no command line.

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print one JSON document per line, for machines"}
}

func quietFlag() cli.Flag {
	return &cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "no progress"}
}

func whoFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "client", Usage: "client's `ID`, a code such as c01", EnvVars: []string{"DEBRIEF_CLIENT"}},
		&cli.IntFlag{Name: "session", Usage: "`NUMBER` of the treatment, 1 is the first", EnvVars: []string{"DEBRIEF_SESSION"}},
		&cli.StringFlag{Name: "phase", Usage: "`PHASE`: preparation, immediate or followup", EnvVars: []string{"DEBRIEF_PHASE"}},
	}
}

func engineFlag() cli.Flag {
	return &cli.StringFlag{Name: "engine", Usage: "`local` keeps everything on this machine; openai sends what is said to an API", Value: "local", EnvVars: []string{"DEBRIEF_ENGINE"}}
}

func chatModelFlag() cli.Flag {
	return &cli.StringFlag{Name: "chat-model", Usage: "`NAME` of the API's chat model that tags and summarises, for --engine openai (default: this machine does)", EnvVars: []string{"DEBRIEF_CHAT_MODEL"}}
}

func engineFlags() []cli.Flag {
	return []cli.Flag{
		engineFlag(),
		chatModelFlag(),
		&cli.StringFlag{Name: "model", Usage: "`NAME` of the API's transcription model, for --engine openai", EnvVars: []string{"DEBRIEF_MODEL"}},
		&cli.StringSliceFlag{Name: "vocabulary", Usage: "`NAMES` and terms that help an API to spell, separated by commas; they are sent along", EnvVars: []string{"DEBRIEF_VOCABULARY"}},
		&cli.StringFlag{Name: "language", Usage: "`CODE` of the language spoken, ISO 639-1", Value: "en", EnvVars: []string{"DEBRIEF_LANGUAGE"}},
		&cli.StringFlag{Name: "speakers", Usage: "`auto` tells coach and client apart; client is a memo spoken alone", Value: "auto", EnvVars: []string{"DEBRIEF_SPEAKERS"}},
	}
}

func promptsFlag() cli.Flag {
	return &cli.StringFlag{Name: "prompts", Usage: "`FILE` with a prompt scheme in YAML (default: the built-in one)", EnvVars: []string{"DEBRIEF_PROMPTS"}}
}

// who is which debrief a command is about.
type who struct {
	client  debrief.ClientID
	session int
	phase   debrief.Phase
}

func readWho(c *cli.Context) (who, error) {
	var missing []string
	for _, name := range []string{"client", "session", "phase"} {
		if !c.IsSet(name) || c.String(name) == "" {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) > 0 {
		return who{}, usageError("missing "+strings.Join(missing, ", "),
			"e.g. debrief "+c.Command.Name+" --client c01 --session 3 --phase immediate")
	}
	client, err := debrief.ParseClientID(c.String("client"))
	if err != nil {
		return who{}, err
	}
	session, err := debrief.ParseSession(c.Int("session"))
	if err != nil {
		return who{}, err
	}
	phase, err := debrief.ParsePhase(c.String("phase"))
	if err != nil {
		return who{}, err
	}
	return who{client, session, phase}, nil
}

// shortDuration prints 15m, 4h, 1h30m: without the zero units of time.Duration.
func shortDuration(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// round keeps so many digits behind the point.
func round(x float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(x*p) / p
}

// minutes of sound, to the second or so: what APIs charge by.
func minutes(s debrief.Samples) float64 { return round(s.Seconds()/60, 2) }

// dollars prints an amount in cents, and says when it is less than one.
func dollars(amount float64) string {
	if amount > 0 && amount < 0.005 {
		return "< $0.01"
	}
	return fmt.Sprintf("$%.2f", amount)
}

// plural prints "1 file" or "3 files".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
