//go:build linux && cgo && !noportaudio

// Command record measures what recording costs: the programs in bin/ on a virtual microphone,
// beside a bare PortAudio callback that throws its samples away and beside arecord, all at once.
//
//	make build && go run ./internal/bench/record
//
// It prints a table and writes bench/record.json; the exit code is 1 when a figure misses its
// bound. The ratio to the callback holds for a machine that does nothing else: on a busy one
// PortAudio's thread, which polls all the time, gets its turn less often and costs less.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"
	"time"

	"debrief/internal/testsound"
)

// The bounds.
const (
	maxCost  = 3.0 // % of one core
	maxRatio = 1.3 // of a bare callback
	maxRSS   = 40  // MB, parent and child together
)

// startTime is left out of the measurement: PortAudio spins until a stream has begun.
const startTime = 10 * time.Second

// figure is one measured number and what it must hold.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Bound string  `json:"bound,omitempty"`
	Held  bool    `json:"held"`
	Note  string  `json:"note,omitempty"`
}

func told(name string, value float64, unit string) figure {
	return figure{Name: name, Value: value, Unit: unit, Held: true}
}

func atMost(name string, value, bound float64, unit string) figure {
	return figure{Name: name, Value: value, Unit: unit, Bound: fmt.Sprintf("<= %g", bound), Held: value <= bound}
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == callbackArg {
		fail(bareCallback())
	}
	length := flag.Duration("for", 2*time.Minute, "how long to measure; every minute a segment is uploaded")
	programs := flag.String("bin", "bin", "where make build put the programs")
	out := flag.String("out", "bench/record.json", "where the figures go as JSON")
	flag.Parse()
	b := &bench{}
	figures, err := b.measure(*programs, *length)
	b.end()
	fail(err)
	fail(print(figures, *out))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// bench is what the virtual microphone needs in place of a test.
type bench struct{ cleanups []func() }

func (b *bench) Helper()           {}
func (b *bench) Cleanup(f func())  { b.cleanups = append(b.cleanups, f) }
func (b *bench) Fatal(args ...any) { b.end(); fail(fmt.Errorf("%s", fmt.Sprint(args...))) }
func (b *bench) Fatalf(format string, args ...any) {
	b.Fatal(fmt.Sprintf(format, args...))
}
func (b *bench) Skipf(format string, args ...any) { b.Fatalf(format, args...) }

func (b *bench) end() {
	for len(b.cleanups) > 0 {
		last := len(b.cleanups) - 1
		f := b.cleanups[last]
		b.cleanups = b.cleanups[:last]
		f()
	}
}

// start runs a program on the virtual microphone until the end of the measurement.
func (b *bench) start(server *testsound.Server, program string, args ...string) (pid int, err error) {
	cmd := exec.Command(program, args...)
	cmd.Env = server.Env()
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start %s: %w", program, err)
	}
	b.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd.Process.Pid, nil
}

func (b *bench) measure(programs string, length time.Duration) ([]figure, error) {
	server := testsound.Start(b, "lapel")
	server.FeedRamp("lapel")
	dir, err := os.MkdirTemp("", "bench-record")
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	recorder, err := b.start(server, filepath.Join(programs, "debrief"), "record", "--client", "c01", "--session", "1", "--phase", "immediate",
		"--device", "lapel", "--quiet", "--store", filepath.Join(dir, "store"), "--spool", filepath.Join(dir, "spool"))
	if err != nil {
		return nil, err
	}
	callback, err := b.start(server, self, callbackArg)
	if err != nil {
		return nil, err
	}
	arecord, err := b.start(server, "arecord", "-q", "-D", "lapel", "-t", "raw", "-f", "S16_LE", "-r", "16000", "-c", "1", "/dev/null")
	if err != nil {
		return nil, err
	}
	time.Sleep(startTime)
	family, err := descendants(recorder)
	if err != nil {
		return nil, err
	}
	child, ok := family["debrief-capture"]
	if !ok {
		return nil, fmt.Errorf("no debrief-capture beside %s: make build", programs)
	}
	helpers := []int{recorder}
	for _, pid := range family {
		helpers = append(helpers, pid)
	}
	cost, err := costs(length, map[string][]int{"recorder": helpers, "parent": {recorder}, "capture": {child}, "callback": {callback}, "arecord": {arecord}})
	if err != nil {
		return nil, err
	}
	load, err := loadAverage()
	if err != nil {
		return nil, err
	}
	alone := fmt.Sprintf("load average %.1f, at most 1 when nothing else runs", load)
	ratio := atMost("times a bare callback", cost["recorder"]/cost["callback"], maxRatio, "x")
	ratio.Note = alone
	out := []figure{
		atMost("recording", cost["recorder"], maxCost, "% of one core"),
		told("  parent", cost["parent"], "% of one core"),
		told("  child", cost["capture"], "% of one core"),
		told("  a bare PortAudio callback", cost["callback"], "% of one core"),
		told("  arecord", cost["arecord"], "% of one core"),
		ratio,
	}
	return memories(out, recorder, child, family, arecord)
}

func memories(out []figure, recorder, child int, family map[string]int, arecord int) ([]figure, error) {
	parent, err := memory(recorder)
	if err != nil {
		return nil, err
	}
	capture, err := memory(child)
	if err != nil {
		return nil, err
	}
	other, err := memory(arecord)
	if err != nil {
		return nil, err
	}
	out = append(out,
		atMost("memory of parent and child, RSS", parent.rss+capture.rss, maxRSS, "MB"),
		atMost("  at its peak", parent.peak+capture.peak, maxRSS, "MB"),
		told("  parent", parent.rss, "MB"),
		told("  child", capture.rss, "MB"),
		told("  both, shared pages by halves (PSS)", parent.pss+capture.pss, "MB"))
	if pid, ok := family["pactl"]; ok {
		watch, err := memory(pid)
		if err != nil {
			return nil, err
		}
		f := told("  pactl, which tells of moved streams", watch.rss, "MB")
		f.Note = fmt.Sprintf("PSS %.1f", watch.pss)
		out = append(out, f)
	}
	return append(out, told("  arecord", other.rss, "MB")), nil
}

func print(figures []figure, out string) error {
	held := true
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, f := range figures {
		verdict := ""
		switch {
		case !f.Held:
			verdict, held = "MISSED", false
		case f.Bound != "":
			verdict = "held"
		}
		fmt.Fprintf(table, "%s\t%.2f %s\t%s\t%s\t%s\n", f.Name, f.Value, f.Unit, f.Bound, verdict, f.Note)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(out, append(text, '\n'), 0o644); err != nil {
		return err
	}
	if !held {
		return fmt.Errorf("a figure misses its bound")
	}
	return nil
}
