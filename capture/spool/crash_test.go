package spool

import (
	"bufio"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"debrief"
)

// The test binary is its own writer: with this variable set it spools the ramp into the directory
// named there and prints how many samples Append and Sync have answered for.
const writerEnv = "SPOOL_TEST_WRITER"

func TestMain(m *testing.M) {
	if root := os.Getenv(writerEnv); root != "" {
		writeForever(root)
	}
	os.Exit(m.Run())
}

func writeForever(root string) {
	// Short segments, so that a kill often meets one being finished.
	w, err := Create(Config{Root: root, Who: someone, Layout: 4000, SyncEvery: 20 * time.Millisecond})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	tick := time.NewTicker(time.Millisecond)
	for at := debrief.Samples(0); ; {
		<-tick.C
		n := 100 + rand.IntN(300)
		if err := w.Append(ramp(at, n)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		at += debrief.Samples(n)
		fmt.Printf("%d %d\n", at, w.Safe())
	}
}

// writer is such a process, and what it last said.
type writer struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startWriter(t *testing.T, root string) *writer {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerEnv+"="+root)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return &writer{cmd, bufio.NewScanner(out)}
}

// reports reads n reports, or all that are left when n is negative, and returns the last.
func (w *writer) reports(t *testing.T, n int) (appended, safe debrief.Samples) {
	t.Helper()
	for ; n != 0 && w.lines.Scan(); n-- {
		fields := strings.Fields(w.lines.Text())
		if len(fields) != 2 {
			break // cut off by the kill
		}
		a, err1 := strconv.Atoi(fields[0])
		s, err2 := strconv.Atoi(fields[1])
		if err1 != nil || err2 != nil {
			t.Fatalf("report %q", w.lines.Text())
		}
		appended, safe = debrief.Samples(a), debrief.Samples(s)
	}
	return appended, safe
}

// TestKilledWriter kills at random moments; what Append had taken is all there at the first start.
func TestKilledWriter(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	for round := range rounds {
		root := t.TempDir()
		w := startWriter(t, root)
		w.reports(t, 1+rnd.IntN(200))
		if round%8 == 0 {
			if got := mustRecover(t, root, nil); len(got) != 0 {
				t.Fatalf("recovery touched a living recording: %+v", got)
			}
		}
		if err := w.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		appended, _ := w.reports(t, -1)
		w.cmd.Wait()
		got := mustRecover(t, root, nil)
		if len(got) != 1 || !got[0].Ended {
			t.Fatalf("round %d: recovered %+v", round, got)
		}
		if n := checkRamp(t, got[0].State); n < appended {
			t.Fatalf("round %d: %d samples were taken, %d recovered", round, appended, n)
		}
		if gaps := got[0].State.Recording.Gaps; len(gaps) != 0 {
			t.Fatalf("round %d: gaps without a loss: %+v", round, gaps)
		}
		if again := mustRecover(t, root, nil); len(again) != 0 {
			t.Fatalf("round %d: second recovery: %+v", round, again)
		}
		if parts, _ := filepath.Glob(filepath.Join(root, "*", "*"+partSuffix)); len(parts) != 0 {
			t.Fatalf("round %d: left %v", round, parts)
		}
	}
}

func TestRecover(t *testing.T) {
	t.Run("half a sample at the end is cut off", func(t *testing.T) {
		root := t.TempDir()
		w := mustCreate(t, Config{Root: root})
		if err := w.Append(ramp(0, 333)); err != nil {
			t.Fatal(err)
		}
		crash(w)
		f, err := os.OpenFile(filepath.Join(w.Dir(), "000000.wav.part"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte{9})
		f.Close()
		got := mustRecover(t, root, nil)
		if n := checkRamp(t, got[0].State); n != 333 || got[0].Rescued != 333 {
			t.Errorf("%d samples, %d rescued", n, got[0].Rescued)
		}
	})
	t.Run("a short segment before another is a gap", func(t *testing.T) {
		root := t.TempDir()
		w := mustCreate(t, Config{Root: root, Layout: 1000, SyncEvery: time.Hour})
		if err := w.Append(ramp(0, 1500)); err != nil {
			t.Fatal(err)
		}
		crash(w)
		// As a power cut leaves it: the newer file had reached the disk, the older's tail had not.
		if err := os.Truncate(filepath.Join(w.Dir(), "000000.wav.part"), headerBytes+2*900); err != nil {
			t.Fatal(err)
		}
		rec := mustRecover(t, root, nil)[0].State.Recording
		if rec.Samples != 1400 || len(rec.Gaps) != 1 || rec.Gaps[0].At != 900 || rec.Gaps[0].Length != debrief.Samples(100).Duration() {
			t.Errorf("%d samples, gaps %+v", rec.Samples, rec.Gaps)
		}
	})
	t.Run("a segment renamed but not journaled is taken", func(t *testing.T) {
		root := t.TempDir()
		w := mustCreate(t, Config{Root: root, SyncEvery: time.Hour})
		if err := w.Append(ramp(0, 500)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.cur.finish(w.Dir()); err != nil {
			t.Fatal(err)
		}
		crash(w)
		got := mustRecover(t, root, nil)
		if n := checkRamp(t, got[0].State); n != 500 {
			t.Errorf("%d samples", n)
		}
	})
	t.Run("a lost segment is said, and nothing touched", func(t *testing.T) {
		root := t.TempDir()
		w := mustCreate(t, Config{Root: root, Layout: 100, SyncEvery: time.Hour})
		if err := w.Append(ramp(0, 250)); err != nil {
			t.Fatal(err)
		}
		crash(w)
		if err := os.Remove(filepath.Join(w.Dir(), "000001.wav.part")); err != nil {
			t.Fatal(err)
		}
		got, err := Recover(root, clock, slog.New(slog.DiscardHandler), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].Err == nil {
			t.Fatalf("recovered %+v", got)
		}
		if _, err := os.Stat(filepath.Join(w.Dir(), "000002.wav.part")); err != nil {
			t.Errorf("the segment behind it: %v", err)
		}
	})
	t.Run("leftovers of a creation are cleared", func(t *testing.T) {
		root := t.TempDir()
		left := filepath.Join(root, newPrefix+string(someone.ID))
		if err := os.Mkdir(left, dirMode); err != nil {
			t.Fatal(err)
		}
		mustRecover(t, root, nil)
		if _, err := os.Stat(left); err != nil {
			t.Fatal("its creator may be about to lock it")
		}
		if err := os.WriteFile(filepath.Join(left, lockName), nil, fileMode); err != nil {
			t.Fatal(err)
		}
		mustRecover(t, root, nil)
		if _, err := os.Stat(left); err == nil {
			t.Error("not cleared")
		}
	})
}
