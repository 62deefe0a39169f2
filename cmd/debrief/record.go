package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"debrief"
	"debrief/capture"
	"debrief/capture/screen"
	"debrief/capture/spool"
	"debrief/storage"

	"github.com/oklog/ulid/v2"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

const (
	// keepDefault is how long audio stays on this disk after the store has it: over a weekend.
	keepDefault = 72 * time.Hour
	// flushPatience bounds the upload after the end of a recording. What is left is uploaded by
	// the next run; a service manager kills what takes longer to stop.
	flushPatience = time.Minute
	// drawEvery is how often the screen is drawn: often enough for a level meter.
	drawEvery = 200 * time.Millisecond
	// statusEvery is how often --json prints the status.
	statusEvery = 5 * time.Second
)

func recordCommand() *cli.Command {
	flags := append(whoFlags(),
		&cli.StringSliceFlag{Name: "device", Usage: "`NAME` of a microphone; again for the next one to fall back to", EnvVars: []string{"DEBRIEF_DEVICE"}},
		spoolFlag(),
		&cli.DurationFlag{Name: "keep", Usage: "how long audio stays on this disk after the store has it", Value: keepDefault, EnvVars: []string{"DEBRIEF_KEEP"}},
		&cli.BoolFlag{Name: "process", Usage: "transcribe, tag and summarise at the end"},
		&cli.BoolFlag{Name: "finish", Usage: "record nothing; recover and upload what earlier recordings left on this disk"},
	)
	flags = append(flags, storeFlags()...)
	flags = append(flags, engineFlags()...)
	return &cli.Command{
		Name:  "record",
		Usage: "record a debrief and lose nothing of it",
		Description: "Audio is safe on this disk within a second and goes to the store while it is recorded.\n" +
			"Ctrl-C, or q on the terminal, ends the recording. After a crash run the same command again:\n" +
			"within ten minutes it goes on in the same recording.",
		Flags: append(flags, promptsFlag(), jsonFlag(), quietFlag()),
		Action: func(c *cli.Context) error {
			if c.Bool("finish") {
				return finishUploads(c)
			}
			to, err := readWho(c)
			if err != nil {
				return err
			}
			return record(c, to)
		},
	}
}

func spoolFlag() cli.Flag {
	return &cli.StringFlag{Name: "spool", Usage: "`DIRECTORY` on a local disk for what is being recorded", EnvVars: []string{"DEBRIEF_SPOOL"}, DefaultText: "debrief/spool in the user's data directory"}
}

func spoolDir(c *cli.Context) (string, error) {
	if dir := c.String("spool"); dir != "" {
		return dir, nil
	}
	dir, err := dataDir()
	if err != nil {
		return "", debrief.WithHint(err, "say where with --spool DIRECTORY")
	}
	return filepath.Join(dir, "spool"), nil
}

// session is one run of debrief record.
type session struct {
	c        *cli.Context
	dir      string
	library  *storage.Library
	uploader *capture.Uploader
	show     *display
}

func openRecording(c *cli.Context) (*session, error) {
	dir, err := spoolDir(c)
	if err != nil {
		return nil, err
	}
	lib, err := openLibrary(c)
	if err != nil {
		return nil, err
	}
	s := &session{c: c, dir: dir, library: lib, show: newDisplay(c)}
	s.uploader, err = capture.NewUploader(capture.UploadConfig{
		Spool: dir, Store: spooled{lib}, Keep: c.Duration("keep"), Notify: s.show.tell, Log: slog.Default(),
	})
	return s, err
}

// finishUploads is record --finish.
func finishUploads(c *cli.Context) error {
	s, err := openRecording(c)
	if err != nil {
		return err
	}
	if err := capture.Recover(s.dir, spool.Who{}, time.Now, slog.Default(), s.show.tell); err != nil {
		return err
	}
	return s.uploader.Flush(c.Context)
}

func record(c *cli.Context, to who) error {
	s, err := openRecording(c)
	if err != nil {
		return err
	}
	host, err := newSoundHost()
	if err != nil {
		return err
	}
	defer host.Close()
	devices, err := chooseDevices(c, host)
	if err != nil {
		return err
	}
	person := spool.Who{ID: newRecordingID(), Client: to.client, Session: to.session, Phase: to.phase}
	if err := capture.Recover(s.dir, person, time.Now, slog.Default(), s.show.tell); err != nil {
		return err
	}
	rec, err := capture.New(capture.Config{
		Spool: s.dir, Who: person, Devices: devices, Microphones: host, Notify: s.show.tell, Log: slog.Default(),
	})
	if err != nil {
		return err
	}
	if release, err := capture.Inhibit(); err != nil {
		s.show.tell(capture.Event{Wall: time.Now(), Kind: "sleep", Bad: true, Text: fmt.Sprintf("this machine may fall asleep: %v", err)})
	} else {
		defer release()
	}
	if err := s.run(rec, fmt.Sprintf("client %s · session %d · %s", to.client, to.session, to.phase)); err != nil {
		return err
	}
	return s.after(rec.ID(), to.client)
}

// run records until the user ends it, and uploads meanwhile.
func (s *session) run(rec *capture.Recorder, title string) error {
	ctx, stop := context.WithCancel(s.c.Context)
	defer stop()
	s.uploader.Follow(rec)
	var g sync.WaitGroup
	g.Go(func() { s.uploader.Run(ctx) })
	g.Go(func() {
		s.show.run(ctx, rec, stop, func() screen.View {
			return screen.View{Status: rec.Status(), Upload: s.uploader.Status(rec.ID()), Title: title}
		})
	})
	err := rec.Run(ctx)
	stop()
	g.Wait()
	return err
}

