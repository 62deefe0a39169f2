package transcribe

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"debrief"
	"debrief/internal/audio"
	"debrief/internal/espeak"
)

func spansOf(t *rapid.T) []debrief.Span {
	var out []debrief.Span
	at := debrief.Samples(rapid.IntRange(0, 50000).Draw(t, "before"))
	for range rapid.IntRange(1, 6).Draw(t, "runs") {
		length := debrief.Samples(rapid.IntRange(minSpeech, 80000).Draw(t, "run"))
		out = append(out, debrief.Span{Start: at, End: at + length})
		at += length + debrief.Samples(rapid.IntRange(minSilence, 16000).Draw(t, "pause"))
	}
	return out
}

func checkWords(t *rapid.T, words []Word, speech []debrief.Span) {
	end := speech[0].Start
	for i, w := range words {
		if w.End < w.Start {
			t.Fatalf("word %d ends before it starts: %v", i, w.Span)
		}
		if i > 0 && w.Start < words[i-1].Start {
			t.Fatalf("word %d at %d starts before word %d at %d", i, w.Start, i-1, words[i-1].Start)
		}
		if w.Start < end && i > 0 && w.Start < words[i-1].End {
			t.Fatalf("word %d at %v overlaps the one before at %v", i, w.Span, words[i-1].Span)
		}
		if w.Start < speech[0].Start || w.End > speech[len(speech)-1].End {
			t.Fatalf("word %d at %v is outside the speech %v", i, w.Span, speech)
		}
		end = w.End
	}
}

func TestWordsSettleInSpeech(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		speech := spansOf(t)
		words := make([]Word, rapid.IntRange(1, 60).Draw(t, "words"))
		for i := range words {
			words[i].Start = debrief.Samples(rapid.IntRange(0, 600000).Draw(t, "looked at"))
		}
		settle(words, speech)
		checkWords(t, words, speech)
	})
}

func TestEstimatedWordsFillSpeech(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		speech := spansOf(t)
		text := strings.Join(rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,12}[.,]?`), 1, 60).Draw(t, "text"), " ")
		words := estimate(text, debrief.Span{Start: speech[0].Start, End: speech[len(speech)-1].End}, speech)
		if got := len(words); got != len(strings.Fields(text)) {
			t.Fatalf("%d words of %q", got, text)
		}
		checkWords(t, words, speech)
		if words[0].Start != speech[0].Start {
			t.Fatalf("the first word starts at %d, speech at %d", words[0].Start, speech[0].Start)
		}
	})
}

func TestFirstLookOutOfOrder(t *testing.T) {
	words := []Word{{}, {}, {}, {}}
	for i, at := range []debrief.Samples{90000, 20000, 30000, 40000} {
		words[i].Start = at
	}
	settle(words, []debrief.Span{{Start: 19000, End: 99000}})
	if words[0].Start != 19000 || words[1].Start != 20000 || words[3].Start != 40000 {
		t.Errorf("starts are %d %d %d %d, want 19000 20000 30000 40000", words[0].Start, words[1].Start, words[2].Start, words[3].Start)
	}
}

func TestIslandHalves(t *testing.T) {
	island := func(seconds int, speech ...debrief.Span) Island {
		n := debrief.Samples(seconds) * debrief.SampleRate
		return Island{Span: debrief.Span{Start: 1000, End: 1000 + n}, Speech: speech, PCM: make([]int16, n)}
	}
	t.Run("cut in the longest pause", func(t *testing.T) {
		i := island(10, debrief.Span{Start: 1000, End: 50000}, debrief.Span{Start: 60000, End: 80000}, debrief.Span{Start: 100000, End: 161000})
		a, b, ok := i.halves()
		if !ok || a.End != 90000 || b.Start != 90000 || len(a.Speech) != 2 || len(b.Speech) != 1 {
			t.Errorf("halves %v %v %v, want a cut at 90000", a.Span, b.Span, ok)
		}
		if len(a.PCM)+len(b.PCM) != len(i.PCM) {
			t.Errorf("halves hold %d samples of %d", len(a.PCM)+len(b.PCM), len(i.PCM))
		}
	})
	t.Run("cut in the quietest place", func(t *testing.T) {
		i := island(8, debrief.Span{Start: 1000, End: 129000})
		for n := range i.PCM {
			i.PCM[n] = 1000
		}
		clear(i.PCM[72000:74000])
		if a, _, ok := i.halves(); !ok || a.End < 1000+72000 || a.End > 1000+74000 {
			t.Errorf("cut at %d, want inside the silence at 73000-75000", a.End)
		}
	})
	t.Run("too short to cut", func(t *testing.T) {
		if _, _, ok := island(3, debrief.Span{Start: 1000, End: 49000}).halves(); ok {
			t.Error("three seconds were cut in two")
		}
	})
}

// The times of words are where a synthesiser put them. The bench asks the same of an hour.
func TestWordsStartWhereTheyAreSpoken(t *testing.T) {
	pcm, spoken, err := espeak.Speak(t.Context(), "en", []string{
		"I was lying in a field, and the grass was higher than I am.",
		"There was a door, and behind it somebody was singing very quietly.",
		"My mother was there, but she was as young as I am now.",
		"I did not want to come back, and then I saw my own hands.",
		"It was not sad at all, it was only very slow and very wide.",
		"When I opened my eyes, the room was the same and I was not.",
	})
	if err != nil {
		t.Fatal(err)
	}
	var heard []espeak.Word
	for _, u := range transcribeAll(t, with(t, Config{}), Request{Audio: audio.Memory(pcm)}).Utterances {
		for _, w := range u.Words {
			heard = append(heard, espeak.Word{Start: w.Start.Seconds(), Text: espeak.Plain(w.Text)})
		}
	}
	late := espeak.Late(spoken, heard)
	if len(late) < len(spoken)*6/10 {
		t.Fatalf("%d of %d words recognised", len(late), len(spoken))
	}
	off := 0
	for _, l := range late {
		if l < -0.1 || l > 0.1 {
			off++
		}
	}
	if off*10 > len(late) {
		t.Errorf("%d of %d words start more than 0.1 s off, want one in ten at most: %.3f", off, len(late), late)
	}
}
