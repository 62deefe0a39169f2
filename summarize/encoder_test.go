package summarize

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"debrief"
	"debrief/internal/models"
)

func modelsDir(t testing.TB) models.Dir {
	t.Helper()
	dir, err := models.Find()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func newEncoder(t testing.TB) *Encoder {
	t.Helper()
	e, err := NewEncoder(modelsDir(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// TestSplit compares with the splits of the tokenizer published with the encoder.
func TestSplit(t *testing.T) {
	tok, err := readTokenizer(filepath.Join(modelsDir(t).USE(), "vocab.json"))
	if err != nil {
		t.Fatal(err)
	}
	pieces := map[int64]string{}
	for text, p := range tok.pieces {
		pieces[p.id] = text
	}
	for name, c := range map[string]struct{ text, want string }{
		"WordsAndSigns":     {"My chest was tight, um, like a drum.", "▁My ▁chest ▁was ▁tight , ▁ um , ▁like ▁a ▁drum ."},
		"CompatibilityForm": {"My ｃｈｅｓｔ", "▁My ▁chest"},
		"AnySpace":          {" My\tchest\n", "▁My ▁chest"},
		"UnknownLeftOut":    {"chest \u13a0\u13a1", "▁chest ▁"},
		"Empty":             {" ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, id := range tok.split(c.text) {
				got = append(got, pieces[id])
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("split %q = %q, want %q", c.text, s, c.want)
			}
		})
	}
	t.Run("CutAt128", func(t *testing.T) {
		if n := len(tok.split(strings.Repeat("chest ", 500))); n != maxTokens {
			t.Errorf("%d tokens, want %d", n, maxTokens)
		}
	})
}

func FuzzSplit(f *testing.F) {
	tok, err := readTokenizer(filepath.Join(modelsDir(f).USE(), "vocab.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("My chest was tight.")
	f.Add("\xff\u2581 \u0301 😀")
	f.Fuzz(func(t *testing.T, text string) {
		ids := tok.split(text)
		if len(ids) > maxTokens {
			t.Errorf("%d tokens", len(ids))
		}
		for _, id := range ids {
			if id < reservedPieces {
				t.Errorf("id %d is reserved", id)
			}
		}
	})
}

// TestEmbed repeats cosines measured with the publisher's own runtime.
func TestEmbed(t *testing.T) {
	e := newEncoder(t)
	embed := func(text string) []float32 {
		v, err := e.Embed(text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"How old are you?", "What is your age?", 0.846},
		{"my chest was tight", "there was pressure in my sternum", 0.679},
		{"I felt calm", "I felt anxious", 0.813},
	} {
		if got := cosine(embed(c.a), embed(c.b)); math.Abs(got-c.want) > 0.001 {
			t.Errorf("cosine of %q and %q = %.3f, want %.3f", c.a, c.b, got, c.want)
		}
	}
	t.Run("NothingKnownIsZero", func(t *testing.T) {
		for _, v := range embed("  ") {
			if v != 0 {
				t.Fatal("blank text has a meaning")
			}
		}
	})
}

func TestEncoderErrors(t *testing.T) {
	t.Run("BadVocabulary", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "vocab.json")
		for _, text := range []string{"", "{}", "[]", `[["a"]]`} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := readTokenizer(path); !errors.Is(err, debrief.ErrModel) {
				t.Errorf("vocabulary %q: error = %v, want ErrModel", text, err)
			}
		}
	})
	t.Run("Closed", func(t *testing.T) {
		e := newEncoder(t)
		for range 2 {
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := e.Embed("chest"); !errors.Is(err, debrief.ErrModel) {
			t.Errorf("error = %v, want ErrModel", err)
		}
	})
}
