// Package ort starts ONNX Runtime and opens sessions with the settings this program was
// measured with.
//
// Call [Start] with the path of the runtime's shared library, then [Open] for each model.
// The sessions are those of github.com/yalue/onnxruntime_go; this package hides nothing of
// them. It never looks for the library itself (internal/models knows where it is) and never
// stops the runtime, which lives as long as the process.
package ort

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

	onnx "github.com/yalue/onnxruntime_go"

	"debrief"
)

var started struct {
	sync.Mutex
	lib string
}

// Start loads the runtime's shared library. Later calls with the same path do nothing; with
// another path they fail, as a process can hold only one. Safe for concurrent use. The error
// wraps [debrief.ErrModel].
func Start(lib string) error {
	started.Lock()
	defer started.Unlock()
	if started.lib != "" {
		if started.lib != lib {
			return fmt.Errorf("start ONNX Runtime from %s: it already runs from %s: %w", lib, started.lib, debrief.ErrModel)
		}
		return nil
	}
	onnx.SetSharedLibraryPath(lib)
	if err := onnx.InitializeEnvironment(onnx.WithLogLevelError()); err != nil {
		return damaged(fmt.Errorf("start ONNX Runtime from %s: %w: %w", lib, debrief.ErrModel, err))
	}
	started.lib = lib
	return nil
}

// threads inside one operator. A second one made these small models 2-3 times slower per word
// (the operators are too short to share), while two sessions side by side scale.
const threads = 1

// Open makes a session of a model file, with its inputs and outputs in the order they are
// passed to Run. The caller destroys it. The error wraps [debrief.ErrModel].
func Open(model string, inputs, outputs []string) (*onnx.DynamicAdvancedSession, error) {
	opts, err := options()
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", model, err)
	}
	defer opts.Destroy()
	s, err := onnx.NewDynamicAdvancedSession(model, inputs, outputs, opts)
	if err != nil {
		return nil, damaged(fmt.Errorf("open model %s: %w: %w", model, debrief.ErrModel, err))
	}
	return s, nil
}

func options() (*onnx.SessionOptions, error) {
	s, err := onnx.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("make session options: %w: %w", debrief.ErrModel, err)
	}
	err = errors.Join(
		s.SetIntraOpNumThreads(threads),
		s.SetInterOpNumThreads(1),
		s.SetGraphOptimizationLevel(onnx.GraphOptimizationLevelEnableAll),
	)
	if err != nil {
		s.Destroy()
		return nil, fmt.Errorf("set session options: %w: %w", debrief.ErrModel, err)
	}
	return s, nil
}

func damaged(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return debrief.WithHint(err, "run make setup")
	}
	return debrief.WithHint(err, "run make setup; if that says all is there, delete the models folder and run it again")
}
