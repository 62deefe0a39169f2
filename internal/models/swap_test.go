package models

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestSwap(t *testing.T) {
	newFolder := func(t *testing.T, dir, name string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := errors.Join(os.Mkdir(path, 0o700), os.WriteFile(filepath.Join(path, "file"), []byte(name), 0o644)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	check := func(t *testing.T, dir string) {
		t.Helper()
		if b, err := os.ReadFile(filepath.Join(dir, "models", "file")); err != nil || string(b) != "made" {
			t.Errorf("models holds %q, %v; want what was made", b, err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("%v, %v; want models alone", entries, err)
		}
		if info, err := os.Stat(filepath.Join(dir, "models")); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("models is %v, %v; other users must be able to read it", info, err)
		}
	}
	t.Run("into an empty place", func(t *testing.T) {
		dir := t.TempDir()
		if err := swap(newFolder(t, dir, "made"), filepath.Join(dir, "models")); err != nil {
			t.Fatal(err)
		}
		check(t, dir)
	})
	t.Run("over an older folder", func(t *testing.T) {
		dir := t.TempDir()
		newFolder(t, dir, "models")
		if err := swap(newFolder(t, dir, "made"), filepath.Join(dir, "models")); err != nil {
			t.Fatal(err)
		}
		check(t, dir)
	})
}
