package transcribe

import (
	"testing"
	"unicode/utf8"
)

var pieces = vocabulary{"<unk>", "<s>", "</s>", "<0xC3>", "<0xA9>", "\u2581caf", "\u2581and", "s", "<0xFF>"}

func TestVocabularyText(t *testing.T) {
	for _, c := range []struct {
		name string
		ids  []int64
		want string
	}{
		{"words", []int64{5, 6, 5, 7}, "caf and cafs"},
		{"bytes make a character", []int64{5, 3, 4}, "café"},
		{"a byte that makes none", []int64{5, 8}, "caf\uFFFD"},
		{"special tokens are no text", []int64{1, 6, 2, 32500}, "and"},
		{"nothing", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := pieces.text(c.ids); got != c.want {
				t.Errorf("text(%v) = %q, want %q", c.ids, got, c.want)
			}
		})
	}
}

func FuzzVocabularyText(f *testing.F) {
	f.Add([]byte{5, 6, 5, 7})
	f.Add([]byte{3, 4, 8, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		ids := make([]int64, len(b))
		for i, v := range b {
			ids[i] = int64(v) - 4
		}
		if got := pieces.text(ids); !utf8.ValidString(got) {
			t.Errorf("text(%v) = %q is no UTF-8", ids, got)
		}
	})
}
