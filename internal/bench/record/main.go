//go:build linux && cgo && !noportaudio

// Command record measures what recording costs: the programs in bin/ on a virtual microphone,
// beside a bare PortAudio callback that throws its samples away and beside arecord, all at once.
//
//	make build && go run ./internal/bench/record
//
// It prints a table and writes bench/record.json; the exit code is 1 when a figure misses its
// bound. The ratio to the callback holds for a machine that does nothing else: on a busy one
// PortAudio's thread, which polls all the time, gets its turn less often and costs less. How the
// three fall in with one another decides at their start what each pays, by a third up or down; so
// they are started several times and the costs of all rounds are added.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"debrief/internal/bench/figure"
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

func main() {
	if len(os.Args) == 2 && os.Args[1] == callbackArg {
		fail(bareCallback())
	}
	length := flag.Duration("for", 65*time.Second, "how long to measure in each round; every minute a segment is uploaded")
	rounds := flag.Int("rounds", 4, "how often to start and measure")
	programs := flag.String("bin", "bin", "where make build put the programs")
	out := flag.String("out", "bench/record.json", "where the figures go as JSON")
	flag.Parse()
	begin, err := processorClock()
	fail(err)
	cost := map[string]float64{}
	var rest []figure.Figure
	for range *rounds {
		b := &bench{}
		used, sizes, err := b.round(*programs, *length)
		b.end()
		fail(err)
		for name, percent := range used {
			cost[name] += percent / float64(*rounds)
		}
		rest = sizes
	}
	figures, err := costFigures(cost, begin)
	fail(err)
	figures = append(figures, rest...)
	missed := figure.Print(os.Stdout, figures)
	fail(figure.Save(*out, figures))
	fail(missed)
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

// round records for a while and returns what of one core each program has used, in %, and what memory they held.
func (b *bench) round(programs string, length time.Duration) (cost map[string]float64, sizes []figure.Figure, err error) {
	server := testsound.Start(b, "lapel")
	server.FeedRamp("lapel")
	dir, err := os.MkdirTemp("", "bench-record")
	if err != nil {
		return nil, nil, err
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	recorder, err := b.start(server, filepath.Join(programs, "debrief"), "record", "--client", "c01", "--session", "1", "--phase", "immediate",
		"--device", "lapel", "--quiet", "--store", filepath.Join(dir, "store"), "--spool", filepath.Join(dir, "spool"))
	if err != nil {
		return nil, nil, err
	}
	callback, err := b.start(server, self, callbackArg)
	if err != nil {
		return nil, nil, err
	}
	arecord, err := b.start(server, "arecord", "-q", "-D", "lapel", "-t", "raw", "-f", "S16_LE", "-r", "16000", "-c", "1", "/dev/null")
	if err != nil {
		return nil, nil, err
	}
	time.Sleep(startTime)
	family, err := descendants(recorder)
	if err != nil {
		return nil, nil, err
	}
	child, ok := family["debrief-capture"]
	if !ok {
		return nil, nil, fmt.Errorf("no debrief-capture beside %s: make build", programs)
	}
	helpers := []int{recorder}
	for _, pid := range family {
		helpers = append(helpers, pid)
	}
	cost, err = costs(length, map[string][]int{"recorder": helpers, "parent": {recorder}, "capture": {child}, "callback": {callback}, "arecord": {arecord}})
	if err != nil {
		return nil, nil, err
	}
	if sizes, err = memories(recorder, child, family, arecord); err != nil {
		return nil, nil, err
	}
	return cost, sizes, nil
}

func costFigures(cost map[string]float64, begin clock) ([]figure.Figure, error) {
	load, err := loadAverage()
	if err != nil {
		return nil, err
	}
	end, err := processorClock()
	if err != nil {
		return nil, err
	}
	ratio := figure.AtMost("times a bare callback", cost["recorder"]/cost["callback"], maxRatio, "x")
	ratio.Note = fmt.Sprintf("load average %.1f, at most 1 when nothing else runs; %.0f %% of the processors taken by the host of a virtual machine",
		load, 100*(end.stolen-begin.stolen)/(end.all-begin.all))
	return []figure.Figure{
		figure.AtMost("recording", cost["recorder"], maxCost, "% of one core"),
		figure.Told("  parent", cost["parent"], "% of one core", ""),
		figure.Told("  child", cost["capture"], "% of one core", ""),
		figure.Told("  a bare PortAudio callback", cost["callback"], "% of one core", ""),
		figure.Told("  arecord", cost["arecord"], "% of one core", ""),
		ratio,
	}, nil
}

func memories(recorder, child int, family map[string]int, arecord int) ([]figure.Figure, error) {
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
	out := []figure.Figure{
		figure.AtMost("memory of parent and child, RSS", parent.rss+capture.rss, maxRSS, "MB"),
		figure.AtMost("  at its peak", parent.peak+capture.peak, maxRSS, "MB"),
		figure.Told("  parent", parent.rss, "MB", ""),
		figure.Told("  child", capture.rss, "MB", ""),
		figure.Told("  both, shared pages by halves (PSS)", parent.pss+capture.pss, "MB", ""),
	}
	if pid, ok := family["pactl"]; ok {
		watch, err := memory(pid)
		if err != nil {
			return nil, err
		}
		out = append(out, figure.Told("  pactl, which tells of moved streams", watch.rss, "MB", fmt.Sprintf("PSS %.1f", watch.pss)))
	}
	return append(out, figure.Told("  arecord", other.rss, "MB", "")), nil
}
