package models_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"debrief"
	"debrief/internal/models"
)

// prepared is the folder make setup made.
func prepared(t *testing.T) models.Dir {
	t.Helper()
	dir, err := models.Find()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// copied is a copy of the prepared folder, to be damaged.
func copied(t *testing.T) models.Dir {
	t.Helper()
	to := filepath.Join(t.TempDir(), "models")
	if err := os.CopyFS(to, os.DirFS(prepared(t).Root())); err != nil {
		t.Fatal(err)
	}
	dir, err := models.At(to)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// wantErrModel checks that the error is one a person can act on.
func wantErrModel(t *testing.T, err error, names string) {
	t.Helper()
	if !errors.Is(err, debrief.ErrModel) {
		t.Fatalf("got %v, want ErrModel", err)
	}
	if !strings.Contains(err.Error(), names) {
		t.Errorf("error %q does not name %s", err, names)
	}
	if !strings.Contains(debrief.Hint(err), "make setup") {
		t.Errorf("hint is %q", debrief.Hint(err))
	}
}

func TestFind(t *testing.T) {
	root, err := filepath.Abs("../../models")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("in the Go module around the working directory", func(t *testing.T) {
		t.Setenv(models.EnvDir, "")
		t.Setenv("XDG_DATA_HOME", t.TempDir())
		dir, err := models.Find()
		if err != nil || dir.Root() != root {
			t.Errorf("found %q, %v; want %q", dir.Root(), err, root)
		}
	})
	t.Run("in the user's data directory", func(t *testing.T) {
		data := t.TempDir()
		if err := os.Mkdir(filepath.Join(data, "debrief"), 0o755); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(data, "debrief", "models")
		if err := os.Symlink(root, link); err != nil {
			t.Fatal(err)
		}
		t.Setenv(models.EnvDir, "")
		t.Setenv("XDG_DATA_HOME", data)
		dir, err := models.Find()
		if err != nil || dir.Root() != link {
			t.Errorf("found %q, %v; want %q", dir.Root(), err, link)
		}
	})
	t.Run("ErrModel when the variable points elsewhere", func(t *testing.T) {
		t.Setenv(models.EnvDir, t.TempDir())
		_, err := models.Find()
		wantErrModel(t, err, "runtime/libonnxruntime")
	})
	t.Run("ErrModel when they are nowhere", func(t *testing.T) {
		t.Setenv(models.EnvDir, "")
		t.Setenv("XDG_DATA_HOME", t.TempDir())
		t.Chdir(t.TempDir())
		_, err := models.Find()
		wantErrModel(t, err, "find models")
	})
}

func TestAtErrModelWhenAFileIsMissing(t *testing.T) {
	dir := copied(t)
	if err := os.Remove(dir.Silero()); err != nil {
		t.Fatal(err)
	}
	_, err := models.At(dir.Root())
	wantErrModel(t, err, "silero/silero_vad.onnx")
}

func TestVerify(t *testing.T) {
	t.Run("OK as make setup left them", func(t *testing.T) {
		if err := prepared(t).Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("ErrModel names every file that changed", func(t *testing.T) {
		dir := copied(t)
		vocabulary := filepath.Join(dir.USE(), "vocab.json")
		for _, file := range []string{vocabulary, dir.Silero()} {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)/2] ^= 1
			if err := os.WriteFile(file, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		err := dir.Verify(t.Context())
		wantErrModel(t, err, "use-lite/vocab.json")
		wantErrModel(t, err, "silero/silero_vad.onnx")
	})
	t.Run("ErrModel when the hashes are gone or unreadable", func(t *testing.T) {
		dir := copied(t)
		sums := filepath.Join(dir.Root(), "SHA256SUMS")
		if err := os.WriteFile(sums, []byte("not a hash\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		wantErrModel(t, dir.Verify(t.Context()), "SHA256SUMS")
		if err := os.Remove(sums); err != nil {
			t.Fatal(err)
		}
		wantErrModel(t, dir.Verify(t.Context()), "SHA256SUMS")
	})
}

func TestPrepareErrModelLeavesWhatIsThere(t *testing.T) {
	lib := "runtime/" + filepath.Base(prepared(t).Runtime())
	for name, files := range map[string]map[string]string{
		"nothing to prepare from": {},
		"a model that is not one": {
			lib: "library", "moonshine/encoder_model.onnx": "<html>", "moonshine/decoder_model_merged.onnx": "<html>",
		},
	} {
		t.Run(name, func(t *testing.T) {
			from, parent := t.TempDir(), t.TempDir()
			for file, text := range files {
				path := filepath.Join(from, filepath.FromSlash(file))
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			kept := filepath.Join(parent, "models", "kept")
			if err := errors.Join(os.Mkdir(filepath.Dir(kept), 0o755), os.WriteFile(kept, nil, 0o644)); err != nil {
				t.Fatal(err)
			}
			if err := models.Prepare(t.Context(), from, filepath.Join(parent, "models")); !errors.Is(err, debrief.ErrModel) {
				t.Errorf("got %v, want ErrModel", err)
			}
			var left []string
			err := filepath.WalkDir(parent, func(path string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					left = append(left, path)
				}
				return err
			})
			if err != nil || len(left) != 1 || left[0] != kept {
				t.Errorf("left behind: %v, %v; want only %s", left, err, kept)
			}
			entries, err := os.ReadDir(parent)
			if err != nil || len(entries) != 1 {
				t.Errorf("left beside the folder: %v, %v", entries, err)
			}
		})
	}
}
