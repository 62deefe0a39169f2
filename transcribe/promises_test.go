package transcribe

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"debrief"
	"debrief/internal/audio"
	"debrief/internal/models"
	"debrief/internal/testsound"
)

// vendorLimit is the most bytes the vendor takes in one request; it answers 413 to more.
const vendorLimit = 26_214_400

// Whatever the pattern of speech, no chunk is longer than its engine takes, and no request can
// come out larger: not for any engine of the table, nor for one that is not in it.
func TestNoRequestExceedsALimit(t *testing.T) {
	engines := append(KnownModels(), capabilitiesOf("unheard-of"))
	rapid.Check(t, func(t *rapid.T) {
		pcm, probs := speechPattern(t)
		islands := cutAll(pcm, probs, windowsAtOnce)
		e := rapid.SampledFrom(engines).Draw(t, "engine")
		p := newPacker(e)
		var chunks []*Chunk
		for _, i := range islands {
			if c := p.add(i); c != nil {
				chunks = append(chunks, c)
			}
		}
		if c := p.flush(); c != nil {
			chunks = append(chunks, c)
		}
		for _, c := range chunks {
			if c.Len().Seconds() > e.MaxSeconds {
				t.Fatalf("%s: a chunk of %.1f s, the limit is %.0f", e.Name, c.Len().Seconds(), e.MaxSeconds)
			}
			if e.MaxBytes > 0 && flacBytes(c.Len()) > e.MaxBytes {
				t.Fatalf("%s: a chunk of up to %d bytes, the limit is %d", e.Name, flacBytes(c.Len()), e.MaxBytes)
			}
		}
	})
}

// No sound makes more bytes than the packer counts on.
func TestEncodedSoundIsNoLargerThanCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pcm := make([]int16, rapid.IntRange(1, 3*debrief.SampleRate).Draw(t, "samples"))
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		loudest := rapid.SampledFrom([]int{1, 300, 32767}).Draw(t, "loudest")
		for i := range pcm {
			pcm[i] = int16(random.IntN(2*loudest+1) - loudest)
		}
		b, err := audio.EncodeFLAC(pcm)
		if err != nil {
			t.Fatal(err)
		}
		if most := flacBytes(debrief.Samples(len(pcm))); int64(len(b)) > most {
			t.Fatalf("%d samples make %d bytes, more than %d", len(pcm), len(b), most)
		}
	})
}

// The longest chunk of the worst sound, white noise at full scale, as it goes over the wire.
func TestLargestRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(t, send(http.StatusOK, `{"text":"Noise."}`))
		o := s.engine(t, "gpt-transcribe", true)
		span := debrief.Span{End: debrief.SamplesOf(o.caps.MaxSeconds)}
		pcm := make([]int16, span.End)
		random := rand.New(rand.NewPCG(1, 2))
		for i := range pcm {
			pcm[i] = int16(random.Uint32())
		}
		if _, err := o.Recognise(t.Context(), &Chunk{Islands: []Island{{Span: span, Speech: []debrief.Span{span}, PCM: pcm}}}); err != nil {
			t.Fatal(err)
		}
		if n := len(s.bodies[0]); n > vendorLimit || n < 2*len(pcm)*9/10 {
			t.Errorf("a request of %d bytes for %d of noise, the limit is %d", n, 2*len(pcm), vendorLimit)
		}
	})
}

// sending is an engine that sends words along: with others, a chunk is another question.
type sending struct {
	fake
	sent string
}

func (s sending) Sent() string { return s.sent }

func TestWhatIsSentAlong(t *testing.T) {
	pcm, _ := sample(t, samples[1])
	store := &memoryChunks{kept: map[string][]byte{}}
	var asked atomic.Int64
	const vocabulary = "Rosalind, Merriweather, ketamine, lozenge"
	hear := func(sent string) *debrief.Transcript {
		asked.Store(0)
		e := sending{fake{func(c *Chunk) (*Heard, error) {
			asked.Add(1)
			return &Heard{Passages: []Passage{{Span: c.Span(), Text: "Rosalind Merriweather, ketamine lozenge."}}}, nil
		}}, sent}
		return transcribeAll(t, with(t, Config{Engine: e, Chunks: store}), Request{Input: "hash", Audio: audio.Memory(pcm)})
	}
	flagged := func(tr *debrief.Transcript) bool {
		return slices.Contains(tr.Utterances[0].Flags, debrief.FlagPromptEcho)
	}
	if tr := hear(""); flagged(tr) || asked.Load() == 0 {
		t.Errorf("nothing was sent along: echo flagged %v, %d asked", flagged(tr), asked.Load())
	}
	if tr := hear(vocabulary); !flagged(tr) || asked.Load() == 0 {
		t.Errorf("a vocabulary was sent along: echo flagged %v, %d asked", flagged(tr), asked.Load())
	}
	if tr := hear(vocabulary); !flagged(tr) || asked.Load() != 0 {
		t.Errorf("the same again: echo flagged %v, %d asked, want the kept results", flagged(tr), asked.Load())
	}
}

