package transcribe

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/goccy/go-yaml"

	"debrief"
)

// Capabilities say what an engine's model can tell, how much it takes and what it costs.
type Capabilities struct {
	Name string `yaml:"name"`
	// Local: it runs on this machine, and nothing is sent.
	Local bool `yaml:"local"`
	// Words, Segments: it gives times of words, of segments. Without either, times are
	// estimated from the speech islands, and chunks are kept short.
	Words    bool `yaml:"words"`
	Segments bool `yaml:"segments"`
	// Confidence: it says how sure it is.
	Confidence bool `yaml:"confidence"`
	// Speakers: it tells voices apart.
	Speakers bool `yaml:"speakers"`
	// Prompt: it takes a vocabulary along.
	Prompt bool `yaml:"prompt"`
	// MaxSeconds of sound and MaxBytes of a request it takes at once.
	MaxSeconds float64 `yaml:"max_seconds"`
	MaxBytes   int64   `yaml:"max_bytes"`
	// PricePerMinute in US dollars; 0 costs nothing.
	PricePerMinute float64 `yaml:"price_per_minute"`
	// Ends is the day the vendor shuts the model down; zero when none is announced.
	Ends time.Time `yaml:"ends"`
	// Successor replaces it then.
	Successor string `yaml:"successor"`
	// Parallel is how many chunks may be under way at once.
	Parallel int `yaml:"parallel"`
	// Known: the model is in the table and at its vendor's. Whether another gives times shows with its first answer.
	Known bool `yaml:"-"`
	// MinConfidence is the confidence below which this model's words are more often wrong than right.
	MinConfidence float64 `yaml:"min_confidence"`
}

// Timed reports whether the model gives times of its own.
func (c Capabilities) Timed() bool { return c.Words || c.Segments }

// Price is what so much sound costs in US dollars. Of a model that is not in the table, or at
// another server than the vendor's, nobody here knows it.
func (c Capabilities) Price(sound debrief.Samples) (dollars float64, known bool) {
	return c.PricePerMinute * sound.Seconds() / 60, c.Known
}

// cost is what one answered request costs.
func (c Capabilities) cost(sound debrief.Samples) debrief.Spent {
	s := debrief.Spent{Requests: 1, Sound: sound}
	if dollars, known := c.Price(sound); known {
		s.Dollars = dollars
	} else {
		s.Unpriced = sound
	}
	return s
}

// Ending is a sentence to show at start when the model has a known end, or "".
func (c Capabilities) Ending(now time.Time) string {
	switch {
	case c.Ends.IsZero():
		return ""
	case now.Before(c.Ends):
		return fmt.Sprintf("the vendor shuts %s down on %s; its successor is %s", c.Name, c.Ends.Format(time.DateOnly), c.Successor)
	default:
		return fmt.Sprintf("the vendor has shut %s down on %s; use %s", c.Name, c.Ends.Format(time.DateOnly), c.Successor)
	}
}

// chunkSamples is how much sound a chunk may hold.
func (c Capabilities) chunkSamples() debrief.Samples {
	n := debrief.SamplesOf(c.MaxSeconds)
	if !c.Timed() {
		n = min(n, maxIsland) // the chunk's own place is all that is known of its words' times
	}
	return max(n, maxIsland)
}

//go:embed capabilities.yaml
var capabilitiesYAML []byte

// table is the file of known models.
type table struct {
	Models  []Capabilities `yaml:"models"`
	Unknown Capabilities   `yaml:"unknown"` // what is assumed of any other model
}

var readTable = sync.OnceValues(func() (table, error) {
	var t table
	dec := yaml.NewDecoder(bytes.NewReader(capabilitiesYAML), yaml.Strict())
	if err := dec.Decode(&t); err != nil {
		return t, fmt.Errorf("read capabilities.yaml: %w", err)
	}
	return t, nil
})

// KnownModels lists the table, in its order.
func KnownModels() []Capabilities {
	t, err := readTable()
	if err != nil {
		panic(err) // the file is part of the program, and a test reads it
	}
	out := slices.Clone(t.Models)
	for i := range out {
		out[i].Known = true
	}
	return out
}

// capabilitiesOf looks a model up. Of an unknown one careful things are assumed.
func capabilitiesOf(model string) Capabilities {
	for _, c := range KnownModels() {
		if c.Name == model {
			return c
		}
	}
	t, _ := readTable() // KnownModels has read it
	c := t.Unknown
	c.Name = model
	return c
}
