package transcribe

import (
	"path/filepath"
	"strings"
	"testing"

	"debrief"
	"debrief/internal/audio"
)

// spokenBy is who speaks at a span in truth: the line it shares most with.
func spokenBy(lines []line, s debrief.Span) debrief.Speaker {
	var best debrief.Samples
	who := debrief.SpeakerUnknown
	for _, l := range lines {
		if n := l.Overlap(s); n > best {
			best, who = n, l.speaker
		}
	}
	return who
}

func TestSpeakersOfSamples(t *testing.T) {
	for _, name := range samples {
		t.Run(name, func(t *testing.T) {
			pcm, lines := sample(t, name)
			got := transcribeAll(t, with(t, Config{}), Request{Audio: audio.Memory(pcm)})
			right := 0
			for _, u := range got.Utterances {
				if want := spokenBy(lines, u.Span); u.Speaker == want {
					right++
				} else {
					t.Logf("%s: %s (%.2f), in truth %s: %q", u.Start, u.Speaker, u.SpeakerConfidence, want, u.Text)
				}
				if u.SpeakerConfidence <= 0 || u.SpeakerConfidence > 1 {
					t.Errorf("%s: speaker confidence %v", u.Start, u.SpeakerConfidence)
				}
			}
			if share := float64(right) / float64(len(got.Utterances)); share < 0.9 {
				t.Errorf("speaker right for %d of %d utterances, want 9 in 10", right, len(got.Utterances))
			}
		})
	}
}

// one keeps only what one speaker says.
func one(pcm []int16, lines []line, who debrief.Speaker) []int16 {
	out := make([]int16, len(pcm))
	for _, l := range lines {
		if l.speaker == who {
			copy(out[l.Start:l.End], pcm[l.Start:l.End])
		}
	}
	return out
}

func TestOneVoiceIsTheClient(t *testing.T) {
	pcm, lines := sample(t, samples[0])
	tr := with(t, Config{})
	t.Run("a synthetic voice", func(t *testing.T) {
		allClient(t, transcribeAll(t, tr, Request{Audio: audio.Memory(one(pcm, lines, debrief.SpeakerClient))}))
	})
	t.Run("a memo, whatever it sounds like", func(t *testing.T) {
		allClient(t, transcribeAll(t, tr, Request{Audio: audio.Memory(pcm), Speakers: SpeakersClient}))
	})
	t.Run("a real voice", func(t *testing.T) {
		files, err := filepath.Glob(filepath.Join(sharedSpeech(t), "lj_LJ001-0*.flac"))
		if err != nil {
			t.Fatal(err)
		}
		allClient(t, transcribeAll(t, tr, Request{Audio: audio.Memory(concat(t, files[:20]...))}))
	})
}

func concat(t *testing.T, files ...string) []int16 {
	t.Helper()
	var pcm []int16
	for _, f := range files {
		pcm = append(append(pcm, decodeFile(t, f)...), make([]int16, 2*debrief.SampleRate)...)
	}
	return pcm
}

func allClient(t *testing.T, tr *debrief.Transcript) {
	t.Helper()
	if len(tr.Utterances) == 0 {
		t.Fatal("nothing recognised")
	}
	for _, u := range tr.Utterances {
		if u.Speaker != debrief.SpeakerClient {
			t.Errorf("%s: %s says %q", u.Start, u.Speaker, u.Text)
		}
	}
}

