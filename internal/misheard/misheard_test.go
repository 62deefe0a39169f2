package misheard

import (
	"math/rand/v2"
	"strings"
	"testing"
)

var texts = []string{"the knight rode at night", "their there they're here", "a piece of peace", "dissolving dissolve water waiter"}

func rng() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }

func TestHear(t *testing.T) {
	ear := New(texts)
	long := strings.Repeat("There was a knight at night, a piece of water. ", 200)
	t.Run("RateZeroChangesNothing", func(t *testing.T) {
		if got := ear.Hear(rng(), "There was a knight.", 0); got != "There was a knight." {
			t.Errorf("heard %q", got)
		}
	})
	t.Run("SameSeedSameWords", func(t *testing.T) {
		first := ear.Hear(rng(), long, 0.2)
		if again := ear.Hear(rng(), long, 0.2); again != first {
			t.Error("two hearings with one seed differ")
		}
	})
	t.Run("AboutTheRateIsSpoilt", func(t *testing.T) {
		heard := strings.Fields(ear.Hear(rng(), long, 0.2))
		kept := map[string]int{}
		for _, w := range heard {
			kept[w]++
		}
		words, same := strings.Fields(long), 0
		for _, w := range words {
			if kept[w] > 0 {
				kept[w]--
				same++
			}
		}
		if spoilt := 1 - float64(same)/float64(len(words)); spoilt < 0.08 || spoilt > 0.22 {
			t.Errorf("%.2f of the words spoilt at a rate of 0.2", spoilt)
		}
	})
	t.Run("SoundAlikesStandIn", func(t *testing.T) {
		if got := ear.other(rng(), "Night,"); got != "knight," {
			t.Errorf("night was heard as %q, want knight with its comma", got)
		}
	})
	t.Run("NeverNothing", func(t *testing.T) {
		for seed := range uint64(50) {
			if ear.Hear(rand.New(rand.NewPCG(seed, 0)), "Yes.", 1) == "" {
				t.Fatal("a whole utterance was lost")
			}
		}
	})
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"Well, I don't... know!": "well i don't know",
		"?":                      "?",
	} {
		if got := Plain(in); got != want {
			t.Errorf("Plain(%q) = %q, want %q", in, got, want)
		}
	}
}
