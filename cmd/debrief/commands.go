//go:build !recorder

package main

import (
	"os"
	"syscall"

	"github.com/urfave/cli/v2"
)

// becomeRecorder goes on as bin/debrief-recorder, which needs a third of the memory, when this is
// debrief record and that program is there with the one that owns PortAudio. It returns when not:
// this program can do the same.
func becomeRecorder(args []string) {
	if len(args) < 2 || args[1] != recordName {
		return
	}
	recorder, err := beside(recorderProgram)
	if err == nil {
		_, err = beside(captureProgram)
	}
	if err != nil {
		warnOfOthers(os.Stderr, err)
		return
	}
	_ = syscall.Exec(recorder, args, os.Environ()) // an error leaves everything as it is
}

// offered lists every command in the order a newcomer needs them.
func offered() []*cli.Command {
	return []*cli.Command{
		recordCommand(), batchCommand(), transcribeCommand(), tagCommand(),
		serveCommand(), courseCommand(), exportCommand(), retagCommand(),
		promptsCommand(), devicesCommand(), doctorCommand(), modelsCommand(), completionCommand(),
		captureChildCommand(), scribeCommand(),
	}
}
