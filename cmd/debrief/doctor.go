//go:build !recorder

package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"debrief"
	"debrief/capture"
	"debrief/capture/sound"
	"debrief/internal/models"
	"debrief/storage"

	"github.com/urfave/cli/v2"
)

const (
	// listenFor is how long the doctor listens: a Bluetooth link needs 3 s to wake.
	listenFor = 6 * time.Second
	// diskWanted in bytes is room for a day's recordings: 8 hours are 0.92 GB.
	diskWanted = 1 << 30
)

// finding is what one check found.
type finding struct {
	Check  string `json:"check"`
	Status string `json:"status"` // ok, warning, bad
	Text   string `json:"text"`
	Hint   string `json:"hint,omitempty"`
}

func fine(text string, args ...any) finding {
	return finding{Status: "ok", Text: fmt.Sprintf(text, args...)}
}

func warning(hint, text string, args ...any) finding {
	return finding{Status: "warning", Text: fmt.Sprintf(text, args...), Hint: hint}
}

func broken(err error) finding {
	return finding{Status: "bad", Text: err.Error(), Hint: debrief.Hint(err)}
}

var errDoctor = errors.New("something must be mended before a recording")

func doctorCommand() *cli.Command {
	flags := append(storeFlags(), engineFlags()...)
	return &cli.Command{
		Name:  "doctor",
		Usage: "check microphone, disk, store, models, engine and clock, and say what to mend",
		Description: "Listens for a few seconds: speak meanwhile. It stores and removes one small object,\n" +
			"and sends no sound anywhere.",
		Flags: append(flags, spoolFlag(), jsonFlag(),
			&cli.StringSliceFlag{Name: "device", Usage: "`NAME` of the microphone to check", EnvVars: []string{"DEBRIEF_DEVICE"}}),
		Action: doctor,
	}
}

