// Package capture records a debrief and never loses a word of it: a microphone read by a process
// that may die, a spool on the local disk that survives everything, a watch over whether anything
// is really heard, and an upload that goes on until the store has confirmed every segment.
//
// Call [Recover] first, then [New] and [Recorder.Run]; [NewUploader] and [Uploader.Run] beside it.
// The package never says that it records before it has seen signal, never changes to a
// microphone that nobody named, and never deletes audio that the store has not confirmed.
package capture

import (
	"fmt"
	"log/slog"
	"time"

	"debrief"
	"debrief/capture/sound"
	"debrief/capture/spool"
)

const (
	// retryEvery is the pause between attempts to open a microphone.
	retryEvery = 2 * time.Second
	// retrySoonest is the pause when there is reason to hope for more: a process was killed, a device came.
	retrySoonest = 300 * time.Millisecond
	// deafAfter without a frame the recorder says so and tries again beside the silent stream. A
	// healthy stream pauses 0.45 s at worst on a loaded machine.
	deafAfter = 2 * time.Second
	// startGrace is how long the first frame may take: a Bluetooth link needs 3 s to wake.
	startGrace = 5 * time.Second
	// graceDoublings bounds the growth of the grace: 5, 10, 20, 40 s.
	graceDoublings = 3
	// distrust is how long a microphone that opened but gave nothing is passed over for the next one.
	distrust = 10 * time.Second
	// resumeWithin is how long after a crash the same debrief goes on in the same recording.
	resumeWithin = 10 * time.Minute
	// stopPatience bounds the wait for the last frames at the end.
	stopPatience = 1500 * time.Millisecond
	// movedMargin is how long before the news of a moved stream the wrong microphone may have been
	// heard: the news takes 50 ms, and a loaded machine some hundred more.
	movedMargin = 500 * time.Millisecond
	// lowDisk in bytes is announced: four hours of audio.
	lowDisk = 460 << 20
	// diskEvery is how often the free space is looked at.
	diskEvery = 10 * time.Second
	// tickEvery is how often the recorder looks after things that do not announce themselves.
	tickEvery = 200 * time.Millisecond
	// noteLimit cuts a marker's note, in bytes, so that a journal line stays a line.
	noteLimit = 4096
)

// Config is what a recorder works with. Spool, Who, Devices and Microphones are required.
type Config struct {
	Spool       string    // directory
	Who         spool.Who // a new ID is used unless a crashed recording of the same debrief goes on
	Devices     []string  // microphones by name, the preferred first; no other is ever used
	Microphones sound.Microphones
	Notify      func(Event)          // told everything a person should know; called from one goroutine
	Now         func() time.Time     // wall clock, default time.Now
	Uptime      func() time.Duration // monotonic clock of frames, default [sound.Uptime]
	Log         *slog.Logger
}

func (c *Config) fill() error {
	switch {
	case c.Microphones == nil:
		return fmt.Errorf("make a recorder: no microphones: %w", debrief.ErrInvalid)
	case len(c.Devices) == 0:
		return debrief.WithHint(fmt.Errorf("make a recorder: no microphone named: %w", debrief.ErrInvalid),
			"debrief devices lists the microphones; name one with --device")
	}
	if c.Notify == nil {
		c.Notify = func(Event) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Uptime == nil {
		c.Uptime = sound.Uptime
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}
