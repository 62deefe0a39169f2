package storage_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"debrief"
	"debrief/storage"
)

func newDir(t testing.TB, root string) *storage.Dir {
	t.Helper()
	d, err := storage.NewDir(root)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDirDeleteDoesNotDisturbPut lets folders come and go under writers: no file may be lost to
// a folder that is just taken away.
func TestDirDeleteDoesNotDisturbPut(t *testing.T) {
	root := t.TempDir()
	const writers, rounds = 4, 60
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		d := newDir(t, root) // each as a process of its own would have it
		key := fmt.Sprintf("f/g/h/%d", w)
		wg.Go(func() {
			for range rounds {
				if _, errs[w] = d.Put(t.Context(), key, strings.NewReader(key), int64(len(key)), storage.Condition{}); errs[w] != nil {
					return
				}
				if _, errs[w] = d.Stat(t.Context(), key); errs[w] != nil {
					return
				}
				if errs[w] = d.Delete(t.Context(), key); errs[w] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(root, "f")); left != nil {
		t.Errorf("empty folders are left: %v", left)
	}
}

// TestDirTwoProcesses lets two instances, which share no memory, race for one document.
func TestDirTwoProcesses(t *testing.T) {
	root := t.TempDir()
	const rounds = 50
	var wg sync.WaitGroup
	var wins [2][rounds]bool
	for p := range 2 {
		d := newDir(t, root)
		wg.Go(func() {
			for i := range rounds {
				_, err := d.Put(t.Context(), fmt.Sprintf("doc/%d", i), strings.NewReader("x"), 1, storage.Condition{IfNoneMatch: true})
				wins[p][i] = err == nil
				if err != nil && !errors.Is(err, debrief.ErrConflict) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range rounds {
		if wins[0][i] == wins[1][i] {
			t.Errorf("document %d: both won = %v", i, wins[0][i])
		}
	}
}

// TestDirKilledWriter kills real writers with SIGKILL, at any moment and in the middle of a
// write, and looks at what they leave: objects that are whole, and unfinished files that the
// next start clears away.
func TestDirKilledWriter(t *testing.T) {
	if root := os.Getenv("DEBRIEF_TEST_KILL"); root != "" {
		writeUntilKilled(t, root)
	}
	root := t.TempDir()
	temp := filepath.Join(root, ".debrief", "tmp")
	for round := range 10 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestDirKilledWriter$")
		cmd.Env = append(os.Environ(), "DEBRIEF_TEST_KILL="+root)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cmd.StdinPipe(); err != nil { // what the child waits for and never gets
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// A byte for each finished write, then one from the middle of the last.
		wait := round%killedWrites + 1
		if round%2 == 0 {
			wait = killedWrites + 1
		}
		_, err = io.ReadFull(out, make([]byte, wait))
		cmd.Process.Kill()
		cmd.Wait()
		if err != nil {
			t.Fatalf("writer: %v", err)
		}
		before, _ := os.ReadDir(temp)
		if wait > killedWrites && len(before) != 1 {
			t.Errorf("a writer killed in the middle of a write leaves %d unfinished files, want 1", len(before))
		}
		d := newDir(t, root)
		if after, _ := os.ReadDir(temp); len(after) != 0 {
			t.Errorf("%d unfinished files are left of %d", len(after), len(before))
		}
		checkKilled(t, d)
	}
}

const (
	killedSize   = 1 << 20 // bytes of each write
	killedWrites = 6       // finished before the one that never is
)

// writeUntilKilled overwrites a few objects and then stops in the middle of one.
func writeUntilKilled(t *testing.T, root string) {
	d := newDir(t, root)
	put := func(i int, r io.Reader) {
		if _, err := d.Put(t.Context(), fmt.Sprintf("k/%d", i%3), r, killedSize, storage.Condition{}); err != nil {
			t.Fatal(err)
		}
		os.Stdout.Write([]byte{'.'})
	}
	for i := range killedWrites {
		put(i, strings.NewReader(strings.Repeat(string(rune('a'+i)), killedSize)))
	}
	half := strings.NewReader(strings.Repeat("z", killedSize/2))
	put(0, io.MultiReader(half, stuck{}))
}

// stuck is a reader that says that it was reached and then waits for the end of the process.
type stuck struct{}

func (stuck) Read(p []byte) (int, error) {
	os.Stdout.Write([]byte{'.'})
	return os.Stdin.Read(p)
}

// checkKilled wants every object to be of one piece.
func checkKilled(t *testing.T, d *storage.Dir) {
	t.Helper()
	for info, err := range d.List(t.Context(), "", storage.Deep) {
		if err != nil {
			t.Fatal(err)
		}
		o, err := d.Open(t.Context(), info.Key)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(o)
		o.Close()
		if err != nil || len(data) != killedSize || strings.Trim(string(data), string(data[:1])) != "" {
			t.Fatalf("%s: %d bytes (%v), want %d of one kind", info.Key, len(data), err, killedSize)
		}
	}
}

// TestDirSweepSparesTheLiving opens the store again and again while a file is being written.
func TestDirSweepSparesTheLiving(t *testing.T) {
	root := t.TempDir()
	d := newDir(t, root)
	r := &midway{swept: func() { newDir(t, root) }, left: 1000}
	if _, err := d.Put(t.Context(), "alive", r, 1000, storage.Condition{}); err != nil {
		t.Errorf("a living writer's file was swept away: %v", err)
	}
}

// midway is a reader in the middle of which somebody opens the store.
type midway struct {
	swept func()
	left  int
}

func (m *midway) Read(p []byte) (int, error) {
	if m.left == 0 {
		return 0, io.EOF
	}
	m.swept()
	n := min(len(p), m.left, 300)
	m.left -= n
	return n, nil
}

func TestDirErrors(t *testing.T) {
	t.Run("FileInTheWayIsErrInvalid", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := storage.NewDir(filepath.Join(file, "store"))
		if !errors.Is(err, debrief.ErrInvalid) || debrief.Hint(err) == "" {
			t.Errorf("error %v, hint %q", err, debrief.Hint(err))
		}
	})
	t.Run("KeyUnderAnObjectIsErrInvalid", func(t *testing.T) {
		d := newDir(t, t.TempDir())
		for _, key := range []string{"a", "b/c"} {
			if _, err := d.Put(t.Context(), key, strings.NewReader("x"), 1, storage.Condition{}); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []string{"a/b", "b"} {
			if _, err := d.Put(t.Context(), key, strings.NewReader("x"), 1, storage.Condition{}); !errors.Is(err, debrief.ErrInvalid) {
				t.Errorf("put %s: %v, want ErrInvalid", key, err)
			}
		}
	})
	t.Run("ForeignFilesAreNotListed", func(t *testing.T) {
		root := t.TempDir()
		d := newDir(t, root)
		for _, name := range []string{".DS_Store", "Übersicht.txt", "a b"} {
			if err := os.WriteFile(filepath.Join(root, name), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for info, err := range d.List(t.Context(), "", storage.Deep) {
			t.Errorf("listed %q, %v", info.Key, err)
		}
	})
	t.Run("OnlyTheOwnerMayRead", func(t *testing.T) {
		root := filepath.Join(t.TempDir(), "store")
		d := newDir(t, root)
		if _, err := d.Put(t.Context(), "a/b", strings.NewReader("x"), 1, storage.Condition{}); err != nil {
			t.Fatal(err)
		}
		filepath.WalkDir(root, func(path string, e fs.DirEntry, walked error) error {
			info, err := e.Info()
			if err := errors.Join(walked, err); err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
			return nil
		})
	})
}
