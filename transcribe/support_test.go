package transcribe

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"debrief"
	"debrief/internal/audio"
	"debrief/internal/models"
)

func decodeFile(t testing.TB, path string) []int16 {
	t.Helper()
	pcm, err := audio.ReadFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return pcm
}

// recogniser is the engine of this machine, opened once for all tests.
var recogniser = sync.OnceValues(func() (*Moonshine, error) {
	dir, err := models.Find()
	if err != nil {
		return nil, err
	}
	return NewMoonshine(MoonshineConfig{Models: dir})
})

func engine(t testing.TB) *Moonshine {
	t.Helper()
	m, err := recogniser()
	if err != nil {
		t.Fatalf("%v (%s)", err, debrief.Hint(err))
	}
	return m
}

// with makes a transcriber around an engine; nil is the real one.
func with(t testing.TB, c Config) *Transcriber {
	t.Helper()
	dir, err := models.Find()
	if err != nil {
		t.Fatalf("%v (%s)", err, debrief.Hint(err))
	}
	c.Models = dir
	if c.Engine == nil {
		c.Engine = engine(t)
	}
	tr, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr
}

func transcribeAll(t testing.TB, tr *Transcriber, r Request) *debrief.Transcript {
	t.Helper()
	got, err := tr.Transcribe(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// line is one utterance of a sample recording as it was voiced.
type line struct {
	debrief.Span
	speaker debrief.Speaker
	text    string
}

// sample reads a sample recording and what is said in it.
func sample(t testing.TB, name string) ([]int16, []line) {
	t.Helper()
	dir := filepath.Join("..", "samples")
	b, err := os.ReadFile(filepath.Join(dir, name+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []line
	for _, row := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		f := strings.Split(row, "\t")
		start, err1 := strconv.ParseInt(f[0], 10, 64)
		end, err2 := strconv.ParseInt(f[1], 10, 64)
		if err1 != nil || err2 != nil {
			continue // the head line
		}
		lines = append(lines, line{debrief.Span{Start: debrief.Samples(start), End: debrief.Samples(end)}, debrief.Speaker(f[2]), f[4]})
	}
	return decodeFile(t, filepath.Join(dir, name+".ogg")), lines
}

// samples are the recordings of the repository.
var samples = []string{"c01_s2_immediate", "c01_s2_followup"}

// sharedSpeech is the folder of real recorded speech beside the repository.
func sharedSpeech(t testing.TB) string {
	t.Helper()
	dir := filepath.Join("..", "..", "shared", "data", "speech")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no recorded speech at %s", dir)
	}
	return dir
}