// after brings the recording into the store and through the rest. It has its own context: the
// Ctrl-C that ended the recording has not ended this, and the next one ends the process.
func (s *session) after(id debrief.RecordingID, client debrief.ClientID) error {
	ctx := context.WithoutCancel(s.c.Context)
	flush, cancel := context.WithTimeout(ctx, flushPatience)
	defer cancel()
	if err := s.uploader.Flush(flush); err != nil {
		up := s.uploader.Status(id)
		return inStore(debrief.WithHint(fmt.Errorf("upload: %s wait on this disk, safe in %s: %w", plural(up.Waiting, "segment"), s.dir, debrief.ErrUnavailable),
			"debrief record --finish uploads them when the store is back"))
	}
	if !s.c.Bool("process") {
		return nil
	}
	rec, _, err := s.library.LoadRecording(ctx, client, id)
	if errors.Is(err, debrief.ErrNotFound) {
		return fmt.Errorf("process: nothing was recorded: %w", debrief.ErrNoAudio)
	}
	if err != nil {
		return inStore(err)
	}
	w, err := wire(s.c)
	if err != nil {
		return err
	}
	made, err := w.pipeline.Process(ctx, rec, func(debrief.Samples) {})
	if err = errors.Join(err, w.close()); err != nil {
		return err
	}
	s.show.tell(capture.Event{Wall: time.Now(), At: rec.Samples, Kind: "processed", Text: plural(len(made.Transcript.Utterances), "utterance") + " transcribed"})
	return nil
}

func newRecordingID() debrief.RecordingID {
	return debrief.RecordingID(ulid.MustNew(ulid.Now(), rand.Reader).String())
}

// spooled fits the library to the uploader.
type spooled struct{ *storage.Library }

func (l spooled) PutSegment(ctx context.Context, rec *debrief.Recording, index int, flac []byte) error {
	return l.SaveSegment(ctx, rec.Client, rec.ID, index, flac)
}

func (l spooled) SegmentSum(ctx context.Context, rec *debrief.Recording, index int) (string, error) {
	r, err := l.OpenSegment(ctx, rec.Client, rec.ID, index)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", fmt.Errorf("read segment %d back: %w", index, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (l spooled) PutRecording(ctx context.Context, rec *debrief.Recording) error {
	_, version, err := l.LoadRecording(ctx, rec.Client, rec.ID)
	if err != nil && !errors.Is(err, debrief.ErrNotFound) {
		return err
	}
	_, err = l.SaveRecording(ctx, rec, version)
	return err
}

// display shows a recording: a picture on a terminal, lines elsewhere, JSON with --json.
type display struct {
	out, json io.Writer
	quiet     bool

	mu     sync.Mutex
	screen *screen.Screen // nil when it is no terminal
}

func newDisplay(c *cli.Context) *display {
	d := &display{out: c.App.ErrWriter, quiet: c.Bool("quiet")}
	if c.Bool("json") {
		d.json = c.App.Writer
	}
	return d
}

// tell is called from several goroutines.
func (d *display) tell(e capture.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.json != nil:
		json.NewEncoder(d.json).Encode(e) // nobody may be reading any more; the recording goes on
	case d.screen != nil:
		if e.Kind != "state" {
			d.screen.Print(eventLine(e))
		}
	case !d.quiet || e.Bad:
		fmt.Fprintln(d.out, eventLine(e))
	}
}

func eventLine(e capture.Event) string {
	sign := " "
	if e.Bad {
		sign = "!"
	}
	return fmt.Sprintf("%s %s %7s  %s: %s", sign, e.Wall.Format(time.TimeOnly), e.At, e.Kind, e.Text)
}

// run shows view until ctx ends and obeys keys.
func (d *display) run(ctx context.Context, rec *capture.Recorder, stop func(), view func() screen.View) {
	every := statusEvery
	if restore := d.takeTerminal(); restore != nil {
		defer restore()
		go readKeys(ctx, rec, stop)
		every = drawEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		d.mu.Lock()
		if d.screen != nil {
			d.screen.Draw(view())
		} else if d.json != nil {
			json.NewEncoder(d.json).Encode(statusLine{"status", view().Status, view().Upload})
		}
		d.mu.Unlock()
	}
}

// statusLine is a line of record --json beside the events.
type statusLine struct {
	Event string `json:"event"`
	capture.Status
	Upload capture.Upload `json:"upload"`
}

// takeTerminal puts the terminal into raw mode, so that keys arrive one by one; nil without one.
func (d *display) takeTerminal() (restore func()) {
	in, out := int(os.Stdin.Fd()), int(os.Stderr.Fd())
	if d.out != os.Stderr || d.quiet || d.json != nil || !term.IsTerminal(in) || !term.IsTerminal(out) {
		return nil
	}
	width, _, err := term.GetSize(out)
	if err != nil {
		return nil
	}
	was, err := term.MakeRaw(in)
	if err != nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.screen = screen.New(d.out, width)
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.screen = nil
		term.Restore(in, was)
	}
}

// readKeys ends with the process: a read from a terminal cannot be called off.
func readKeys(ctx context.Context, rec *capture.Recorder, stop func()) {
	key := make([]byte, 1)
	paused := false
	for {
		if _, err := os.Stdin.Read(key); err != nil || ctx.Err() != nil {
			return
		}
		var err error
		switch key[0] {
		case 'q', 3: // in raw mode Ctrl-C is a key
			stop()
			return
		case 'm':
			err = rec.Mark(ctx, debrief.Marker{Kind: "bookmark"})
		case ' ', 'p':
			if paused = !paused; paused {
				err = rec.Pause(ctx)
			} else {
				err = rec.Resume(ctx)
			}
		}
		if err != nil {
			return
		}
	}
}
