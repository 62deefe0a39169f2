//go:build soak && linux && cgo && !noportaudio

package capture

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"debrief"
	"debrief/internal/testsound"

	"github.com/gordonklaus/portaudio"
)

// The test binary is also a bare PortAudio callback that throws its samples away: what recording
// costs at least.
const callbackArg = "bare-callback-of-test"

func init() {
	programs[callbackArg] = func([]string) int {
		if err := bareCallback(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		select {}
	}
}

func bareCallback() error {
	if err := portaudio.Initialize(); err != nil {
		return err
	}
	devices, err := portaudio.Devices()
	if err != nil {
		return err
	}
	for _, d := range devices {
		if d.Name != "lapel" {
			continue
		}
		s, err := portaudio.OpenStream(portaudio.StreamParameters{
			Input:      portaudio.StreamDeviceParameters{Device: d, Channels: 1, Latency: 200 * time.Millisecond},
			SampleRate: debrief.SampleRate, FramesPerBuffer: debrief.SampleRate / 20,
		}, func([]int16) {})
		if err != nil {
			return err
		}
		return s.Start()
	}
	return debrief.ErrNotFound
}

// used is the processor time a process has used, in clock ticks of 10 ms.
func used(t *testing.T, pid int) int {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(data)[strings.LastIndexByte(string(data), ')')+2:])
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		t.Fatalf("%q", data)
	}
	return user + system
}

// memory is a process's resident and proportional set in kB. The second counts a page that n
// processes share as 1/n: parent and child are the same program.
func memory(t *testing.T, pid int) (rss, pss int) {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		fmt.Sscanf(line, "Rss: %d kB", &rss)
		fmt.Sscanf(line, "Pss: %d kB", &pss)
	}
	return rss, pss
}

// childOf finds the capture process of a recorder.
func childOf(t *testing.T, parent int) int {
	t.Helper()
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(parent), "-f", childArg).Output()
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.Fields(string(out))[0])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// Limits of the cost. The ratio holds for a machine that does nothing else: on a busy one PortAudio's
// thread, which polls all the time, gets its turn less often, and a bare callback costs a third.
const (
	maxCost  = 0.03 // of one core
	maxRatio = 1.3  // of a bare callback
	maxPSS   = 40 << 10
	quiet    = 1.5 // load average of a machine that does nothing else but this test
)

func loadAverage(t *testing.T) (load float64) {
	t.Helper()
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Sscan(string(data), &load)
	return load
}

// TestSoakCost measures recorder and child for two minutes, uploads included, beside a bare callback and arecord.
func TestSoakCost(t *testing.T) {
	const measure = 120 * time.Second
	server := testsound.Start(t, "lapel")
	server.FeedRamp("lapel")
	r := startRecorder(t, server.Env(), filepath.Join(t.TempDir(), "spool"))
	r.until("state recording")
	processes := map[string][]int{"recorder": {r.cmd.Process.Pid, childOf(t, r.cmd.Process.Pid)}}
	for name, args := range map[string][]string{
		"callback": {os.Args[0], callbackArg},
		"arecord":  {"arecord", "-q", "-D", "lapel", "-f", "S16_LE", "-r", "16000", "-c", "1", "/dev/null"},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = server.Env()
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
		processes[name] = []int{cmd.Process.Pid}
	}
	sum := func() map[string]int {
		out := map[string]int{}
		for name, pids := range processes {
			for _, pid := range pids {
				out[name] += used(t, pid)
			}
		}
		return out
	}
	r.wait(5 * time.Second) // PortAudio spins while a stream starts
	before, begun := sum(), time.Now()
	r.wait(measure)
	after, took := sum(), time.Since(begun).Seconds()
	cost := map[string]float64{}
	for name := range processes {
		cost[name] = float64(after[name]-before[name]) / 100 / took
		t.Logf("%-9s %5.2f %% of a core", name, 100*cost[name])
	}
	parentRSS, parentPSS := memory(t, processes["recorder"][0])
	childRSS, childPSS := memory(t, processes["recorder"][1])
	t.Logf("recorder  %d + %d kB resident, %d + %d kB proportional", parentRSS, childRSS, parentPSS, childPSS)
	if cost["recorder"] > maxCost {
		t.Errorf("recording costs %.2f %% of a core", 100*cost["recorder"])
	}
	ratio, load := cost["recorder"]/cost["callback"], loadAverage(t)
	t.Logf("%.2f times a bare callback, at a load average of %.1f", ratio, load)
	if ratio > maxRatio && load < quiet {
		t.Errorf("recording costs %.2f times a bare callback", ratio)
	}
	if parentPSS+childPSS > maxPSS {
		t.Errorf("recorder and child take %d kB", parentPSS+childPSS)
	}
	r.cmd.Process.Signal(syscall.SIGINT)
}
