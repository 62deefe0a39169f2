package main

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestFlagsFirst(t *testing.T) {
	commands := []*cli.Command{
		{Name: "batch", Flags: append(whoFlags(), jsonFlag(), quietFlag())},
		{Name: "models", Subcommands: []*cli.Command{{Name: "verify"}}},
	}
	for in, want := range map[string]string{
		"debrief":                               "debrief",
		"debrief batch a.wav --json":            "debrief batch --json a.wav",
		"debrief batch a.wav --client c01 b":    "debrief batch --client c01 a.wav b",
		"debrief batch a.wav --client=c01 -q b": "debrief batch --client=c01 -q a.wav b",
		"debrief batch a -- --json":             "debrief batch a -- --json",
		"debrief batch a --client":              "debrief batch --client a",
		"debrief batch - --json":                "debrief batch --json -",
		"debrief models verify --x":             "debrief models verify --x",
		"debrief nothing a --json":              "debrief nothing a --json",
	} {
		if got := strings.Join(flagsFirst(strings.Fields(in), commands), " "); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}
