// Package scripts holds the tests of the scripts; it has no code of its own.
package scripts

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// run is one run of setup.sh on its own copy of what it needs of the repository.
type run struct {
	root string // the copy
	path string // folder first on PATH, for stand-ins of system commands
	only bool   // nothing else on PATH
}

func newRun(t *testing.T) run {
	t.Helper()
	r := run{root: t.TempDir(), path: t.TempDir()}
	for _, name := range []string{"scripts", "internal/onnx", "internal/models", "internal/moonshine"} {
		if err := os.CopyFS(filepath.Join(r.root, name), os.DirFS(filepath.Join("..", name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join("..", name))
		if err := errors.Join(err, os.WriteFile(filepath.Join(r.root, name), b, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// replace puts a script in the place of a system command.
func (r run) replace(t *testing.T, command, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.path, command), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// link makes system commands available when nothing else is on PATH.
func (r run) link(t *testing.T, commands ...string) {
	t.Helper()
	for _, c := range commands {
		found, err := exec.LookPath(c)
		if err := errors.Join(err, os.Symlink(found, filepath.Join(r.path, c))); err != nil {
			t.Fatal(err)
		}
	}
}

// setup runs the script and returns what it prints and its exit code.
func (r run) setup(t *testing.T) (stdout, stderr string, code int) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), bash, filepath.Join(r.root, "scripts", "setup.sh"))
	path := r.path
	if !r.only {
		path += ":" + os.Getenv("PATH")
	}
	cmd.Env = append(os.Environ(), "PATH="+path, "XDG_CACHE_HOME="+filepath.Join(r.root, "cache"))
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), problems.String(), cmd.ProcessState.ExitCode()
}

// wantNoModels checks that nothing is half installed.
func (r run) wantNoModels(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(r.root, "models")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a models folder (%v)", err)
	}
}

func TestSetupDoesNothingWhenAllIsThere(t *testing.T) {
	r := newRun(t)
	models, err := filepath.Abs("../models")
	if err := errors.Join(err, os.Symlink(models, filepath.Join(r.root, "models"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{"npm", "apt-get", "sudo"} {
		r.replace(t, c, "echo called: $0 >&2; exit 99")
	}
	stdout, stderr, code := r.setup(t)
	if code != 0 || stdout != "set-up: everything is there\n" || stderr != "" {
		t.Errorf("exit %d, printed %q and %q; is make setup done?", code, stdout, stderr)
	}
}

func TestSetupFetchesAgainWhenAModelIsCutShort(t *testing.T) {
	r := newRun(t)
	models := filepath.Join(r.root, "models")
	if err := os.CopyFS(models, os.DirFS("../models")); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(models, "use-lite", "vocab.json"), 100); err != nil {
		t.Fatal(err)
	}
	r.replace(t, "npm", "exit 99")
	if _, stderr, code := r.setup(t); code != 1 || !strings.Contains(stderr, "could not be fetched") {
		t.Errorf("exit %d, printed %q; want an attempt to fetch", code, stderr)
	}
}

func TestSetupRefusesAPackageThatIsNotThePinnedOne(t *testing.T) {
	r := newRun(t)
	r.replace(t, "npm", "echo other bytes > package.tgz")
	_, stderr, code := r.setup(t)
	if code != 1 || !strings.Contains(stderr, "error: @moonshine-ai/moonshine-js 0.1.29 is not what scripts/models.lock pins") ||
		!strings.Contains(stderr, "\nhint: ") {
		t.Errorf("exit %d, printed %q", code, stderr)
	}
	r.wantNoModels(t)
}

func TestSetupSaysWhyAPackageCannotBeFetched(t *testing.T) {
	r := newRun(t)
	r.replace(t, "npm", "echo 'npm error network unreachable' >&2; exit 1")
	_, stderr, code := r.setup(t)
	for _, want := range []string{"npm error network unreachable", "error: @moonshine-ai/moonshine-js 0.1.29 could not be fetched", "hint: "} {
		if !strings.Contains(stderr, want) {
			t.Errorf("printed %q, without %q", stderr, want)
		}
	}
	if code != 1 {
		t.Errorf("exit %d, want 1", code)
	}
	r.wantNoModels(t)
}

func TestSetupPrintsTheCommandsOnMacOS(t *testing.T) {
	r := newRun(t)
	r.only = true
	r.link(t, "bash", "dirname", "cat", "awk", "make")
	r.replace(t, "uname", `[ "$1" = -s ] && echo Darwin || echo arm64`)
	stdout, stderr, code := r.setup(t)
	for _, want := range []string{
		"  brew install pkg-config portaudio ffmpeg flac sox espeak-ng pulseaudio chromium poppler\n",
		"  npm pack @moonshine-ai/moonshine-js@0.1.29\n",
		"  npm pack sherpa-onnx-darwin-arm64@1.13.8\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("printed %q, without %q", stdout, want)
		}
	}
	if code != 1 || !strings.Contains(stderr, "error: ") || !strings.Contains(stderr, "hint: ") {
		t.Errorf("exit %d, printed %q", code, stderr)
	}
	r.wantNoModels(t)
}
