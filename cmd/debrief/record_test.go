package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"debrief"
	"debrief/capture"
	"debrief/capture/sound"
	"debrief/internal/testenv"
	"debrief/internal/testsound"
	"debrief/storage"

	"github.com/google/go-cmp/cmp"
)

// patience bounds every wait of these tests: far beyond what a loaded machine needs.
const patience = 15 * time.Minute

// programs builds what make build does and returns the path of debrief.
func programs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	build := func(env []string, args ...string) {
		t.Helper()
		cmd := exec.Command("go", append([]string{"build"}, args...)...)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build: %v: %s", err, out)
		}
	}
	build(nil, "-o", dir, "debrief/cmd/debrief", "debrief/cmd/debrief-capture")
	build([]string{"CGO_ENABLED=0"}, "-tags", "recorder", "-o", filepath.Join(dir, recorderProgram), ".")
	return filepath.Join(dir, wholeProgram)
}

// TestProgramOfAnotherBuild leaves a program of an older build beside debrief, as an update of one of them alone does.
func TestProgramOfAnotherBuild(t *testing.T) {
	program := programs(t)
	record := func() string {
		t.Helper()
		var told strings.Builder
		cmd := exec.Command(program, recordName, "--help")
		cmd.Stderr = &told
		if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), "--client") {
			t.Fatalf("debrief record --help: %v, %s", err, out)
		}
		return told.String()
	}
	if told := record(); told != "" {
		t.Fatalf("of the same build: %s", told)
	}
	for _, name := range []string{recorderProgram, captureProgram} {
		beside := filepath.Join(filepath.Dir(program), name)
		if err := os.Rename(beside, beside+".kept"); err != nil {
			t.Fatal(err)
		}
		if told := record(); told != "" {
			t.Errorf("without %s: %s", name, told)
		}
		for what, script := range map[string]string{"older": "echo debrief version 0.1", "broken": "exit 1"} {
			if err := os.WriteFile(beside, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			if told := record(); !strings.Contains(told, name+" says it is") || !strings.Contains(told, "hint: make build") {
				t.Errorf("%s %s: told %q", what, name, told)
			}
		}
		if err := os.Rename(beside+".kept", beside); err != nil {
			t.Fatal(err)
		}
	}
}

// recording is debrief record --json at work.
type recording struct {
	t      *testing.T
	cmd    *exec.Cmd
	events chan capture.Event
}

func startRecording(t *testing.T, env []string, program string, args ...string) *recording {
	t.Helper()
	cmd := exec.Command(program, append([]string{"record", "--json", "--client", "c01", "--session", "3", "--phase", "immediate", "--device", "lapel"}, args...)...)
	cmd.Env = append(env, "DEBRIEF_MODELS="+filepath.Join(testenv.Root(t), "models"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &recording{t: t, cmd: cmd, events: make(chan capture.Event, 10_000)}
	go func() {
		defer close(r.events)
		for in := bufio.NewScanner(out); in.Scan(); {
			var e capture.Event
			if json.Unmarshal(in.Bytes(), &e) == nil {
				r.events <- e
			}
		}
	}()
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return r
}

// until waits for an event.
func (r *recording) until(kind string) capture.Event {
	r.t.Helper()
	timeout := time.After(patience)
	var seen []capture.Event
	for {
		select {
		case e, ok := <-r.events:
			if !ok {
				r.t.Fatalf("ended before %q: %+v", kind, seen)
			}
			if e.Kind == kind {
				return e
			}
			if e.Kind != "status" {
				seen = append(seen, e)
			}
		case <-timeout:
			r.t.Fatalf("no %q in %v: %+v", kind, patience, seen)
		}
	}
}

// stop ends the recording as Ctrl-C does and waits for everything after it.
func (r *recording) stop() {
	r.t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
		r.t.Fatal(err)
	}
	for range r.events {
	}
	if err := r.cmd.Wait(); err != nil {
		r.t.Fatal(err)
	}
}

// helper finds a process that this one started, directly or by nice.
func (r *recording) helper(name string) int {
	r.t.Helper()
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(r.cmd.Process.Pid), "-f", name).Output()
	if err != nil {
		r.t.Fatalf("no process %s: %v", name, err)
	}
	pid, err := strconv.Atoi(strings.Fields(string(out))[0])
	if err != nil {
		r.t.Fatal(err)
	}
	return pid
}

// withoutTimes reads a store and leaves out when its documents were made.
func withoutTimes(t *testing.T, store string) map[string]string {
	t.Helper()
	left := files(t, store)
	for name, data := range left {
		if filepath.Ext(name) == ".json" {
			left[name] = madeAt.ReplaceAllString(data, `"made":"-"`)
		}
	}
	return left
}

