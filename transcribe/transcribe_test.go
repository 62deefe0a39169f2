package transcribe

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"debrief"
	"debrief/internal/audio"
)

func words(tr *debrief.Transcript) string {
	var all []string
	for _, u := range tr.Utterances {
		all = append(all, u.Text)
	}
	return normalise(strings.ReplaceAll(strings.Join(all, " "), "-", " "))
}

func TestRealSpeechWithoutAnError(t *testing.T) {
	pcm := decodeFile(t, filepath.Join(sharedSpeech(t), "jfk.wav"))
	got := transcribeAll(t, with(t, Config{}), Request{Audio: audio.Memory(pcm)})
	want := "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
	if words(got) != want {
		t.Errorf("heard %q\n want %q", words(got), want)
	}
}

// The samples are voiced from their texts: each line lies where it was put.
func TestSampleTimes(t *testing.T) {
	pcm, lines := sample(t, samples[0])
	got := transcribeAll(t, with(t, Config{}), Request{Recording: "R", Input: "hash", Audio: audio.Memory(pcm)})
	if got.Recording != "R" || got.Input != "hash" || got.Engine != "moonshine-tiny" || got.Language != "en" || got.Speech == 0 || got.Partial != nil {
		t.Errorf("transcript of %q from %q by %q in %q, speech %d, partial %v", got.Recording, got.Input, got.Engine, got.Language, got.Speech, got.Partial)
	}
	var off []float64
	for _, l := range lines {
		i := slices.IndexFunc(got.Utterances, func(u debrief.Utterance) bool { return u.Overlap(l.Span) > 0 })
		if i < 0 {
			t.Errorf("%s: nothing heard of %q", l.Start, l.text)
			continue
		}
		off = append(off, max((got.Utterances[i].Start-l.Start).Seconds(), (l.Start-got.Utterances[i].Start).Seconds()))
	}
	slices.Sort(off)
	if median := off[len(off)/2]; median > 0.3 {
		t.Errorf("utterances start %.2f s off (median), want at most 0.3", median)
	}
	end := debrief.Samples(0)
	for _, u := range got.Utterances {
		if u.Start < end || u.End <= u.Start || u.End > debrief.Samples(len(pcm)) {
			t.Errorf("utterance at %d-%d after one that ends at %d", u.Start, u.End, end)
		}
		end = u.End
		if u.Doubtful() && u.Confidence > 0.9 {
			t.Errorf("%s: flags %v on a clear %q", u.Start, u.Flags, u.Text)
		}
		if len(u.Words) != len(strings.Fields(u.Text)) {
			t.Errorf("%s: %d words of %q", u.Start, len(u.Words), u.Text)
		}
	}
}

func TestNothingSaid(t *testing.T) {
	tr := with(t, Config{Engine: fake{func(*Chunk) (*Heard, error) { return nil, errors.New("silence was sent") }}})
	for name, pcm := range map[string][]int16{"no sound": nil, "one sample": {1}, "a minute of silence": make([]int16, 60*debrief.SampleRate)} {
		t.Run(name, func(t *testing.T) {
			got := transcribeAll(t, tr, Request{Audio: audio.Memory(pcm)})
			if got.Utterances == nil || len(got.Utterances) != 0 || got.Speech != 0 || !got.Empty() {
				t.Errorf("utterances %v, speech %d", got.Utterances, got.Speech)
			}
		})
	}
}

// fake is an engine that fails as told; only faults are faked.
type fake struct {
	hear func(*Chunk) (*Heard, error)
}

func (fake) Name() string { return "fake" }
func (fake) Sent() string { return "" }
func (fake) Capabilities() Capabilities {
	return Capabilities{Known: true, Words: true, Parallel: 2, MaxSeconds: 28}
}
func (f fake) Recognise(_ context.Context, c *Chunk) (*Heard, error) { return f.hear(c) }

// memoryChunks keeps chunks in memory.
type memoryChunks struct {
	sync.Mutex
	kept map[string][]byte
}

func (m *memoryChunks) Load(_ context.Context, key string) ([]byte, error) {
	m.Lock()
	defer m.Unlock()
	if b, ok := m.kept[key]; ok {
		return b, nil
	}
	return nil, debrief.ErrNotFound
}

func (m *memoryChunks) Save(_ context.Context, key string, b []byte) error {
	m.Lock()
	defer m.Unlock()
	m.kept[key] = b
	return nil
}