// After ten minutes of silence everything lies ten minutes later, and nothing else changes much.
func TestNoDriftAfterTenMinutesOfSilence(t *testing.T) {
	pcm, lines := sample(t, samples[0])
	const silence = 600 * debrief.SampleRate
	tr := with(t, Config{})
	late := transcribeAll(t, tr, Request{Audio: audio.Memory(append(make([]int16, silence), pcm...))})
	var off []float64
	for _, l := range lines {
		truth := debrief.Span{Start: l.Start + silence, End: l.End + silence}
		i := slices.IndexFunc(late.Utterances, func(u debrief.Utterance) bool { return u.Overlap(truth) > 0 })
		if i < 0 {
			t.Errorf("%s: nothing heard of %q", truth.Start, l.text)
			continue
		}
		off = append(off, math.Abs((late.Utterances[i].Start - truth.Start).Seconds()))
	}
	slices.Sort(off)
	if median := off[len(off)/2]; median > 0.3 {
		t.Errorf("utterances start %.2f s off (median), want at most 0.3", median)
	}
}

// One worker and two write the same, however they share the chunks.
func TestWorkersWriteTheSame(t *testing.T) {
	dir, err := models.Find()
	if err != nil {
		t.Fatal(err)
	}
	pcm, _ := sample(t, samples[1])
	var all []*debrief.Transcript
	for _, workers := range []int{1, 2} {
		m, err := NewMoonshine(MoonshineConfig{Models: dir, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		all = append(all, transcribeAll(t, with(t, Config{Engine: m}), Request{Audio: audio.Memory(pcm)}))
	}
	if len(all[0].Utterances) == 0 || !reflect.DeepEqual(all[0].Utterances, all[1].Utterances) {
		t.Error("two workers write another transcript than one")
	}
}

// Half a minute each of sounds in which nobody speaks; the bench listens to ten minutes of them.
func TestNothingIsInvented(t *testing.T) {
	tr := with(t, Config{})
	for _, s := range testsound.Nothing() {
		t.Run(s.Name, func(t *testing.T) {
			for _, u := range transcribeAll(t, tr, Request{Audio: audio.Memory(s.PCM(30 * debrief.SampleRate))}).Utterances {
				if u.Usable() {
					t.Errorf("%s: %q, unflagged", u.Start, u.Text)
				}
			}
		})
	}
}

// What a dry run tells is what a run then does.
func TestForecastIsWhatARunTakes(t *testing.T) {
	pcm, _ := sample(t, samples[0])
	var asked, heard atomic.Int64
	e := fake{func(c *Chunk) (*Heard, error) {
		asked.Add(1)
		heard.Add(int64(c.Len()))
		return &Heard{Passages: []Passage{{Span: c.Span(), Text: "Something was said here."}}}, nil
	}}
	tr := transcribeAll(t, with(t, Config{Engine: e}), Request{Audio: audio.Memory(pcm)})
	dir, err := models.Find()
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewForecaster(dir, []Capabilities{e.Capabilities(), capabilitiesOf(moonshineName)})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := f.Forecast(context.Background(), audio.Memory(pcm))
	if err != nil {
		t.Fatal(err)
	}
	want := Forecast{
		Length: debrief.Samples(len(pcm)), Speech: tr.Speech, Sound: debrief.Samples(heard.Load()),
		Requests: []int{int(asked.Load()), 0}, // this machine's own takes none
	}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("forecast %+v, the run took %+v", *got, want)
	}
}

// A tired person far from the microphone is heard as well as a loud one.
func TestQuietSpeechIsHeard(t *testing.T) {
	pcm, _ := sample(t, samples[0])
	loudest := 0
	for _, s := range pcm {
		loudest = max(loudest, int(s), -int(s))
	}
	quiet := make([]int16, len(pcm))
	for i, s := range pcm {
		quiet[i] = int16(int(s) * 327 / loudest) // -40 dBFS at its loudest
	}
	vad := with(t, Config{}).vad
	speech := func(pcm []int16) (sum debrief.Samples) {
		err := vad.islands(t.Context(), audio.Memory(pcm), func(i Island) error {
			for _, s := range i.Speech {
				sum += s.Len()
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	if q, l := speech(quiet), speech(pcm); q < l*98/100 {
		t.Errorf("%s of speech found when it is quiet, %s when it is loud", q, l)
	}
}
