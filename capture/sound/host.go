package sound

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"debrief"
)

const (
	// listPatience bounds the listing of devices; PortAudio takes half a second on a usual
	// configuration, ten times that on a machine at its limit, and a stopped sound server answers never.
	listPatience = 20 * time.Second
	// serverLatency is asked for where a sound server buffers minutes anyway. A longer one would
	// swallow more at the start of a stream, one host period, and lose more when killed.
	serverLatency = 200 * time.Millisecond
	// hardwareLatency is the whole buffer where there is none: what a loaded machine may oversleep.
	hardwareLatency = time.Second
)

// Config describes a host.
type Config struct {
	Child []string     // program and arguments that end in [Child]; its own are added
	Env   []string     // environment of the processes it runs, default os.Environ
	Log   *slog.Logger // default none
}

// Host runs capture processes. It is safe for concurrent use.
type Host struct {
	cfg   Config
	pulse *pulse // nil where there is no pactl
}

// NewHost checks the configuration. It starts nothing yet.
func NewHost(cfg Config) (*Host, error) {
	if len(cfg.Child) == 0 {
		return nil, fmt.Errorf("make a sound host: no capture program: %w", debrief.ErrInvalid)
	}
	if cfg.Env == nil {
		cfg.Env = os.Environ()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	h := &Host{cfg: cfg}
	if path, err := exec.LookPath("pactl"); err == nil {
		h.pulse = newPulse(path, cfg.Env, cfg.Log)
	}
	return h, nil
}

// Close ends what watches the sound server. Streams end by their own Close.
func (h *Host) Close() {
	if h.pulse != nil {
		h.pulse.close()
	}
}

// Changed implements [Microphones]. Without a sound server there is no news.
func (h *Host) Changed() <-chan struct{} {
	if h.pulse == nil {
		return nil
	}
	return h.pulse.changed
}

// Devices lists the sound server's sources where one answers, else PortAudio's inputs.
// [debrief.ErrUnavailable] when the server has answered before and does not now.
func (h *Host) Devices(ctx context.Context) ([]Device, error) {
	ctx, cancel := context.WithTimeout(ctx, listPatience)
	defer cancel()
	if h.pulse != nil {
		devices, err := h.pulse.devices(ctx)
		if err == nil || errors.Is(err, debrief.ErrUnavailable) {
			return devices, err
		}
		h.cfg.Log.Debug("no sound server, asking PortAudio", "err", err)
	}
	cmd := exec.CommandContext(ctx, h.cfg.Child[0], append(h.cfg.Child[1:len(h.cfg.Child):len(h.cfg.Child)], "list")...)
	cmd.Env = h.environ()
	out, _ := cmd.Output() // the message says more than the exit code
	kind, body, err := readMessage(bytes.NewReader(out), nil)
	switch {
	case err != nil:
		return nil, fmt.Errorf("list microphones: the capture process said nothing: %w", debrief.ErrUnavailable)
	case kind == msgError:
		return nil, fmt.Errorf("list microphones: %w", childError(string(body)))
	}
	var devices []Device
	if err := json.Unmarshal(body, &devices); err != nil {
		return nil, fmt.Errorf("list microphones: %w: %w", errWire, err)
	}
	return devices, nil
}

// environ is the environment of a capture process.
func (h *Host) environ() []string {
	return append(h.cfg.Env[:len(h.cfg.Env):len(h.cfg.Env)],
		// libjack must not start a server and wait for it.
		"JACK_NO_START_SERVER=1",
		// Without a sound server ALSA resamples: most USB microphones have no 16 kHz.
		"PA_ALSA_PLUGHW=1")
}

// childError makes an error of what a child said, see [complaint].
func childError(said string) error {
	text, hint, _ := strings.Cut(said, "\n")
	return debrief.WithHint(fmt.Errorf("%s: %w", text, debrief.ErrUnavailable), hint)
}

// Open starts a capture process on a device that [Host.Devices] has listed. It does not wait: that
// the device could not be opened is told by the stream's end.
func (h *Host) Open(_ context.Context, d Device) (Stream, error) {
	p := &process{
		frames: make(chan Frame, 64),
		moved:  make(chan string, 1),
		log:    h.cfg.Log.With("device", d.Name),
	}
	name, latency := d.Name, hardwareLatency
	env := h.environ()
	if d.API == pulseAPI {
		conf, err := alsaConfig(d.Name)
		if err != nil {
			return nil, err
		}
		defer conf.Close()
		p.extra = conf
		env = append(env, "ALSA_CONFIG_PATH=/proc/self/fd/3")
		name, latency = alsaName, serverLatency
	}
	args := append(h.cfg.Child[1:len(h.cfg.Child):len(h.cfg.Child)], "open", name, latency.String())
	if err := p.start(h.cfg.Child[0], args, env); err != nil {
		return nil, fmt.Errorf("start the capture process: %w", err)
	}
	if d.API == pulseAPI {
		h.pulse.follow(p, d)
	}
	return p, nil
}

// process is one capture process: a [Stream].
type process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	extra  *os.File // becomes file 3 of the child
	frames chan Frame
	moved  chan string
	log    *slog.Logger
	ended  chan struct{}

	close sync.Once
	quit  chan struct{}
	err   error // set before frames is closed
}

func (p *process) Frames() <-chan Frame { return p.frames }
func (p *process) Moved() <-chan string { return p.moved }
func (p *process) Err() error           { return p.err }

// Stop implements [Stream]: the child ends when its input does.
func (p *process) Stop() { p.stdin.Close() }

// Close implements [Stream]. SIGKILL is the one way that works when PortAudio hangs.
func (p *process) Close() {
	p.close.Do(func() {
		close(p.quit)
		p.cmd.Process.Kill()
	})
}

func (p *process) tellMoved(to string) {
	select {
	case p.moved <- to:
	default: // once is enough
	}
}

func (p *process) start(program string, args, env []string) error {
	p.quit, p.ended = make(chan struct{}), make(chan struct{})
	p.cmd = exec.Command(program, args...)
	p.cmd.Env = env
	p.cmd.SysProcAttr = ownGroup() // Ctrl-C is for the parent: it stops the child when all is heard
	if p.extra != nil {
		p.cmd.ExtraFiles = []*os.File{p.extra}
	}
	// What ALSA and JACK print is of use only to somebody who debugs.
	p.cmd.Stderr = logWriter{p.log}
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return err
	}
	p.stdin = stdin
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go func() {
		err := p.receive(out)
		p.Close()
		p.cmd.Wait()
		p.err = err
		close(p.frames)
		close(p.ended)
	}()
	return nil
}

// receive passes frames on until the child ends.
func (p *process) receive(out io.Reader) error {
	var buf []byte
	for {
		kind, body, err := readMessage(out, buf)
		if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("the capture process ended")
		}
		if err != nil {
			return err
		}
		buf = body
		switch kind {
		case msgOpened:
			p.log.Debug("microphone open")
		case msgError:
			return childError(string(body))
		case msgFrame:
			f, err := parseFrame(body)
			if err != nil {
				return err
			}
			select {
			case p.frames <- f:
			case <-p.quit:
				return errors.New("closed")
			}
		default:
			return fmt.Errorf("%w: message %q", errWire, kind)
		}
	}
}

type logWriter struct{ log *slog.Logger }

func (w logWriter) Write(b []byte) (int, error) {
	w.log.Debug("capture process", "stderr", string(bytes.TrimSpace(b)))
	return len(b), nil
}
