package debrief_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// stages are the rooms of the house; none may know another.
var stages = []string{"capture", "storage", "transcribe", "summarize", "pipeline", "review"}

// TestImportRule holds the one rule of the layout: cmd -> stages -> internal -> root. Test
// files are free, because a test may put two rooms together to see that they fit.
func TestImportRule(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		seen++
		for _, imp := range strings.Fields(imports) {
			if why := forbidden(pkg, imp); why != "" {
				t.Errorf("%s imports %s: %s", pkg, imp, why)
			}
		}
	}
	if seen < len(stages) {
		t.Fatalf("looked at %d packages only", seen)
	}
}

// forbidden says why pkg may not import imp, or "".
func forbidden(pkg, imp string) string {
	inside := func(path string) (room string, ours bool) {
		if path == "debrief" {
			return "", true
		}
		rest, ours := strings.CutPrefix(path, "debrief/")
		room, _, _ = strings.Cut(rest, "/")
		return room, ours
	}
	from, _ := inside(pkg)
	to, ours := inside(imp)
	switch {
	case from == "" && strings.Contains(strings.Split(imp, "/")[0], "."):
		return "the domain knows the standard library only"
	case from == "" && ours && imp != "debrief":
		return "the domain knows no room"
	case from == "cmd" || !ours || to == from || to == "":
		return ""
	case to == "cmd":
		return "nothing knows the command"
	case slices.Contains(stages, from) && slices.Contains(stages, to):
		return "no stage knows another; declare an interface and let cmd wire it"
	case from == "internal" && slices.Contains(stages, to) && !figures(pkg):
		return "what stages share knows no stage"
	}
	return ""
}

// figures reports whether a package is a program that measures or trains a stage and is part of
// no binary users run.
func figures(pkg string) bool {
	return strings.HasPrefix(pkg, "debrief/internal/bench") || pkg == "debrief/internal/train"
}

func TestForbidden(t *testing.T) {
	for name, c := range map[string]struct {
		pkg, imp string
		ok       bool
	}{
		"CommandKnowsAll":       {"debrief/cmd/debrief", "debrief/storage", true},
		"StageKnowsRoot":        {"debrief/storage", "debrief", true},
		"StageKnowsInternal":    {"debrief/storage", "debrief/internal/audio", true},
		"StageKnowsStage":       {"debrief/pipeline", "debrief/storage", false},
		"InternalKnowsStage":    {"debrief/internal/audio", "debrief/transcribe", false},
		"RootKnowsVendor":       {"debrief", "github.com/minio/minio-go/v7", false},
		"RootKnowsInternal":     {"debrief", "debrief/internal/audio", false},
		"NothingKnowsCommand":   {"debrief/review", "debrief/cmd/debrief", false},
		"StageKnowsItsOwnParts": {"debrief/review", "debrief/review/static", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := forbidden(c.pkg, c.imp) == ""; got != c.ok {
				t.Errorf("%s -> %s allowed = %v, want %v", c.pkg, c.imp, got, c.ok)
			}
		})
	}
}

// TestSmallPrograms holds what the recorder's programs may carry: they run for hours beside
// whatever else a small machine does.
func TestSmallPrograms(t *testing.T) {
	for name, p := range map[string]struct {
		env, args []string
		rooms     []string // ours that may be in it, beside internal
	}{
		"debrief-recorder": {[]string{"CGO_ENABLED=0"}, []string{"-tags", "recorder", "./cmd/debrief"}, []string{"", "cmd", "capture", "storage"}},
		"debrief-capture":  {nil, []string{"./cmd/debrief-capture"}, []string{"", "cmd", "capture"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("go", append([]string{"list", "-deps"}, p.args...)...)
			cmd.Env = append(os.Environ(), p.env...)
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("list its packages: %v", err)
			}
			for _, pkg := range strings.Fields(string(out)) {
				rest, ours := strings.CutPrefix(pkg, "debrief/")
				room, _, _ := strings.Cut(rest, "/")
				if ours && room != "internal" && !slices.Contains(p.rooms, room) {
					t.Errorf("it carries %s", pkg)
				}
				for _, heavy := range []string{"onnxruntime", "gonum.org", "debrief/internal/models"} {
					if strings.Contains(pkg, heavy) {
						t.Errorf("it carries %s", pkg)
					}
				}
			}
		})
	}
}
