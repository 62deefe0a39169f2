//go:build recorder

package main

import "github.com/urfave/cli/v2"

// offered is what bin/debrief-recorder can do. It is this program without all that recording does
// not need, and takes a third of the memory.
func offered() []*cli.Command { return []*cli.Command{recordCommand()} }

// becomeRecorder does nothing: this is it.
func becomeRecorder([]string) {}
