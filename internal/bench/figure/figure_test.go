package figure

import (
	"encoding/json"
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
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var again []Figure
	if err := json.Unmarshal(data, &again); err != nil || !slices.Equal(again, held) {
		t.Errorf("%v, %v", again, err)
	}
}
