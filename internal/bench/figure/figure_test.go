package figure

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFigures(t *testing.T) {
	held := []Figure{Told("memory", 3, "MB", "at its peak"), AtMost("wait", 200, 200, "ms"), AtLeast("speed", 15, 15, "x")}
	var out strings.Builder
	if err := Print(&out, held); err != nil || strings.Contains(out.String(), "MISSED") || strings.Count(out.String(), " held") != 2 {
		t.Errorf("%v, %s", err, &out)
	}
	for _, f := range []Figure{AtMost("wait", 200.1, 200, "ms"), AtLeast("speed", 14.9, 15, "x")} {
		out.Reset()
		if err := Print(&out, append(held, f)); !errors.Is(err, ErrMissed) || strings.Count(out.String(), "MISSED") != 1 {
			t.Errorf("%v, %s", err, &out)
		}
	}
	path := filepath.Join(t.TempDir(), "new", "figures.json")
	if err := Save(path, held); err != nil {
		t.Fatal(err)
	}
	if again, err := Load(path); err != nil || !slices.Equal(again, held) {
		t.Errorf("%v, %v", again, err)
	}
	if err := os.WriteFile(path, []byte("no figures"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := Load(path); err == nil {
		t.Errorf("read %v from what holds no figures", again)
	}
}
