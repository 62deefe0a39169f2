// Package testsound gives tests microphones on a machine that has none: a private PulseAudio
// server whose sources play what the test feeds them, bit exact, and which fail on request.
//
// Call [Start], then [Server.Feed] or [Server.FeedRamp], and run the program under test with
// [Server.Env]. It never touches a sound server of the user's: socket, home and configuration
// are in a directory of its own. [Nothing] are sounds without speech. It is for tests and the bench only.
package testsound

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Rate is the rate of every source, in samples per second. At this rate nothing is resampled
// on the way, so what is recorded can be compared sample by sample.
const Rate = 16000

// readyWithin bounds the start of the server: 0.14 s on an idle machine, far more on a loaded one.
const readyWithin = 5 * time.Minute

// TB is what a server needs of the test, or of the program, that it serves; a [testing.TB] is one.
type TB interface {
	Helper()
	Cleanup(func())
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// Server is a running PulseAudio server.
type Server struct {
	tb      TB
	dir     string
	sources []string

	mu      sync.Mutex
	daemon  *exec.Cmd
	modules map[string]string // source -> index of its module-remap-source
	players []*exec.Cmd
}

// Start runs a server with one source per name; the first is its default. It ends with the test,
// which is skipped on systems where PortAudio does not speak to PulseAudio.
func Start(tb TB, sources ...string) *Server {
	tb.Helper()
	if runtime.GOOS != "linux" {
		tb.Skipf("PortAudio hears no PulseAudio on %s", runtime.GOOS)
	}
	for _, tool := range []string{"pulseaudio", "pactl", "pacat"} {
		if _, err := exec.LookPath(tool); err != nil {
			tb.Fatalf("%s is not installed: run make setup", tool)
		}
	}
	// Not tb.TempDir: its path can exceed the 108 bytes a unix socket's name may have.
	dir, err := os.MkdirTemp("", "testsound")
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{tb: tb, dir: dir, sources: sources}
	tb.Cleanup(func() {
		s.stopPlayers()
		s.Kill()
		os.RemoveAll(dir)
	})
	for _, d := range []string{"run", "run/pulse", "home"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	s.writeScript()
	s.writeALSA()
	s.Run()
	return s
}

// Socket is the path of the server's socket: unlike every other server's, so it tells whose a process is.
func (s *Server) Socket() string { return filepath.Join(s.dir, "run/pulse/native") }

func (s *Server) writeScript() {
	var b strings.Builder
	fmt.Fprintf(&b, "load-module module-native-protocol-unix auth-anonymous=1 socket=%s\n", s.Socket())
	for _, name := range s.sources {
		fmt.Fprintf(&b, "load-module module-null-sink sink_name=feed_%s rate=%d channels=1 format=s16le\n", name, Rate)
	}
	s.write("script.pa", b.String())
}

// writeALSA names one PCM per source: PortAudio lists ALSA's names, not PulseAudio's.
func (s *Server) writeALSA() {
	var b strings.Builder
	for _, name := range s.sources {
		fmt.Fprintf(&b, "pcm.%s { type pulse device %q hint { show on description %q } }\n", name, name, name)
	}
	b.WriteString("pcm.!default { type pulse hint { show on description \"default\" } }\nctl.!default { type pulse }\n")
	s.write("asound.conf", b.String())
}

func (s *Server) write(name, text string) {
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.tb.Fatal(err)
	}
}

// Env is the environment for a program that shall see this server and no other.
func (s *Server) Env() []string {
	own := []string{
		"XDG_RUNTIME_DIR=" + filepath.Join(s.dir, "run"),
		"HOME=" + filepath.Join(s.dir, "home"),
		"PULSE_SERVER=unix:" + s.Socket(),
		"PULSE_RUNTIME_PATH=" + filepath.Join(s.dir, "run/pulse"),
		"ALSA_CONFIG_PATH=" + filepath.Join(s.dir, "asound.conf"),
		"JACK_NO_START_SERVER=1", // else libjack tries to start a server and waits for it
		"LC_ALL=C",
	}
	return append(os.Environ(), own...)
}

// Run starts the server after [Server.Kill], with all its sources.
func (s *Server) Run() {
	s.tb.Helper()
	os.Remove(s.Socket())
	daemon := exec.Command("pulseaudio", "-n", "-F", filepath.Join(s.dir, "script.pa"), "--daemonize=no",
		"--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no", "--high-priority=no")
	daemon.Env = s.Env()
	if err := daemon.Start(); err != nil {
		s.tb.Fatal(err)
	}
	s.mu.Lock()
	s.daemon, s.modules = daemon, map[string]string{}
	s.mu.Unlock()
	deadline := time.NewTimer(readyWithin)
	defer deadline.Stop()
	for tick := time.Tick(20 * time.Millisecond); ; {
		if _, err := s.pactl("info"); err == nil {
			break
		}
		select {
		case <-tick:
		case <-deadline.C:
			s.tb.Fatal("pulseaudio did not answer in time")
		}
	}
	for _, name := range s.sources {
		s.Plug(name)
	}
	if len(s.sources) > 0 {
		s.Default(s.sources[0])
	}
}

// Kill ends the server as a crash would. Players end with it.
func (s *Server) Kill() {
	s.mu.Lock()
	daemon := s.daemon
	s.daemon = nil
	s.mu.Unlock()
	if daemon != nil {
		daemon.Process.Kill()
		daemon.Wait()
	}
}

// Signal sends the server a signal, such as SIGSTOP.
func (s *Server) Signal(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.daemon.Process.Signal(sig); err != nil {
		s.tb.Fatal(err)
	}
}

// Plug adds a source, as switching a microphone on does.
func (s *Server) Plug(name string) {
	s.tb.Helper()
	index := s.Pactl("load-module", "module-remap-source", "source_name="+name, "master=feed_"+name+".monitor",
		"source_properties=device.description="+name)
	s.mu.Lock()
	s.modules[name] = strings.TrimSpace(index)
	s.mu.Unlock()
}

// Unplug removes a source. The server moves its streams to another source without telling them.
func (s *Server) Unplug(name string) {
	s.tb.Helper()
	s.mu.Lock()
	index := s.modules[name]
	delete(s.modules, name)
	s.mu.Unlock()
	s.Pactl("unload-module", index)
}

// Move moves every program's stream to another source, as a person does in the sound settings.
func (s *Server) Move(to string) {
	s.tb.Helper()
	for line := range strings.Lines(s.Pactl("list", "short", "source-outputs")) {
		// index, source, client, ...; the streams of the server's own modules have no client
		if fields := strings.Fields(line); len(fields) > 2 && fields[2] != "-" {
			s.Pactl("move-source-output", fields[0], to)
		}
	}
}

// Default makes a source the server's default.
func (s *Server) Default(name string) { s.tb.Helper(); s.Pactl("set-default-source", name) }

// Pactl runs pactl and returns what it prints; an error ends the test.
func (s *Server) Pactl(args ...string) string {
	s.tb.Helper()
	out, err := s.pactl(args...)
	if err != nil {
		s.tb.Fatalf("pactl %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func (s *Server) pactl(args ...string) (string, error) {
	cmd := exec.Command("pactl", args...)
	cmd.Env = s.Env()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = errors.Join(err, errors.New(strings.TrimSpace(stderr.String())))
	}
	return string(out), err
}
