package capture

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"debrief"
)

func TestInhibit(t *testing.T) {
	tool := func(t *testing.T, script string) {
		t.Helper()
		dir := t.TempDir()
		for _, name := range []string{"systemd-inhibit", "caffeinate"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	}
	t.Run("holds until released", func(t *testing.T) {
		tool(t, `while [ "$1" != sh ]; do shift; done; exec "$@"`)
		release, err := Inhibit()
		if err != nil {
			t.Fatal(err)
		}
		release()
	})
	t.Run("ErrUnavailable when it is refused", func(t *testing.T) {
		tool(t, "exit 1")
		if _, err := Inhibit(); !errors.Is(err, debrief.ErrUnavailable) || debrief.Hint(err) == "" {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("ErrNotFound without the tool", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if _, err := Inhibit(); !errors.Is(err, debrief.ErrNotFound) || debrief.Hint(err) == "" {
			t.Errorf("err = %v", err)
		}
	})
}
