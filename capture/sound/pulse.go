package sound

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"debrief"
)

// pulseAPI marks devices of a PulseAudio server, or of PipeWire speaking its protocol.
const pulseAPI = "pulse"

// alsaName is the one device in the configuration a child gets.
const alsaName = "debrief_microphone"

// watchAgain is how long to wait before asking a server that is gone for its events again.
const watchAgain = time.Second

// alsaConfig writes the ALSA configuration for one source of the sound server: PortAudio 19.6 cannot
// list sources, and with a system's configuration it takes 25 times longer to start. The file has
// no name, so that nothing is left behind when this process is killed.
func alsaConfig(source string) (*os.File, error) {
	f, err := os.CreateTemp("", "debrief-alsa-*.conf")
	if err != nil {
		return nil, fmt.Errorf("write the sound configuration: %w", err)
	}
	os.Remove(f.Name())
	// Without a default PortAudio aborts; nothing opens it.
	_, err = fmt.Fprintf(f, `pcm.%s { type pulse device %q hint { show on description %q } }
pcm.!default { type pulse device %q hint { show on description "default" } }
ctl.!default { type pulse }
`, alsaName, source, source, source)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("write the sound configuration: %w", err)
	}
	return f, nil
}

// pulse asks a sound server by pactl. It notices what PortAudio cannot: that a stream was moved
// to another microphone when its own went away.
type pulse struct {
	path    string
	env     []string
	log     *slog.Logger
	changed chan struct{}
	check   chan struct{}

	mu      sync.Mutex
	seen    bool // the server has answered once
	watched bool
	streams map[*process]Device
	cancel  context.CancelFunc
}

func newPulse(path string, env []string, log *slog.Logger) *pulse {
	return &pulse{
		path: path, log: log, env: append(env[:len(env):len(env)], "LC_ALL=C"),
		changed: make(chan struct{}, 1), check: make(chan struct{}, 1),
		streams: map[*process]Device{}, cancel: func() {},
	}
}

func (p *pulse) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cancel()
}

func (p *pulse) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.path, append([]string{"--format=json"}, args...)...)
	cmd.Env = p.env
	cmd.SysProcAttr = ownGroup()
	return cmd
}

// list fills v from pactl's JSON.
func (p *pulse) list(ctx context.Context, what string, v any) error {
	out, err := p.command(ctx, "list", what).Output()
	if err == nil {
		err = json.Unmarshal(out, v)
	}
	if err == nil {
		p.mu.Lock()
		p.seen = true
		p.mu.Unlock()
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen {
		return fmt.Errorf("ask the sound server: %w", debrief.ErrUnavailable)
	}
	return fmt.Errorf("ask the sound server: %w", err)
}

// pulseSource is what pactl tells of a source.
type pulseSource struct {
	Index       int               `json:"index"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Spec        string            `json:"sample_specification"` // s16le 1ch 16000Hz
	Mute        bool              `json:"mute"`
	MonitorOf   string            `json:"monitor_source"`
	Properties  map[string]string `json:"properties"`
}

func (s pulseSource) device() Device {
	d := Device{Name: s.Name, Description: s.Description, API: pulseAPI, Muted: s.Mute, Kind: kindOfSource(s), index: s.Index}
	d.Codec = s.Properties["api.bluez5.codec"]
	if d.Codec == "" {
		d.Codec = s.Properties["bluetooth.codec"]
	}
	for _, word := range strings.Fields(s.Spec) {
		if n, ok := strings.CutSuffix(word, "Hz"); ok {
			d.Rate, _ = strconv.Atoi(n)
		}
		if n, ok := strings.CutSuffix(word, "ch"); ok {
			d.Channels, _ = strconv.Atoi(n)
		}
	}
	return d
}

func kindOfSource(s pulseSource) Kind {
	switch {
	case s.MonitorOf != "" || s.Properties["device.class"] == "monitor":
		return Monitor
	case s.Properties["device.bus"] == "bluetooth", strings.HasPrefix(s.Name, "bluez_"):
		return Bluetooth
	case s.Properties["device.bus"] == "usb":
		return USB
	case s.Properties["device.bus"] == "pci":
		return BuiltIn
	case s.Properties["device.class"] == "filter":
		return Virtual
	}
	return Unknown
}

func (p *pulse) devices(ctx context.Context) ([]Device, error) {
	var sources []pulseSource
	if err := p.list(ctx, "sources", &sources); err != nil {
		return nil, err
	}
	var info struct {
		Default string `json:"default_source_name"`
	}
	if out, err := p.command(ctx, "info").Output(); err == nil {
		json.Unmarshal(out, &info) // which one is the default is told when it can be
	}
	devices := make([]Device, len(sources))
	for i, s := range sources {
		devices[i] = s.device()
		devices[i].Default = s.Name == info.Default
	}
	return devices, nil
}

// follow watches over a stream until it ends.
func (p *pulse) follow(s *process, d Device) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.streams[s] = d
	go func() {
		<-s.ended
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.streams, s)
	}()
	if !p.watched {
		p.watched = true
		ctx, cancel := context.WithCancel(context.Background())
		p.cancel = cancel
		go p.watch(ctx)
		go p.checkAll(ctx)
	}
}

type pulseEvent struct {
	Index int    `json:"index"`
	Event string `json:"event"`
	On    string `json:"on"`
}

// watch reads the server's events until ctx ends, across restarts of the server.
func (p *pulse) watch(ctx context.Context) {
	for ctx.Err() == nil {
		if err := p.subscribe(ctx); err != nil && ctx.Err() == nil {
			p.log.Debug("sound server's events ended", "err", err)
		}
		select {
		case <-time.After(watchAgain):
		case <-ctx.Done():
		}
	}
}

func (p *pulse) subscribe(ctx context.Context) error {
	cmd := p.command(ctx, "subscribe")
	endWithParent(cmd.SysProcAttr)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	poke(p.check) // what happened before is not told
	for in := json.NewDecoder(out); ; {
		var e pulseEvent
		if err := in.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		p.event(e)
	}
}

func (p *pulse) event(e pulseEvent) {
	switch {
	case e.On == "source" && e.Event == "remove":
		p.removed(e.Index)
		poke(p.changed)
	case e.On == "source" && e.Event == "new", e.On == "server":
		poke(p.changed)
	case e.On == "source-output" && e.Event == "change":
		poke(p.check)
	}
}

// removed tells the streams of a source that is gone at once: the server has moved them by now,
// and to look where would take longer than to leave.
func (p *pulse) removed(index int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s, d := range p.streams {
		if d.index == index {
			s.tellMoved("another source")
		}
	}
}

func (p *pulse) checkAll(ctx context.Context) {
	for {
		select {
		case <-p.check:
			p.checkStreams(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// checkStreams compares the source of every stream with the one it was opened on.
func (p *pulse) checkStreams(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, listPatience)
	defer cancel()
	var sources []pulseSource
	var outputs []struct {
		Source     int               `json:"source"`
		Properties map[string]string `json:"properties"`
	}
	if p.list(ctx, "sources", &sources) != nil || p.list(ctx, "source-outputs", &outputs) != nil {
		return // the server is gone: the streams notice by themselves
	}
	names := map[int]string{}
	for _, s := range sources {
		names[s.Index] = s.Name
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for s, d := range p.streams {
		pid := strconv.Itoa(s.cmd.Process.Pid)
		for _, o := range outputs {
			if name := names[o.Source]; o.Properties["application.process.id"] == pid && name != "" && name != d.Name {
				s.tellMoved(name)
			}
		}
	}
}

// poke leaves one message for whoever comes, and never waits.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
