package ort_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"debrief"
	"debrief/internal/models"
	"debrief/internal/ort"
)

func TestStart(t *testing.T) {
	dir, err := models.Find()
	if err != nil {
		t.Fatal(err)
	}
	// In this order: a process loads the library once.
	t.Run("ErrModel without the library", func(t *testing.T) {
		err := ort.Start(filepath.Join(t.TempDir(), "libonnxruntime.so"))
		if !errors.Is(err, debrief.ErrModel) || !strings.Contains(debrief.Hint(err), "make setup") {
			t.Errorf("got %v (hint %q), want ErrModel", err, debrief.Hint(err))
		}
	})
	t.Run("OK again and again", func(t *testing.T) {
		for range 2 {
			if err := ort.Start(dir.Runtime()); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("ErrModel for a second library", func(t *testing.T) {
		if err := ort.Start("/other/libonnxruntime.so"); !errors.Is(err, debrief.ErrModel) {
			t.Errorf("got %v, want ErrModel", err)
		}
	})
}

func TestOpen(t *testing.T) {
	dir, err := models.Find()
	if err != nil {
		t.Fatal(err)
	}
	if err := ort.Start(dir.Runtime()); err != nil {
		t.Fatal(err)
	}
	t.Run("OK", func(t *testing.T) {
		s, err := ort.Open(filepath.Join(dir.USE(), "encoder.onnx"), []string{"ids"}, []string{"emb"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Destroy(); err != nil {
			t.Error(err)
		}
	})
	t.Run("ErrModel for a file that is no model", func(t *testing.T) {
		_, err := ort.Open(filepath.Join(dir.USE(), "vocab.json"), []string{"ids"}, []string{"emb"})
		if !errors.Is(err, debrief.ErrModel) {
			t.Errorf("got %v, want ErrModel", err)
		}
	})
}
