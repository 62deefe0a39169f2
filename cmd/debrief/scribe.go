package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"debrief"
	"debrief/capture"

	"github.com/urfave/cli/v2"
)

const (
	// scribeAgain is the pause before a scribe that failed is tried again: a store that is down
	// is asked once a minute.
	scribeAgain = time.Minute
	// givesWay is the nice value of a scribe beside a recording: it gets a tenth of what others get
	// when they want it, and all when they do not.
	givesWay = "10"
	// hurryAfter is how long one that gives way may take for the rest when the recording has ended;
	// then one that does not takes its place, since nothing is left to be disturbed.
	hurryAfter = 15 * time.Second
	// kindTranscribed is the event that tells how far a scribe is.
	kindTranscribed = "transcribed"
)

// scribe is the process that transcribes a recording while it is made, and tags and summarises it
// when it has ended: a process of its own, so that nothing it does can disturb the recording,
// and the one that gives way when the machine is busy. Killed at any moment it loses nothing: what
// it had heard is kept by chunks, and the next one goes on from there.
type scribe struct {
	args []string // program and arguments
	tell func(capture.Event)

	cancel context.CancelFunc
	ended  chan struct{} // closed when the recording has its end
	done   chan error

	mu sync.Mutex
	at debrief.Samples
}

// newScribe passes on to the scribe what the user said of store, engine and prompts.
func newScribe(c *cli.Context, spool string, id debrief.RecordingID, tell func(capture.Event)) *scribe {
	program, err := beside(wholeProgram)
	if err != nil {
		program = os.Args[0]
	}
	args := []string{program, scribeName, "--spool", spool, "--recording", string(id)}
	for _, f := range append(append(storeFlags(), engineFlags()...), promptsFlag()) {
		name := f.Names()[0]
		switch list := c.StringSlice(name); {
		case len(list) > 0:
			args = append(args, "--"+name, strings.Join(list, ","))
		case c.IsSet(name):
			args = append(args, "--"+name, c.String(name))
		}
	}
	return &scribe{args: args, tell: tell, ended: make(chan struct{}), done: make(chan error, 1)}
}

// position is up to where the recording is transcribed.
func (s *scribe) position() debrief.Samples {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// begin transcribes until the recording has ended and is processed, or ctx ends.
func (s *scribe) begin(ctx context.Context) {
	ctx, s.cancel = context.WithCancel(ctx)
	go func() { s.done <- s.keepOn(ctx) }()
}

// end waits for the results of a recording that has ended and is stored.
func (s *scribe) end(ctx context.Context) error {
	defer s.cancel()
	close(s.ended)
	select {
	case err := <-s.done:
		return err
	case <-time.After(hurryAfter):
	}
	s.cancel()
	<-s.done
	return s.once(ctx)
}

// keepOn starts scribes that give way until one has brought the recording to its end.
func (s *scribe) keepOn(ctx context.Context) error {
	for {
		last := false
		select {
		case <-s.ended:
			last = true
		default:
		}
		err := s.once(ctx, "nice", "-n", givesWay)
		if err == nil || last || ctx.Err() != nil {
			return err
		}
		s.tell(capture.Event{Wall: time.Now(), Kind: "process", Bad: true, Text: "transcribing stopped and will be tried again; the recording goes on"})
		select {
		case <-time.After(scribeAgain):
		case <-s.ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// once runs one scribe, by another program when there is one. It ends with this process too, in
// whatever way: its input ends then.
func (s *scribe) once(ctx context.Context, by ...string) error {
	args := s.args
	if len(by) > 0 {
		if _, err := exec.LookPath(by[0]); err == nil {
			args = append(by, args...)
		}
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start the transcription: %w", err)
	}
	defer stdin.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start the transcription: %w", err)
	}
	says, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("start the transcription: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the transcription: %w", err)
	}
	var g sync.WaitGroup
	g.Go(func() { s.pass(says) })
	g.Go(func() { s.follow(out) })
	g.Wait()
	var exit *exec.ExitError
	if err = cmd.Wait(); errors.As(err, &exit) {
		return reported{exited(exit.ExitCode())}
	}
	return err
}

// follow takes in the events of a scribe.
func (s *scribe) follow(out io.Reader) {
	for in := json.NewDecoder(out); ; {
		var e capture.Event
		if in.Decode(&e) != nil {
			return
		}
		if e.Kind == kindTranscribed {
			s.mu.Lock()
			s.at = e.At
			s.mu.Unlock()
		}
		s.tell(e)
	}
}

// pass shows what a scribe says to people, line by line.
func (s *scribe) pass(says io.Reader) {
	for in := bufio.NewScanner(says); in.Scan(); {
		line := in.Text()
		s.tell(capture.Event{Wall: time.Now(), Kind: "process", Bad: strings.HasPrefix(line, "error:"), Text: line})
	}
}

// exited is the exit code of a process that has said why.
type exited int

func (e exited) Error() string { return fmt.Sprintf("exit status %d", int(e)) }
