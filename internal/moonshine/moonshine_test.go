package moonshine

import (
	"errors"
	"testing"

	"debrief/internal/onnx"
)

// What a graph must hold is checked on the real files when set-up prepares them and where
// package transcribe runs the result; here, that other files are told apart from them.
func TestPrepareOtherModels(t *testing.T) {
	empty := (&onnx.Model{Graph: &onnx.Graph{Name: "empty"}}).Marshal()
	for name, b := range map[string][]byte{"not a model": []byte("ceci n'est pas un modèle"), "another model": empty} {
		t.Run(name, func(t *testing.T) {
			if files, err := Prepare(b, b); !errors.Is(err, onnx.ErrMalformed) || files != nil {
				t.Errorf("Prepare = %d files, %v; want ErrMalformed", len(files), err)
			}
			if vad, err := PrepareVAD(b); !errors.Is(err, onnx.ErrMalformed) || vad != nil {
				t.Errorf("PrepareVAD = %d bytes, %v; want ErrMalformed", len(vad), err)
			}
		})
	}
}

func TestGatesOrder(t *testing.T) {
	got := gates([]float32{1, 1, 2, 2, 3, 3, 4, 4})
	want := []float32{1, 1, 4, 4, 2, 2, 3, 3}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("gates = %v, want %v", got, want)
		}
	}
}
