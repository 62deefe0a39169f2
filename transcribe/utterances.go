package transcribe

import (
	"strings"

	"debrief"
)

// How words become utterances: stretches a person reads as one thought and a prompt can be
// put to. Hand-made debrief transcripts have 2-45 words an utterance, most of them one to three
// sentences between two breaths.
const (
	// pauseSplits: a pause this long starts a new utterance, whatever was said before.
	pauseSplits = debrief.SampleRate * 8 / 10
	// pauseEnds: after the end of a sentence, this much silence does.
	pauseEnds = debrief.SampleRate * 3 / 10
	// enoughWords: from here on the end of a sentence is enough.
	enoughWords = 25
	// maxWords: no utterance is longer.
	maxWords = 45
	// minWords: fewer are joined to what is said next without a pause.
	minWords = 2
)

// spoken is a word on its way into an utterance.
type spoken struct {
	Word
	passage   *Passage
	estimated bool
}

// spokenWords lists the words of a chunk's passages, with times made up where the engine gave none.
func spokenWords(h *Heard, c *Chunk) []spoken {
	speech := c.Speech()
	var out []spoken
	for i := range h.Passages {
		p := &h.Passages[i]
		span, words := p.Span, p.Words
		timed := span.Len() > 0
		if !timed {
			span = textShare(h, i, c)
		}
		guessed := len(words) == 0
		if guessed {
			words = estimate(p.Text, span, speech)
		}
		for _, w := range words {
			if w.Confidence == 0 {
				w.Confidence = p.Confidence
			}
			out = append(out, spoken{Word: w, passage: p, estimated: guessed && !timed})
		}
	}
	return out
}

// textShare gives a passage without times its share of the chunk, by length of text.
func textShare(h *Heard, i int, c *Chunk) debrief.Span {
	before, all := 0, 0
	for n, p := range h.Passages {
		if n < i {
			before += len(p.Text)
		}
		all += len(p.Text)
	}
	runs := c.Speech()
	var total debrief.Samples
	for _, r := range runs {
		total += r.Len()
	}
	share := func(n int) debrief.Samples { return total * debrief.Samples(n) / debrief.Samples(max(all, 1)) }
	return debrief.Span{
		Start: alongSpeech(runs, share(before)),
		End:   alongSpeech(runs, share(before+len(h.Passages[i].Text))-1) + 1,
	}
}

// draft is an utterance being made.
type draft struct {
	words    []spoken
	speech   []debrief.Span // runs of speech around it
	noSpeech float64        // the engine's doubt, the strongest of its passages
	language string
	chunk    int // where it comes from
	sound    voice
}

// listen takes from the chunk's sound what tells voices apart, and the speech around the words.
func (d *draft) listen(c *Chunk) {
	span := debrief.Span{Start: d.start(), End: d.end()}
	for _, i := range c.Islands {
		if i.Overlap(span) == 0 {
			continue
		}
		d.speech = append(d.speech, i.Speech...)
		from, to := max(span.Start, i.Start)-i.Start, min(span.End, i.End)-i.Start
		d.sound.hear(i.PCM[from:to])
	}
	for _, w := range d.words {
		d.noSpeech = max(d.noSpeech, w.passage.NoSpeech)
	}
}

// join puts what follows behind.
func (d *draft) join(next draft) {
	d.words = append(d.words[:len(d.words):len(d.words)], next.words...)
	d.speech = append(d.speech[:len(d.speech):len(d.speech)], next.speech...)
	d.noSpeech = max(d.noSpeech, next.noSpeech)
	d.sound.add(&next.sound)
}

// passages are the texts its words are from.
func (d draft) passages() (texts []string) {
	var last *Passage
	for _, w := range d.words {
		if w.passage != last {
			texts, last = append(texts, w.passage.Text), w.passage
		}
	}
	return texts
}

func (d draft) start() debrief.Samples { return d.words[0].Start }
func (d draft) end() debrief.Samples   { return d.words[len(d.words)-1].End }

// split divides words into utterances.
func split(words []spoken) []draft {
	var out []draft
	from := 0
	for i := range words {
		if i+1 < len(words) && !endsUtterance(words, from, i) {
			continue
		}
		out = append(out, bounded(words[from:i+1])...)
		from = i + 1
	}
	return joinShort(out)
}

// endsUtterance reports whether word i, of those from from on, is the last of its utterance.
func endsUtterance(words []spoken, from, i int) bool {
	pause := words[i+1].Start - words[i].End
	switch {
	case pause > pauseSplits, words[i].passage.Speaker != words[i+1].passage.Speaker:
		return true
	case !endsSentence(words[i].Text):
		return false
	case strings.HasSuffix(strings.TrimRight(words[i].Text, closers), "?"):
		return true // the answer is often the other's
	}
	return pause >= pauseEnds || i+1-from >= enoughWords
}

// closers may follow the mark that ends a sentence.
const closers = "\"'”’)]»"

func endsSentence(word string) bool {
	w := strings.TrimRight(word, closers)
	return strings.HasSuffix(w, ".") || strings.HasSuffix(w, "?") || strings.HasSuffix(w, "!") || strings.HasSuffix(w, "…")
}

// bounded cuts what nobody put a full stop in, at its longest pause or else at a comma.
func bounded(words []spoken) []draft {
	if len(words) <= maxWords {
		return []draft{{words: words}}
	}
	best, score := maxWords-1, -1.0
	for i := maxWords / 4; i < maxWords && i+1 < len(words); i++ {
		s := (words[i+1].Start - words[i].End).Seconds()
		if endsSentence(words[i].Text) {
			s += 1
		} else if strings.HasSuffix(words[i].Text, ",") {
			s += 0.5
		}
		if s >= score {
			best, score = i, s
		}
	}
	return append([]draft{{words: words[:best+1]}}, bounded(words[best+1:])...)
}

// joinShort joins a single word to what follows it at once: "Well." to what the sentence was for.
func joinShort(all []draft) []draft {
	var out []draft
	for _, d := range all {
		if n := len(out); n > 0 && len(out[n-1].words) < minWords && follows(out[n-1], d) && !asks(out[n-1]) {
			out[n-1].join(d)
			continue
		}
		out = append(out, d)
	}
	return out
}

func follows(a, b draft) bool {
	return b.start()-a.end() <= pauseSplits && len(a.words)+len(b.words) <= maxWords &&
		a.words[0].passage.Speaker == b.words[0].passage.Speaker
}

func asks(d draft) bool {
	return strings.HasSuffix(strings.TrimRight(d.words[len(d.words)-1].Text, closers), "?")
}

// continues reports whether b, of the next chunk, goes on with a's sentence: the recogniser's
// window ended between them, not the speaker. Labels of two chunks cannot be compared.
func continues(a, b draft) bool {
	return !endsSentence(a.words[len(a.words)-1].Text) && a.label() == "" && follows(a, b)
}

// utterance writes a draft out.
func (d draft) utterance() debrief.Utterance {
	u := debrief.Utterance{Span: debrief.Span{Start: d.start(), End: d.end()}, Speaker: debrief.SpeakerUnknown}
	var text []string
	sum := 0.0
	for _, w := range d.words {
		text = append(text, w.Text)
		u.Words = append(u.Words, w.Word.Word)
		sum += w.Confidence
		if w.estimated && len(u.Flags) == 0 {
			u.Flags = append(u.Flags, debrief.FlagEstimatedTimes)
		}
	}
	u.Text = strings.Join(text, " ")
	u.Confidence = sum / float64(len(d.words))
	return u
}
