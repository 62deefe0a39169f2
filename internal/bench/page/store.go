package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"debrief"
	"debrief/review/demo"
	"debrief/storage"
	"debrief/summarize"
)

const (
	// A debrief of twenty minutes: what is said in one, and one audio object a minute.
	utterancesEach = 120
	segmentsEach   = 20
	inventedWords  = 20_000 // beside the demo's own: rare words, as names and places are
)

// quick is a folder store that does not wait for the disk: what it writes is thrown away.
type quick struct {
	storage.Bucket
	root string
}

func (q quick) Put(_ context.Context, key string, r io.Reader, _ int64, _ storage.Condition) (storage.ETag, error) {
	path := filepath.Join(q.root, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	return "", os.WriteFile(path, data, 0o600)
}

// generate writes the store, unless the folder holds one already.
func generate(ctx context.Context, root string, clients, each int) error {
	done := filepath.Join(root, ".generated")
	want := fmt.Sprintf("%d clients, %d recordings each\n", clients, each)
	if have, err := os.ReadFile(done); err == nil && string(have) == want {
		return nil
	}
	dir, err := storage.NewDir(root)
	if err != nil {
		return err
	}
	w := &writer{library: storage.NewLibrary(quick{dir, root}), scheme: summarize.DefaultScheme()}
	if w.lines, err = spoken(ctx, w.scheme); err != nil {
		return err
	}
	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for c := range clients {
		g.Go(func() error {
			// Each client has a sequence of its own: the same store every time.
			return w.client(ctx, rand.New(rand.NewPCG(1, uint64(c))), c, each)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d recordings generated in %s\n", clients*each, time.Since(began).Round(time.Second))
	return os.WriteFile(done, []byte(want), 0o600)
}

// spoken are the utterances of the demo's complete client.
func spoken(ctx context.Context, scheme debrief.Scheme) ([]debrief.Utterance, error) {
	invented, err := demo.New(scheme)
	if err != nil {
		return nil, err
	}
	recs, err := invented.Recordings(ctx, demo.Maya)
	if err != nil {
		return nil, err
	}
	var out []debrief.Utterance
	for i := range recs {
		var t debrief.Transcript
		if _, err := invented.Load(ctx, &recs[i], &t); err != nil {
			return nil, err
		}
		out = append(out, t.Utterances...)
	}
	return out, nil
}

type writer struct {
	library *storage.Library
	scheme  debrief.Scheme
	lines   []debrief.Utterance
}

func clientID(n int) debrief.ClientID { return debrief.ClientID(fmt.Sprintf("c%03d", n)) }

func recordingID(client, n int) debrief.RecordingID {
	return debrief.RecordingID(fmt.Sprintf("01BENC%08d%012d", client, n))
}

func (w *writer) client(ctx context.Context, random *rand.Rand, n, each int) error {
	id := clientID(n)
	name := invent(random.IntN(inventedWords)) + " " + invent(random.IntN(inventedWords))
	if _, err := w.library.SaveClient(ctx, &debrief.Client{ID: id, Name: name, TimeZone: "Europe/Dublin"}, ""); err != nil {
		return err
	}
	first := time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, random.IntN(900))
	for i := range each {
		r := &debrief.Recording{
			ID: recordingID(n, i), Client: id, Session: 1 + i/3, Phase: debrief.Phases()[i%3], Origin: debrief.Captured,
			Status: debrief.Stored, Started: first.AddDate(0, 0, 14*(i/3)).Add(time.Duration(i%3) * 3 * time.Hour), Device: "Lapel microphone",
		}
		if err := w.recording(ctx, random, r); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) recording(ctx context.Context, random *rand.Rand, r *debrief.Recording) error {
	t := &debrief.Transcript{Recording: r.ID, Engine: "moonshine-tiny", Made: r.Started}
	tags := &debrief.Tags{Recording: r.ID, Scheme: w.scheme.Ref(), Model: "bench", Made: r.Started, Utterances: []debrief.UtteranceTags{}}
	summary := &debrief.Summary{Recording: r.ID, Engine: "quotes", Made: r.Started}
	prompts := w.scheme.For(r.Phase, r.Session)
	var at debrief.Samples
	for i := range utterancesEach/2 + random.IntN(utterancesEach) {
		u := w.utterance(random, at)
		at = u.End + debrief.Samples(random.IntN(4*debrief.SampleRate))
		t.Utterances = append(t.Utterances, u)
		if random.IntN(3) > 0 || u.Speaker != debrief.SpeakerClient {
			continue
		}
		prompt := prompts[random.IntN(len(prompts))].ID
		tags.Utterances = append(tags.Utterances, debrief.UtteranceTags{Index: i, Prompts: []debrief.Tag{
			{Prompt: prompt, Confidence: 0.9, Source: debrief.SourceModel, Evidence: "resembles other answers"}}})
		if len(summary.Prompts) < len(prompts) {
			summary.Prompts = append(summary.Prompts, debrief.PromptSummary{Prompt: prompt, Sentences: []debrief.Sentence{
				{Text: u.Text, Quote: debrief.Quote{Span: u.Span, Utterance: i, Text: u.Text}}}})
		}
	}
	for i := range debrief.Samples(segmentsEach) {
		const minute = 60 * debrief.SampleRate
		r.Segments = append(r.Segments, debrief.Segment{Index: int(i), Start: i * minute, Samples: minute, Bytes: 1 << 20, SHA256: strings.Repeat("0", 64)})
		if err := w.library.SaveSegment(ctx, r.Client, r.ID, int(i), []byte("nobody listens to it")); err != nil {
			return err
		}
	}
	r.Samples = at
	t.Input, tags.Input, summary.Input = r.AudioHash(), t.Hash(), debrief.SummaryInput(t, tags)
	if _, err := w.library.SaveTranscript(ctx, r.Client, t, ""); err != nil {
		return err
	}
	if _, err := w.library.SaveTags(ctx, r.Client, tags, ""); err != nil {
		return err
	}
	if _, err := w.library.SaveSummary(ctx, r.Client, summary, ""); err != nil {
		return err
	}
	_, err := w.library.SaveRecording(ctx, r, "")
	return err
}

// utterance says one of the demo's sentences with one word of it replaced.
func (w *writer) utterance(random *rand.Rand, at debrief.Samples) debrief.Utterance {
	said := w.lines[random.IntN(len(w.lines))]
	words := strings.Fields(said.Text)
	words[random.IntN(len(words))] = invent(int(random.ExpFloat64() * inventedWords / 8))
	u := debrief.Utterance{Speaker: said.Speaker, Confidence: 0.93, Text: strings.Join(words, " ")}
	u.Start = at
	for _, word := range words {
		end := at + debrief.SampleRate/3
		u.Words = append(u.Words, debrief.Word{Span: debrief.Span{Start: at, End: end}, Text: word})
		at = end
	}
	u.End = at
	return u
}

// invent makes the n-th word of a language nobody speaks.
func invent(n int) string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	var b strings.Builder
	for n += len(consonants) * len(vowels); n > 0; n /= len(consonants) * len(vowels) {
		b.WriteByte(consonants[n%len(consonants)])
		b.WriteByte(vowels[n/len(consonants)%len(vowels)])
	}
	return b.String()
}