// Two real voices take turns; nobody asks, so only the division is checked.
func TestTwoRealVoices(t *testing.T) {
	dir := sharedSpeech(t)
	women, err1 := filepath.Glob(filepath.Join(dir, "lj_LJ001-0*.flac"))
	men, err2 := filepath.Glob(filepath.Join(dir, "librivox_*.flac"))
	more, err3 := filepath.Glob(filepath.Join(dir, "libri_*.flac"))
	if err := firstError(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	men = append(men, more...)
	var pcm []int16
	var lines []line
	for i, f := range men {
		for n, file := range []string{women[i], f} {
			one := decodeFile(t, file)
			start := debrief.Samples(len(pcm))
			pcm = append(append(pcm, one...), make([]int16, 2*debrief.SampleRate)...)
			lines = append(lines, line{debrief.Span{Start: start, End: start + debrief.Samples(len(one))}, debrief.Speaker("voice " + string(rune('A'+n))), ""})
		}
	}
	got := transcribeAll(t, with(t, Config{}), Request{Audio: audio.Memory(pcm)})
	count := map[string]int{}
	for _, u := range got.Utterances {
		count[string(u.Speaker)+" "+string(spokenBy(lines, u.Span))]++
	}
	straight := count["client voice A"] + count["coach voice B"]
	crossed := count["client voice B"] + count["coach voice A"]
	if share := float64(max(straight, crossed)) / float64(straight+crossed); share < 0.85 {
		t.Errorf("voices divided %v, want 85 in 100 right: one side is four different readers", count)
	}
}

func TestWhoAsks(t *testing.T) {
	us := func(texts ...string) (out []debrief.Utterance) {
		for _, x := range texts {
			out = append(out, debrief.Utterance{Text: x})
		}
		return out
	}
	t.Run("the one with the questions", func(t *testing.T) {
		all := us("Well, hello.", "How was it?", "Very strange, and then it opened up and I saw my mother.", "What did you see there?", "Light, mostly. I was a bird for some time.")
		if coach, trust := whoAsks(all, []int{0, 1, 0, 1, 0}); coach != 1 || trust < 0.8 {
			t.Errorf("coach is side %d with %.2f, want 1 with 0.8 or more", coach, trust)
		}
	})
	t.Run("nobody asks: the one who says less, and no certainty", func(t *testing.T) {
		all := us("Hm.", "I was by the sea and then it was dark for a long time.", "I see.", "And then it was light again.")
		if coach, trust := whoAsks(all, []int{1, 0, 1, 0}); coach != 1 || trust > 0.9 {
			t.Errorf("coach is side %d with %.2f, want 1 with less than 0.9", coach, trust)
		}
	})
}

func TestSpeakerLabelsOfTheEngine(t *testing.T) {
	var drafts []draft
	for _, l := range strings.Fields("A B A C A B") {
		drafts = append(drafts, draft{words: []spoken{{passage: &Passage{Speaker: l}}}})
	}
	side, sure := sidesByLabel(drafts)
	if len(side) != 6 || side[0] != side[2] || side[1] != side[5] || side[0] == side[1] || sure[3] > 0.5 {
		t.Errorf("sides %v, sure %v: want A and B apart, C unsure", side, sure)
	}
	if side, _ := sidesByLabel(drafts[:1]); side != nil {
		t.Errorf("one label gives sides %v", side)
	}
}

// An engine labels voices anew in every chunk: the same letter is the coach in one and the
// client in the next.
func TestSpeakerLabelsOfManyChunks(t *testing.T) {
	pcm, lines := sample(t, samples[0])
	var drafts []draft
	const perChunk = 6
	for i, l := range lines {
		d := draft{chunk: i / perChunk, words: []spoken{{passage: &Passage{Speaker: "A"}}}}
		if crossed := d.chunk%2 == 1; (l.speaker == debrief.SpeakerCoach) != crossed {
			d.words[0].passage.Speaker = "B"
		}
		d.sound.hear(pcm[l.Start:l.End])
		drafts = append(drafts, d)
	}
	if chunks := labelledChunks(drafts); len(chunks) < 3 {
		t.Fatalf("%d chunks, want several", len(chunks))
	}
	side, sure := sidesByLabel(drafts)
	if side == nil {
		t.Fatal("no two voices")
	}
	for i, l := range lines {
		if (side[i] == side[0]) != (l.speaker == lines[0].speaker) {
			t.Errorf("chunk %d, label %s: %q is given to the other", drafts[i].chunk, drafts[i].label(), l.text)
		}
		if sure[i] <= 0.5 || sure[i] > labelTrust {
			t.Errorf("sure %v of %q", sure[i], l.text)
		}
	}
	t.Run("a sentence is not joined over two chunks by its label", func(t *testing.T) {
		word := func(text string, at int) spoken {
			return spoken{Word: Word{Word: debrief.Word{Text: text, Span: debrief.Span{Start: debrief.Samples(at), End: debrief.Samples(at + 10)}}}, passage: &Passage{Speaker: "A"}}
		}
		if continues(draft{words: []spoken{word("and", 0)}}, draft{words: []spoken{word("then", 20)}}) {
			t.Error("joined, whoever A is there")
		}
	})
}

func TestParseSpeakers(t *testing.T) {
	for in, want := range map[string]Speakers{"": SpeakersAuto, "auto": SpeakersAuto, "client": SpeakersClient} {
		if got, err := ParseSpeakers(in); got != want || err != nil {
			t.Errorf("ParseSpeakers(%q) = %q, %v", in, got, err)
		}
	}
	if _, err := ParseSpeakers("both"); debrief.Hint(err) == "" {
		t.Errorf("ParseSpeakers(both) = %v, want an error with a hint", err)
	}
}
