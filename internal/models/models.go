// Package models finds, checks and prepares the files of the speech and sentence models and
// of the library that runs them.
//
// Programs call [Find] and take paths from the [Dir] it returns; [Dir.Verify] compares every
// file with the hash recorded when it was prepared. Set-up calls [Prepare], which turns what the
// packages of scripts/models.lock hold into that folder. The package never fetches anything
// and never runs a model.
package models

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"debrief"
	"debrief/internal/moonshine"
)

// EnvDir names the environment variable that says where the models are, before any search.
const EnvDir = "DEBRIEF_MODELS"

// Dir is a folder of prepared models.
type Dir struct{ root string }

// Find looks for the models: in $DEBRIEF_MODELS; in models beside the folder of the executable
// (bin/debrief finds ../models); in the user's data directory; and, so that tests find them, in
// models of the Go module around the working directory. The error wraps [debrief.ErrModel].
func Find() (Dir, error) {
	if dir := os.Getenv(EnvDir); dir != "" {
		return At(dir)
	}
	for _, dir := range places() {
		if d, err := At(dir); err == nil {
			return d, nil
		}
	}
	return Dir{}, missing(fmt.Errorf("find models: %w", debrief.ErrModel))
}

// At takes the models from a folder. The error wraps [debrief.ErrModel] when a file is not there.
func At(dir string) (Dir, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Dir{}, fmt.Errorf("find models in %s: %w: %w", dir, debrief.ErrModel, err)
	}
	d := Dir{abs}
	for _, name := range files() {
		info, err := os.Stat(d.path(name))
		if err == nil && !info.Mode().IsRegular() {
			err = errors.New("not a file")
		}
		if err != nil {
			return Dir{}, missing(fmt.Errorf("find models in %s: %s: %w: %w", dir, name, debrief.ErrModel, err))
		}
	}
	return d, nil
}

func missing(err error) error {
	return debrief.WithHint(err, "run make setup, or point "+EnvDir+" at a folder of prepared models")
}

// Root is the folder itself.
func (d Dir) Root() string { return d.root }

// Runtime is the shared library of ONNX Runtime.
func (d Dir) Runtime() string { return d.path(runtimeFile()) }

// Moonshine is the folder of the speech model: encoder.onnx, decoder.onnx and tokens.txt.
func (d Dir) Moonshine() string { return d.path(moonDir) }

// Silero is the voice activity model.
func (d Dir) Silero() string { return d.path(sileroFile) }

// USE is the folder of the sentence encoder: encoder.onnx and vocab.json.
func (d Dir) USE() string { return d.path("use-lite") }

func (d Dir) path(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

// Names of the prepared files inside the folder, with '/'.
const (
	moonDir     = "moonshine-tiny"
	moonEncoder = moonDir + "/" + moonshine.EncoderFile
	moonDecoder = moonDir + "/" + moonshine.DecoderFile
	moonTokens  = moonDir + "/tokens.txt"
	sileroFile  = "silero/silero_vad.onnx"
	useEncoder  = "use-lite/encoder.onnx"
	useVocab    = "use-lite/vocab.json"
)

func runtimeFile() string {
	if runtime.GOOS == "darwin" {
		return "runtime/libonnxruntime.dylib"
	}
	return "runtime/libonnxruntime.so"
}

// files lists every prepared file.
func files() []string {
	return []string{runtimeFile(), moonEncoder, moonDecoder, moonTokens, sileroFile, useEncoder, useVocab}
}

// places lists where the models may be, best first.
func places() []string {
	var out []string
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		out = append(out, filepath.Join(filepath.Dir(exe), "..", "models"))
	}
	if dir := dataHome(); dir != "" {
		out = append(out, filepath.Join(dir, "debrief", "models"))
	}
	if dir, err := os.Getwd(); err == nil {
		for ; ; dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				return append(out, filepath.Join(dir, "models"))
			} else if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return out
}

// dataHome is $XDG_DATA_HOME or its default (XDG base directory specification).
func dataHome() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "share")
}
