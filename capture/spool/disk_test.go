//go:build linux

package spool

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"debrief"

	"golang.org/x/sys/unix"
)

// onlyRoot skips the test for others: they may mount nothing, and mkfs is not on their path.
func onlyRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting a test disk needs root")
	}
}

// mount mounts a file system for the test.
func mount(t *testing.T, args ...string) string {
	t.Helper()
	onlyRoot(t)
	dir := t.TempDir()
	out, err := exec.Command("mount", append(args, dir)...).CombinedOutput()
	if err != nil {
		t.Skipf("this machine lets no test disk be mounted: %s", out)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// image makes an ext4 file system in a file.
func image(t *testing.T, megabytes int) string {
	t.Helper()
	onlyRoot(t)
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(megabytes)<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", path).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v (install it with make setup)\n%s", err, out)
	}
	return path
}

func TestDiskFull(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 9))
	disks := map[string]func(t *testing.T) string{
		"tmpfs": func(t *testing.T) string {
			return mount(t, "-t", "tmpfs", "-o", "size="+strconv.Itoa(600+4*rnd.IntN(100))+"k", "tmpfs")
		},
		"ext4": func(t *testing.T) string { return mount(t, "-o", "loop", image(t, 4)) },
	}
	for name, disk := range disks {
		for range 3 {
			t.Run(name+" keeps what was recorded until then", func(t *testing.T) {
				root := filepath.Join(disk(t), "spool")
				w := mustCreate(t, Config{Root: root, Layout: 20000, SyncEvery: 5 * time.Millisecond})
				var at debrief.Samples
				var err error
				for err == nil {
					n := 1 + rnd.IntN(3000)
					err = w.Append(ramp(at, n))
					if err == nil {
						at += debrief.Samples(n)
					}
				}
				if !errors.Is(err, debrief.ErrDiskFull) {
					t.Fatalf("full disk: %v", err)
				}
				if err := w.Append(ramp(at, 5)); !errors.Is(err, debrief.ErrDiskFull) {
					t.Errorf("after it: %v", err)
				}
				if err := w.Close(); err != nil {
					t.Fatalf("close on a full disk: %v", err)
				}
				st := mustLoad(t, w.Dir())
				if n := checkRamp(t, st); n < at {
					t.Errorf("%d of %d samples kept", n, at)
				}
				if st.Ended.IsZero() {
					t.Error("the recording has no end")
				}
			})
		}
	}
}

// TestPowerCut copies the disk under a running writer, as a power cut would freeze it. The copy
// holds at least what the writer had called safe.
func TestPowerCut(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	rnd := rand.New(rand.NewPCG(5, 5))
	for range rounds {
		img := image(t, 24)
		w := startWriter(t, mount(t, "-o", "loop", img))
		_, safe := w.reports(t, 100+rnd.IntN(400))
		for appended := debrief.Samples(1); safe == 0 && appended > 0; { // a disk may take long for its first sync
			appended, safe = w.reports(t, 1)
		}
		if err := w.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(img)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		w.cmd.Wait()
		frozen := filepath.Join(t.TempDir(), "frozen.img")
		if err := os.WriteFile(frozen, data, 0o600); err != nil {
			t.Fatal(err)
		}
		got := mustRecover(t, mount(t, "-o", "loop", frozen), nil)
		if len(got) != 1 {
			t.Fatalf("recovered %+v", got)
		}
		rec := got[0].State.Recording
		if len(rec.Gaps) == 0 {
			checkRamp(t, got[0].State)
		}
		if rec.Samples < safe || safe == 0 {
			t.Errorf("%d samples recovered, %d were called safe", rec.Samples, safe)
		}
	}
}
