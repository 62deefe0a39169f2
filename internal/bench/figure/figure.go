// Package figure is one form for everything that is measured: make figures with [Told], [AtMost]
// and [AtLeast], show them with [Print], keep them with [Save] and read them again with [Load]. It measures nothing itself.
package figure

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
)

// Figure is one measured number and what it must hold.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Bound string  `json:"bound,omitempty"` // in words, "" when there is none
	Held  bool    `json:"held"`
	Note  string  `json:"note,omitempty"`
}

// ErrMissed says that a figure misses its bound.
var ErrMissed = errors.New("a figure misses its bound")

// Told is a figure without a bound.
func Told(name string, value float64, unit, note string) Figure {
	return Figure{Name: name, Value: value, Unit: unit, Held: true, Note: note}
}

// AtMost is a figure that must not be above its bound.
func AtMost(name string, value, bound float64, unit string) Figure {
	return Figure{Name: name, Value: value, Unit: unit, Bound: fmt.Sprintf("<= %g", bound), Held: value <= bound}
}

// AtLeast is a figure that must not be below its bound.
func AtLeast(name string, value, bound float64, unit string) Figure {
	return Figure{Name: name, Value: value, Unit: unit, Bound: fmt.Sprintf(">= %g", bound), Held: value >= bound}
}

// Print writes a table. The error is [ErrMissed] when a figure misses its bound, or the writer's.
func Print(w io.Writer, figures []Figure) error {
	var missed error
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range figures {
		verdict := ""
		switch {
		case !f.Held:
			verdict, missed = "MISSED", ErrMissed
		case f.Bound != "":
			verdict = "held"
		}
		fmt.Fprintf(table, "%s\t%.2f %s\t%s\t%s\t%s\n", f.Name, f.Value, f.Unit, f.Bound, verdict, f.Note)
	}
	return errors.Join(table.Flush(), missed)
}

// Load reads what [Save] wrote.
func Load(path string) ([]Figure, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read figures: %w", err)
	}
	var figures []Figure
	if err := json.Unmarshal(data, &figures); err != nil {
		return nil, fmt.Errorf("read figures: %w", err)
	}
	return figures, nil
}

// Save writes the figures as JSON.
func Save(path string, figures []Figure) error {
	data, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}
