//go:build linux && cgo && !noportaudio

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"debrief"
	"debrief/internal/bench/proc"

	"github.com/gordonklaus/portaudio"
)

// callbackArg makes this program the bare callback.
const callbackArg = "bare-callback"

// bareCallback opens the microphone as facts of PortAudio's cost are told: a callback that does
// nothing. It returns only with an error.
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
		if err := s.Start(); err != nil {
			return err
		}
		select {}
	}
	return errors.New("the virtual microphone is not there")
}

// ticksPerSecond is the unit of /proc/PID/stat on every Linux that Go runs on (USER_HZ).
const ticksPerSecond = 100

// costs lets groups of processes work for a while and returns what of one core each has used, in %.
func costs(length time.Duration, groups map[string][]int) (map[string]float64, error) {
	before, err := used(groups)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	time.Sleep(length)
	after, err := used(groups)
	if err != nil {
		return nil, err
	}
	took := time.Since(begun).Seconds()
	for name := range after {
		after[name] = 100 * (after[name] - before[name]) / took
	}
	return after, nil
}

// used is the processor time of each group until now, in seconds.
func used(groups map[string][]int) (map[string]float64, error) {
	out := map[string]float64{}
	for name, pids := range groups {
		for _, pid := range pids {
			fields, err := stat(pid)
			if err != nil {
				return nil, fmt.Errorf("%s has ended: %w", name, err)
			}
			user, err1 := strconv.Atoi(fields[11])
			system, err2 := strconv.Atoi(fields[12])
			if err := errors.Join(err1, err2); err != nil {
				return nil, err
			}
			out[name] += float64(user+system) / ticksPerSecond
		}
	}
	return out, nil
}

// stat is /proc/PID/stat behind the name of the program: state, parent, ...
func stat(pid int) ([]string, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(data)[strings.LastIndexByte(string(data), ')')+2:]), nil
}

// descendants are the processes that one has started, by the name of their program.
func descendants(parent int) (map[string]int, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	for _, path := range paths {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return nil, err
		}
		fields, err := stat(pid)
		if err != nil || fields[1] != strconv.Itoa(parent) {
			continue // it ended, or is another's
		}
		program, err := os.Readlink(filepath.Join(filepath.Dir(path), "exe"))
		if err == nil {
			out[filepath.Base(program)] = pid
		}
	}
	return out, nil
}

// held is what memory a process holds, in MB.
type held struct{ rss, pss, peak float64 }

func memory(pid int) (h held, err error) {
	for field, mb := range map[string]*float64{proc.Resident: &h.rss, proc.Proportional: &h.pss, proc.Peak: &h.peak} {
		if *mb, err = proc.Memory(pid, field); err != nil {
			return h, err
		}
	}
	return h, nil
}

func loadAverage() (load float64, err error) {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(string(data), &load)
	return load, err
}

// clock is the time of all processors since the start of the machine in seconds: all of it, and what of it the host of a
// virtual machine took for others.
type clock struct{ all, stolen float64 }

// stealField is where a line "cpu" of /proc/stat tells what the host took.
const stealField = 8

func processorClock() (c clock, err error) {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return c, err
	}
	line, _, _ := strings.Cut(string(data), "\n")
	for i, field := range strings.Fields(line) {
		if i == 0 || i > stealField {
			continue
		}
		ticks, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return c, err
		}
		c.all += ticks / ticksPerSecond
		if i == stealField {
			c.stolen = ticks / ticksPerSecond
		}
	}
	return c, nil
}
