// Command debrief records, transcribes, tags and summarises what people say after a
// treatment. It is the only package that knows every other: flags, configuration and wiring,
// one file a command. Results go to stdout, progress and logs to stderr.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
)

// version is set by the linker: make build.
var version = "unreleased"

func main() {
	becomeRecorder(os.Args)
	os.Exit(run(context.Background(), os.Args, os.Stdout, os.Stderr))
}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	ctx, stop := stopOnSignal(ctx, stderr)
	defer stop()
	slog.SetDefault(slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))

	app := &cli.App{
		Name:                   "debrief",
		Usage:                  "keep, transcribe and understand what people say after a treatment",
		Version:                version,
		Writer:                 stdout,
		ErrWriter:              stderr,
		EnableBashCompletion:   true,
		UseShortOptionHandling: true,
		Suggest:                true,
		CustomAppHelpTemplate:  cli.AppHelpTemplate + exitCodeHelp,
		// Nothing below main exits the process: run decides once, from the error.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return usageError(err.Error(), "") },
		Commands:       commands(),
		CommandNotFound: func(c *cli.Context, name string) {
			report(stderr, usageError(fmt.Sprintf("unknown command %q", name), "debrief --help lists the commands"))
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usageError(fmt.Sprintf("unknown command %q", c.Args().First()), "debrief --help lists the commands")
			}
			return cli.ShowAppHelp(c)
		},
	}
	err := app.RunContext(ctx, flagsFirst(args, app.Commands))
	if err != nil && !isReported(err) {
		report(stderr, err)
	}
	return exitCode(err)
}

// commands are what this build can do; every one tells what is wrong with its flags in the same way.
func commands() []*cli.Command {
	all := offered()
	for _, c := range all {
		c.OnUsageError = func(_ *cli.Context, err error, _ bool) error {
			return usageError(err.Error(), "debrief "+c.Name+" --help lists the flags")
		}
	}
	return all
}

// stopOnSignal ends the context at the first Ctrl-C, so that work stops at a safe place;
// the second ends the process at once.
func stopOnSignal(ctx context.Context, stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
		case <-ctx.Done():
			return
		}
		fmt.Fprintln(stderr, "\nstopping; what is finished is kept. Ctrl-C again stops now")
		cancel()
		<-signals
		os.Exit(exitInterrupted)
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}
