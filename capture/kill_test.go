package capture

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"debrief/capture/sound"
	"debrief/capture/spool"
	"debrief/internal/testsound"
	"debrief/storage"
)

// The test binary is also its own recorder, to be killed.
const recorderArg = "recorder-of-test"

// recordForever records from the lapel microphone as debrief record does, prints its events, and
// ends by SIGINT. args are the spool, a store and its endpoint; without a store it is a folder
// beside the spool.
func recordForever(args []string) int {
	dir, where, endpoint := args[0], args[0]+"-store", ""
	if len(args) == 3 {
		where, endpoint = args[1], args[2]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	tell := func(e Event) { fmt.Println(e.Kind, e.Text) }
	fail := func(err error) int {
		fmt.Println("error", err)
		return 1
	}
	host, err := sound.NewHost(sound.Config{Child: []string{os.Args[0], childArg}})
	if err != nil {
		return fail(err)
	}
	defer host.Close()
	if err := Recover(dir, someone, time.Now, slog.New(slog.DiscardHandler), tell); err != nil {
		return fail(err)
	}
	r, err := New(Config{Spool: dir, Who: someone, Devices: []string{"lapel"}, Microphones: host, Notify: tell})
	if err != nil {
		return fail(err)
	}
	bucket, err := storage.Open(ctx, where, storage.S3Options{Endpoint: endpoint})
	if err != nil {
		return fail(err)
	}
	up, err := NewUploader(UploadConfig{Spool: dir, Store: libraryStore{storage.NewLibrary(bucket)}, Keep: time.Hour, Notify: tell})
	if err != nil {
		return fail(err)
	}
	up.Follow(r)
	go up.Run(ctx)
	if err := r.Run(ctx); err != nil {
		return fail(err)
	}
	return 0
}

// recorderProcess is such a process.
type recorderProcess struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string
	seen  []string
}

func startRecorder(t *testing.T, env []string, args ...string) *recorderProcess {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{recorderArg}, args...)...)
	cmd.Env = env
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &recorderProcess{t: t, cmd: cmd, lines: make(chan string, 1000)}
	go func() {
		defer close(p.lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			p.lines <- in.Text()
		}
	}()
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return p
}

// until waits for an event.
func (p *recorderProcess) until(event string) {
	p.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("recorder ended before %q", event)
			}
			p.seen = append(p.seen, time.Now().Format("05.000 ")+line)
			if strings.HasPrefix(line, "error ") {
				p.t.Fatal(line)
			}
			if line == event {
				return
			}
		case <-timeout:
			p.t.Fatalf("no %q in %v, only %q", event, patience, p.seen)
		}
	}
}

// wait lets the recorder record for a while.
func (p *recorderProcess) wait(d time.Duration) {
	p.t.Helper()
	timer := time.NewTimer(d)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok || strings.HasPrefix(line, "error ") {
				p.t.Fatalf("recorder ended: %s", line)
			}
		case <-timer.C:
			return
		}
	}
}

// killRecorder kills a recorder n times at random moments and restarts it at once; each costs what
// was heard in the last limit at most.
func killRecorder(t *testing.T, n int, limit time.Duration) {
	if !sound.Available {
		t.Skip("built without PortAudio")
	}
	server := testsound.Start(t, "lapel")
	server.FeedRamp("lapel")
	dir := filepath.Join(t.TempDir(), "spool")
	var kills []time.Time
	rnd := rand.New(rand.NewPCG(uint64(n), 1))
	for range n {
		p := startRecorder(t, server.Env(), dir)
		p.until("state recording")
		p.wait(time.Duration(rnd.Int64N(int64(2 * time.Second))))
		kills = append(kills, time.Now())
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		p.cmd.Wait()
	}
	p := startRecorder(t, server.Env(), dir)
	p.until("state recording")
	p.wait(3 * time.Second)
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for range p.lines {
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	states, err := spool.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(states) != 1 || states[0].Ended.IsZero() {
		t.Fatalf("%d recordings for one debrief", len(states))
	}
	rec, _ := spooled(t, states[0].Dir)
	if len(rec.Gaps) != n {
		t.Fatalf("%d gaps after %d kills: %+v", len(rec.Gaps), n, rec.Gaps)
	}
	var worst time.Duration
	for i, g := range rec.Gaps {
		if g.Reason != "crash" {
			t.Errorf("gap %d: %s", i, g.Reason)
		}
		worst = max(worst, kills[i].Sub(g.Wall))
	}
	if worst > limit {
		t.Errorf("a kill took %v of audio, %v are allowed", worst, limit)
	}
	t.Logf("%d kills of the recorder: at most %v of audio lost", n, worst)
}

func TestKilledRecorder(t *testing.T) {
	t.Parallel()
	killRecorder(t, 3, patience) // how late sound arrives depends on the machine: make soak holds it to a second
}