func TestRunThatStoppedGoesOn(t *testing.T) {
	pcm, _ := sample(t, samples[1])
	whole := transcribeAll(t, with(t, Config{}), Request{Input: "hash", Audio: audio.Memory(pcm)})
	store := &memoryChunks{kept: map[string][]byte{}}
	asked := 0
	var mu sync.Mutex
	breaking := func(after int) fake {
		return fake{func(c *Chunk) (*Heard, error) {
			mu.Lock()
			defer mu.Unlock()
			if asked++; asked > after {
				return nil, fmt.Errorf("stop: %w", debrief.ErrQuota)
			}
			return engine(t).Recognise(context.Background(), c)
		}}
	}
	_, err := with(t, Config{Engine: breaking(3), Chunks: store}).Transcribe(t.Context(), Request{Input: "hash", Audio: audio.Memory(pcm)})
	if !errors.Is(err, debrief.ErrQuota) || len(store.kept) == 0 {
		t.Fatalf("first run: %v with %d chunks kept, want ErrQuota with some kept", err, len(store.kept))
	}
	before := len(store.kept)
	asked = -1 << 30
	got := transcribeAll(t, with(t, Config{Engine: breaking(0), Chunks: store}), Request{Input: "hash", Audio: audio.Memory(pcm)})
	if again := asked + 1<<30; again != len(store.kept)-before {
		t.Errorf("second run asked for %d chunks, want the missing %d", again, len(store.kept)-before)
	}
	if !reflect.DeepEqual(got.Utterances, whole.Utterances) {
		t.Error("the run in two parts gives another transcript than the undisturbed one")
	}
}

func TestChunkThatFails(t *testing.T) {
	pcm, _ := sample(t, samples[1])
	var mu sync.Mutex
	var second debrief.Span
	tries := map[debrief.Span]int{}
	failing := func(times int) fake {
		return fake{func(c *Chunk) (*Heard, error) {
			mu.Lock()
			defer mu.Unlock()
			tries[c.Span()]++
			if second.Len() == 0 && len(tries) == 2 {
				second = c.Span()
			}
			if c.Span() == second && tries[second] <= times {
				return nil, fmt.Errorf("busy: %w", debrief.ErrUnavailable)
			}
			return &Heard{Passages: []Passage{{Span: c.Span(), Text: "Something was said here."}}}, nil
		}}
	}
	t.Run("once: the second chance succeeds", func(t *testing.T) {
		got := transcribeAll(t, with(t, Config{Engine: failing(1)}), Request{Audio: audio.Memory(pcm)})
		if len(got.Partial) != 0 {
			t.Errorf("partial %v after a second chance", got.Partial)
		}
	})
	t.Run("always: a marked gap, and no text in it", func(t *testing.T) {
		clear(tries)
		second = debrief.Span{}
		got := transcribeAll(t, with(t, Config{Engine: failing(1000)}), Request{Audio: audio.Memory(pcm)})
		if !slices.Equal(got.Partial, []debrief.Span{second}) {
			t.Errorf("partial %v, want %v", got.Partial, second)
		}
		for _, u := range got.Utterances {
			if u.Overlap(second) > 0 {
				t.Errorf("text %q in the gap %v", u.Text, second)
			}
		}
	})
	t.Run("all: no transcript", func(t *testing.T) {
		down := fake{func(*Chunk) (*Heard, error) { return nil, debrief.ErrUnavailable }}
		if _, err := with(t, Config{Engine: down}).Transcribe(t.Context(), Request{Audio: audio.Memory(pcm)}); !errors.Is(err, debrief.ErrUnavailable) {
			t.Errorf("Transcribe = %v, want ErrUnavailable", err)
		}
	})
}

// No chunk is larger than the engine takes, no island is lost or out of order, and times in a
// chunk's sound lead back into its islands.
func TestChunksOfAnyPattern(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &packer{
			most:  debrief.SamplesOf(rapid.Float64Range(28, 600).Draw(t, "seconds")),
			bytes: rapid.Int64Range(flacBytes(maxIsland), 25<<20).Draw(t, "bytes"),
		}
		var islands []Island
		var chunks []*Chunk
		at := debrief.Samples(0)
		for range rapid.IntRange(1, 60).Draw(t, "islands") {
			at += debrief.Samples(rapid.IntRange(0, 1000000).Draw(t, "pause"))
			length := debrief.Samples(rapid.IntRange(minSpeech, maxIsland).Draw(t, "length"))
			i := Island{Span: debrief.Span{Start: at, End: at + length}, Speech: []debrief.Span{{Start: at, End: at + length}}}
			at += length
			islands = append(islands, i)
			if c := p.add(i); c != nil {
				chunks = append(chunks, c)
			}
		}
		chunks = append(chunks, p.flush())
		var got []debrief.Span
		for _, c := range chunks {
			if c.Len() > p.most || flacBytes(c.Len()) > p.bytes {
				t.Fatalf("a chunk of %d samples, limits %d samples and %d bytes", c.Len(), p.most, p.bytes)
			}
			pos := debrief.Samples(0)
			for _, i := range c.Islands {
				got = append(got, i.Span)
				if c.At(pos) != i.Start || c.At(pos+i.Len()-1) != i.End-1 {
					t.Fatalf("position %d of the chunk is %d, want %d", pos, c.At(pos), i.Start)
				}
				pos += i.Len()
			}
		}
		for n, i := range islands {
			if n >= len(got) || got[n] != i.Span {
				t.Fatalf("island %d of %d is not in its place", n, len(islands))
			}
		}
	})
}
