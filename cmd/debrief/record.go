package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"debrief"
	"debrief/capture"
	"debrief/capture/screen"
	"debrief/capture/spool"
	"debrief/storage"

	"github.com/oklog/ulid/v2"
	"github.com/urfave/cli/v2"
)

const (
	// keepDefault is how long audio stays on this disk after the store has it: over a weekend.
	keepDefault = 72 * time.Hour
	// flushPatience bounds the upload after the end of a recording. What is left is uploaded by
	// the next run; a service manager kills what takes longer to stop.
	flushPatience = time.Minute
	// smallHeap in percent is how much garbage a recorder lets gather: it makes little, works for
	// hours, and shares the machine with whoever sits before it.
	smallHeap = 25
)

func recordCommand() *cli.Command {
	flags := append(whoFlags(),
		&cli.StringSliceFlag{Name: "device", Usage: "`NAME` of a microphone; again for the next one to fall back to", EnvVars: []string{"DEBRIEF_DEVICE"}},
		spoolFlag(),
		&cli.DurationFlag{Name: "keep", Usage: "how long audio stays on this disk after the store has it", Value: keepDefault, EnvVars: []string{"DEBRIEF_KEEP"}},
		&cli.BoolFlag{Name: "process", Usage: "transcribe while recording, tag and summarise at the end"},
		&cli.BoolFlag{Name: "finish", Usage: "record nothing; recover and upload what earlier recordings left on this disk"},
	)
	flags = append(flags, storeFlags()...)
	flags = append(flags, engineFlags()...)
	return &cli.Command{
		Name:  recordName,
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
	scribe   *scribe // nil without --process
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
	if err := s.uploader.Flush(c.Context); err != nil || !c.Bool("process") {
		return err
	}
	return s.processLeft(c.Context)
}

// processLeft processes what earlier recordings left unprocessed on this disk: their recorder
// crashed, or their store could not be reached.
func (s *session) processLeft(ctx context.Context) error {
	states, err := spool.List(s.dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, st := range states {
		if left, err := s.unprocessed(ctx, st); err != nil {
			errs = append(errs, err)
		} else if left {
			errs = append(errs, newScribe(s.c, s.dir, st.Recording.ID, s.show.tell).once(ctx))
		}
	}
	return errors.Join(errs...)
}

// unprocessed tells whether a stored recording lacks a transcript, or the tags of one.
func (s *session) unprocessed(ctx context.Context, st spool.State) (bool, error) {
	rec := st.Recording
	if st.Stored.IsZero() || rec.Samples == 0 {
		return false, nil
	}
	t, _, err := s.library.LoadTranscript(ctx, rec.Client, rec.ID)
	if err == nil && !t.Empty() {
		_, _, err = s.library.LoadSummary(ctx, rec.Client, rec.ID)
	}
	switch {
	case errors.Is(err, debrief.ErrNotFound):
		return true, nil
	case err != nil:
		return false, inStore(err)
	}
	return false, nil
}

func record(c *cli.Context, to who) error {
	debug.SetGCPercent(smallHeap)
	// There is little to do and all of it in turn: a second thread costs half as much again in
	// waking up, and gains nothing.
	runtime.GOMAXPROCS(1)
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
	if c.Bool("process") {
		s.scribe = newScribe(c, s.dir, rec.ID(), s.show.tell)
	}
	if err := s.run(rec, fmt.Sprintf("client %s · session %d · %s", to.client, to.session, to.phase)); err != nil {
		return err
	}
	return s.after(rec.ID())
}

// run records until the user ends it, uploads meanwhile, and has it transcribed when asked to.
func (s *session) run(rec *capture.Recorder, title string) error {
	ctx, stop := context.WithCancel(s.c.Context)
	defer stop()
	s.uploader.Follow(rec)
	if s.scribe != nil {
		s.scribe.begin(context.WithoutCancel(ctx))
	}
	var g sync.WaitGroup
	g.Go(func() { s.uploader.Run(ctx) })
	g.Go(func() {
		s.show.run(ctx, rec, stop, func() screen.View {
			return screen.View{Status: rec.Status(), Upload: s.uploader.Status(rec.ID()), Title: title, Transcribed: s.scribe.position()}
		})
	})
	err := rec.Run(ctx)
	stop()
	g.Wait()
	return err
}

// after brings the recording into the store and through the rest. It has its own context: the
// Ctrl-C that ended the recording has not ended this, and the next one ends the process.
func (s *session) after(id debrief.RecordingID) error {
	ctx := context.WithoutCancel(s.c.Context)
	flush, cancel := context.WithTimeout(ctx, flushPatience)
	defer cancel()
	if err := s.uploader.Flush(flush); err != nil {
		up := s.uploader.Status(id)
		return inStore(debrief.WithHint(fmt.Errorf("upload: %s wait on this disk, safe in %s: %w", plural(up.Waiting, "segment"), s.dir, debrief.ErrUnavailable),
			"debrief record --finish uploads them when the store is back; with --process it goes on to the transcript"))
	}
	if s.scribe == nil {
		return nil
	}
	if err := s.scribe.end(ctx); err != nil {
		return err
	}
	return s.processLeft(ctx)
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