func doctor(c *cli.Context) error {
	checks := []struct {
		name string
		do   func(*cli.Context) finding
	}{
		{"microphone", checkMicrophone}, {"disk", checkSpool}, {"store", checkStore},
		{"models", checkModels}, {"engine", checkEngine}, {"clock", checkClock}, {"sleep", checkSleep}, {"programs", checkPrograms},
	}
	ill := false
	for _, check := range checks {
		if c.Context.Err() != nil {
			return c.Context.Err()
		}
		f := check.do(c)
		f.Check = check.name
		ill = ill || f.Status == "bad"
		if c.Bool("json") {
			if err := json.NewEncoder(c.App.Writer).Encode(f); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(c.App.Writer, "%-8s %-11s %s\n", f.Status, f.Check, f.Text)
		if f.Hint != "" {
			fmt.Fprintf(c.App.Writer, "%-8s %-11s   -> %s\n", "", "", f.Hint)
		}
	}
	if ill {
		return reported{errDoctor}
	}
	return nil
}

func checkMicrophone(c *cli.Context) finding {
	host, err := newSoundHost()
	if err != nil {
		return broken(err)
	}
	defer host.Close()
	names, err := chooseDevices(c, host)
	if err != nil {
		return broken(err)
	}
	devices, err := host.Devices(c.Context)
	if err != nil {
		return broken(err)
	}
	d, err := sound.Match(devices, names[0])
	if err != nil {
		return broken(err)
	}
	heard, err := soundCheck(c.Context, host, d)
	switch {
	case err != nil:
		return broken(debrief.WithHint(fmt.Errorf("%s: %w", d.Name, err), "unplug or reconnect it, or name another with --device"))
	case heard.Samples == 0:
		return broken(debrief.WithHint(fmt.Errorf("%s gives nothing", d.Name), "a Bluetooth microphone must be connected and in its headset profile"))
	case !heard.Signal:
		return broken(debrief.WithHint(fmt.Errorf("%s gives silence", d.Name), "unmute it, and speak while the doctor listens"))
	case d.NarrowBand():
		return warning("choose the mSBC or LC3 codec if it has one; debrief works, but recognises less", "%s gives telephone sound (%d Hz)", d.Name, d.Rate)
	case len(heard.Warnings) > 0:
		return warning("", "%s: %s", d.Name, strings.Join(heard.Warnings, "; "))
	}
	return fine("%s, loudest at %.0f dBFS", d.Name, heard.Peak)
}

// soundCheck hears a microphone for a while.
func soundCheck(ctx context.Context, host *sound.Host, d sound.Device) (capture.Heard, error) {
	stream, err := host.Open(ctx, d)
	if err != nil {
		return capture.Heard{}, err
	}
	defer stream.Close()
	ctx, cancel := context.WithTimeout(ctx, listenFor)
	defer cancel()
	test := capture.NewSoundCheck()
	for {
		select {
		case f, ok := <-stream.Frames():
			if !ok {
				return test.Heard(), stream.Err()
			}
			test.Add(f.PCM)
		case <-ctx.Done():
			return test.Heard(), nil
		}
	}
}

func checkSpool(c *cli.Context) finding {
	dir, err := spoolDir(c)
	if err != nil {
		return broken(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return broken(debrief.WithHint(fmt.Errorf("make the spool: %w", err), "choose another directory with --spool"))
	}
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return broken(debrief.WithHint(fmt.Errorf("write to the spool: %w", err), "choose another directory with --spool"))
	}
	f.Close()
	defer os.Remove(f.Name())
	free, err := capture.FreeSpace(dir)
	if err != nil {
		return warning("", "%s is writable; its free space is unknown", dir)
	}
	room := debrief.Samples(free / 2)
	if free < diskWanted {
		return warning("make room: recordings wait here until the store has them", "%s has room for %s of audio only", dir, room)
	}
	return fine("%s has room for %d hours of audio", dir, int64(room)/debrief.SampleRate/3600)
}

// checkStore writes, reads and removes one object where no recording lies.
func checkStore(c *cli.Context) finding {
	where := c.String("store")
	if where == "" {
		dir, err := dataDir()
		if err != nil {
			return broken(err)
		}
		where = filepath.Join(dir, "store")
	}
	b, err := storage.Open(c.Context, where, storage.S3Options{Endpoint: c.String("s3-endpoint")})
	if err != nil {
		return broken(err)
	}
	begun := time.Now()
	key, text := "doctor/"+strings.ToLower(rand.Text()), "debrief doctor"
	if _, err := b.Put(c.Context, key, strings.NewReader(text), int64(len(text)), storage.Condition{IfNoneMatch: true}); err != nil {
		return broken(fmt.Errorf("write to the store: %w", err))
	}
	if _, err := b.Stat(c.Context, key); err != nil {
		return broken(fmt.Errorf("read from the store: %w", err))
	}
	if err := b.Delete(c.Context, key); err != nil {
		return broken(fmt.Errorf("remove from the store: %w", err))
	}
	return fine("%s can be written, read and tidied (%d ms)", where, time.Since(begun).Milliseconds())
}

func checkModels(c *cli.Context) finding {
	dir, err := models.Find()
	if err != nil {
		return broken(err)
	}
	if err := dir.Verify(c.Context); err != nil {
		return broken(err)
	}
	return fine("all there and whole in %s", dir.Root())
}

func checkEngine(c *cli.Context) finding {
	e, err := openEngine(c)
	if err != nil {
		return broken(err)
	}
	if err := e.close(); err != nil {
		return broken(err)
	}
	return fine("%s is ready", e.recogniser.Name())
}

// checkClock asks the system whether its clock follows a time server: both debrief windows count
// from wall times, and S3 refuses requests that are a quarter of an hour off.
func checkClock(c *cli.Context) finding {
	out, err := exec.CommandContext(c.Context, "timedatectl", "show", "--property=NTPSynchronized", "--value").Output()
	switch now := time.Now().Format(time.RFC3339); {
	case err != nil:
		return warning("compare it with another clock", "it is %s here; whether that follows a time server is unknown", now)
	case strings.TrimSpace(string(out)) != "yes":
		return warning("timedatectl set-ntp true", "it is %s here, and no time server says so", now)
	default:
		return fine("%s, kept by a time server", now)
	}
}

func checkSleep(*cli.Context) finding {
	release, err := capture.Inhibit()
	if err != nil {
		return warning(debrief.Hint(err), "%v", err)
	}
	release()
	return fine("the machine is kept awake while it records")
}

// checkPrograms looks for the small programs that record in place of this one.
func checkPrograms(*cli.Context) finding {
	for _, name := range []string{recorderProgram, captureProgram} {
		switch _, err := beside(name); {
		case errors.Is(err, debrief.ErrConflict):
			return warning(debrief.Hint(err), "%v", err)
		case err != nil:
			return warning("make build, and keep the three programs in one directory", "%s is not beside this program: recording works, and takes twice the memory", name)
		}
	}
	return fine("%s and %s are there, of this build", recorderProgram, captureProgram)
}
