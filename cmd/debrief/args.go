package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagsFirst moves the flags of a command before its other arguments, so that
// "debrief transcribe a.wav --json" means what it says: the flag package stops at the first
// argument that is no flag. Everything after "--" stays where it is.
func flagsFirst(args []string, commands []*cli.Command) []string {
	if len(args) < 2 {
		return args
	}
	i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(args[1]) })
	if i < 0 || len(commands[i].Subcommands) > 0 {
		return args
	}
	var flags, rest []string
	for in := args[2:]; len(in) > 0; in = in[1:] {
		arg := in[0]
		if arg == "--" {
			rest = append(rest, in...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			continue
		}
		flags = append(flags, arg)
		if takesValue(commands[i], arg) && len(in) > 1 {
			in = in[1:]
			flags = append(flags, in[0])
		}
	}
	return slices.Concat(args[:2], flags, rest)
}

// takesValue reports whether the argument after a flag belongs to it.
func takesValue(c *cli.Command, arg string) bool {
	if strings.Contains(arg, "=") {
		return false
	}
	name := strings.TrimLeft(arg, "-")
	for _, f := range c.Flags {
		if slices.Contains(f.Names(), name) {
			takes, ok := f.(cli.DocGenerationFlag)
			return ok && takes.TakesValue()
		}
	}
	return false
}
