package storage_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"debrief"
	"debrief/storage"
)

// TestDirFullDisk fills a real file system of one megabyte.
func TestDirFullDisk(t *testing.T) {
	root := t.TempDir()
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("only root may mount a small file system: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(root, 0) })
	d := newDir(t, root)
	data := strings.Repeat("x", 400<<10)
	var err error
	puts := 0
	for ; err == nil && puts < 10; puts++ {
		_, err = d.Put(t.Context(), fmt.Sprintf("k%d", puts), strings.NewReader(data), int64(len(data)), storage.Condition{})
	}
	if !errors.Is(err, debrief.ErrDiskFull) || debrief.Hint(err) == "" {
		t.Fatalf("put %d on a full disk: %v, hint %q", puts, err, debrief.Hint(err))
	}
	if left, _ := os.ReadDir(filepath.Join(root, ".debrief", "tmp")); len(left) != 0 {
		t.Error("the unfinished file still takes the space")
	}
	if err := d.Delete(t.Context(), "k0"); err != nil {
		t.Fatalf("delete on a full disk: %v", err)
	}
	if _, err := d.Put(t.Context(), "k9", strings.NewReader(data), int64(len(data)), storage.Condition{}); err != nil {
		t.Errorf("put after making room: %v", err)
	}
}