// processAgain throws away what was made of the only recording of a store and has it made from
// what is stored. It returns the store as it was and as it is then.
func processAgain(t *testing.T, program, store, spool string) (live, after map[string]string) {
	t.Helper()
	live = withoutTimes(t, store)
	for name := range live {
		switch filepath.Base(name) {
		case "transcript.json", "tags.json", "summary.json":
			if err := os.Remove(filepath.Join(store, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	finish(t, program, store, spool)
	return live, withoutTimes(t, store)
}

func finish(t *testing.T, program, store, spool string) {
	t.Helper()
	cmd := exec.Command(program, "record", "--finish", "--process", "--store", store, "--spool", spool)
	cmd.Env = append(os.Environ(), "DEBRIEF_MODELS="+filepath.Join(testenv.Root(t), "models"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("finish: %v: %s", err, out)
	}
}

// speech plays a part of a sample over and over into a microphone.
func speech(t *testing.T, server *testsound.Server) {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "speech.raw")
	testenv.FFmpeg(t, "-stream_loop", "-1", "-i", clip(t, "c01_s2_immediate.ogg", "19", "40"), "-t", "600", "-f", "s16le", raw)
	f, err := os.Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	server.Feed("lapel", f)
}

// TestRecordProcess records speech with the programs a user has, by the virtual microphone.
func TestRecordProcess(t *testing.T) {
	if !sound.Available {
		t.Skip("built without PortAudio")
	}
	program := programs(t)

	t.Run("transcribes while it records, and the same as afterwards", func(t *testing.T) {
		server := testsound.Start(t, "lapel")
		speech(t, server)
		store, dir := t.TempDir(), t.TempDir()
		r := startRecording(t, server.Env(), program, "--process", "--store", store, "--spool", dir)
		if at := r.until(kindTranscribed).At; at == 0 {
			t.Error("transcribed up to nowhere")
		}
		// What it had heard is kept: the next one goes on from there.
		if err := syscall.Kill(r.helper(scribeName), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		ended := time.Now()
		r.stop()
		t.Logf("the results were there %v after the end", time.Since(ended).Round(time.Second/10))
		if rec := onlyRecording(t, store); len(rec.Gaps) != 0 {
			t.Errorf("the transcription disturbed the recording: %+v", rec.Gaps)
		}
		live, after := processAgain(t, program, store, dir)
		if diff := cmp.Diff(after, live); diff != "" {
			t.Errorf("made while recording and made afterwards differ (-afterwards +meanwhile):\n%s", diff)
		}
		if !strings.Contains(strings.Join(keys(live), " "), "summary.json") {
			t.Errorf("the store holds %v", keys(live))
		}
	})

	t.Run("what a crash left is finished into one recording", func(t *testing.T) {
		server := testsound.Start(t, "lapel")
		speech(t, server)
		store, dir := t.TempDir(), t.TempDir()
		r := startRecording(t, server.Env(), program, "--process", "--store", store, "--spool", dir)
		for at := debrief.Samples(0); at < 15*debrief.SampleRate; { // two of its prompts are answered by then
			r.until("status")
			at = spooledNow(t, dir)
		}
		if err := r.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		r.cmd.Wait()
		whole := spooledNow(t, dir)
		finish(t, program, store, dir)
		if rec := onlyRecording(t, store); rec.Status != debrief.Stored || rec.Samples < whole || len(rec.Gaps) != 0 {
			t.Errorf("%s of %s, gaps %+v, %s", rec.Samples, whole, rec.Gaps, rec.Status)
		}
		before := withoutTimes(t, store)
		if !strings.Contains(strings.Join(keys(before), " "), "summary.json") {
			t.Errorf("the store holds %v", keys(before))
		}
		finish(t, program, store, dir)
		if diff := cmp.Diff(before, withoutTimes(t, store)); diff != "" {
			t.Errorf("finishing again changed something:\n%s", diff)
		}
	})
}

// onlyRecording is the one recording that a store shall hold.
func onlyRecording(t *testing.T, store string) debrief.Recording {
	t.Helper()
	bucket, err := storage.Open(t.Context(), store, storage.S3Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := storage.NewLibrary(bucket).Recordings(t.Context(), "c01")
	if err != nil || len(list) != 1 {
		t.Fatalf("%d recordings, %v", len(list), err)
	}
	return list[0]
}

// spooledNow is how much audio the files of a spool hold, finished or not.
func spooledNow(t *testing.T, dir string) (n debrief.Samples) {
	t.Helper()
	parts, err := filepath.Glob(filepath.Join(dir, "*", "*.wav*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range parts {
		if info, err := os.Stat(path); err == nil { // else it has just got its final name
			n += debrief.Samples(max(0, info.Size()-44) / 2)
		}
	}
	return n
}

func keys(m map[string]string) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	return out
}
