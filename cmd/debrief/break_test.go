package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"debrief"
	"debrief/internal/models"
	"debrief/internal/testenv"
	"debrief/pipeline"
	"debrief/storage"
	"debrief/storage/storagetest"
	"debrief/summarize"
	"debrief/transcribe"

	"github.com/google/go-cmp/cmp"
)

// noon is the time everything happens in these tests, so that two runs can be compared byte by byte.
func noon() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

// realStages are the real engine, tagger and summarizer, loaded once for all runs of a test.
type realStages struct {
	engine     *engine
	tagger     *summarize.Tagger
	summarizer *summarize.Summarizer
}

func openStages(t *testing.T) *realStages {
	t.Helper()
	dir, err := models.Find()
	if err != nil {
		t.Fatal(err)
	}
	moonshine, err := transcribe.NewMoonshine(transcribe.MoonshineConfig{Models: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { moonshine.Close() })
	scheme := summarize.DefaultScheme()
	tagger, err := summarize.NewTagger(summarize.Config{Models: dir, Scheme: scheme, Clock: noon})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tagger.Close() })
	summarizer, err := summarize.NewSummarizer(summarize.SummarizerConfig{Scheme: scheme, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	return &realStages{
		engine:     &engine{models: dir, recogniser: moonshine, language: "en", speakers: transcribe.SpeakersAuto, now: noon},
		tagger:     tagger,
		summarizer: summarizer,
	}
}

// batch runs one file into a bucket through the real stages.
func (s *realStages) batch(t *testing.T, b storage.Bucket, file string) pipeline.Result {
	t.Helper()
	lib := storage.NewLibrary(b)
	p, err := newPipeline(lib, s.engine, pipeline.Meaning{Tagger: s.tagger, Summarizer: s.summarizer}, false)
	if err != nil {
		t.Fatal(err)
	}
	results, err := p.Batch(t.Context(), []string{file}, pipeline.Target{Client: "c01", Session: 2, Phase: debrief.Immediate}, ignore{})
	if err != nil {
		t.Fatal(err)
	}
	return results[0]
}

type ignore struct{}

func (ignore) Planned(string, debrief.Samples)                {}
func (ignore) Step(string, string)                            {}
func (ignore) Heard(string, debrief.Samples, debrief.Samples) {}
func (ignore) Finished(pipeline.Result)                       {}

// clip cuts some seconds out of a sample recording.
func clip(t *testing.T, name, from, seconds string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "clip.wav")
	in := filepath.Join(testenv.Root(t), "samples", name)
	testenv.FFmpeg(t, "-ss", from, "-i", in, "-t", seconds, "-ar", "16000", out)
	return out
}

// files reads everything a store holds, but for temporary files.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(dir, "clients"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBreakAtEveryStep stops a batch before, in the middle of and after every operation on the
// store, runs it again, and wants the very bytes an undisturbed run leaves: nothing missing,
// nothing twice.
func TestBreakAtEveryStep(t *testing.T) {
	stages := openStages(t)
	file := clip(t, "c01_s2_immediate.ogg", "19", "20")
	open := func(dir string) storage.Bucket {
		b, err := storage.Open(t.Context(), dir, storage.S3Options{})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}

	clean := t.TempDir()
	count := storagetest.NewFault(open(clean), storagetest.Fault{})
	if r := stages.batch(t, count, file); r.Outcome != pipeline.Done || r.Tags == 0 {
		t.Fatalf("undisturbed run: %+v", r)
	}
	want := files(t, clean)
	for _, doc := range []string{"recording.json", "transcript.json", "tags.json", "summary.json", "audio/000000.flac", "audio/original.wav"} {
		if !hasSuffix(want, doc) {
			t.Fatalf("undisturbed run left no %s", doc)
		}
	}
	for at := 1; at <= count.Ops(); at++ {
		for _, when := range []storagetest.When{storagetest.Before, storagetest.Half, storagetest.After} {
			t.Run(fmt.Sprintf("%d/%v", at, when), func(t *testing.T) {
				dir := t.TempDir()
				stages.batch(t, storagetest.NewFault(open(dir), storagetest.Fault{At: at, When: when}), file)
				if r := stages.batch(t, open(dir), file); r.Err != nil {
					t.Fatalf("run again: %v", r.Err)
				}
				if diff := cmp.Diff(want, files(t, dir)); diff != "" {
					t.Errorf("another end state (-undisturbed +broken):\n%s", diff)
				}
			})
		}
	}
}

func hasSuffix(m map[string]string, suffix string) bool {
	for k := range m {
		if strings.HasSuffix(k, suffix) {
			return true
		}
	}
	return false
}

// TestFullDisk fills the store at every write: a clear error, and after room was made the
// same end state.
func TestFullDisk(t *testing.T) {
	stages := openStages(t)
	file := clip(t, "c01_s2_immediate.ogg", "19", "8")
	dir := t.TempDir()
	b, err := storage.Open(t.Context(), dir, storage.S3Options{})
	if err != nil {
		t.Fatal(err)
	}
	full := storagetest.NewFault(b, storagetest.Fault{At: 2, When: storagetest.Before, Err: debrief.ErrDiskFull})
	r := stages.batch(t, full, file)
	if r.Outcome != pipeline.Failed || exitCode(failures([]pipeline.Result{r})) != exitStore {
		t.Fatalf("full disk: %+v, exit code %d", r, exitCode(failures([]pipeline.Result{r})))
	}
	if r := stages.batch(t, b, file); r.Outcome != pipeline.Done {
		t.Fatalf("after room was made: %+v", r)
	}
}

// TestStopped keeps what is finished when the person stops a batch.
func TestStopped(t *testing.T) {
	stages := openStages(t)
	file := clip(t, "c01_s2_immediate.ogg", "19", "8")
	dir := t.TempDir()
	b, err := storage.Open(t.Context(), dir, storage.S3Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p, err := newPipeline(storage.NewLibrary(b), stages.engine, pipeline.Meaning{Tagger: stages.tagger, Summarizer: stages.summarizer}, false)
	if err != nil {
		t.Fatal(err)
	}
	results, err := p.Batch(ctx, []string{file}, pipeline.Target{Client: "c01", Session: 2, Phase: debrief.Immediate}, stopAt{cancel: cancel})
	if exitCode(err) != exitInterrupted || results[0].Outcome != pipeline.Stopped {
		t.Fatalf("stopped batch: %v, %+v", err, results[0])
	}
	if r := stages.batch(t, b, file); r.Outcome != pipeline.Done {
		t.Fatalf("run again: %+v", r)
	}
}

// stopAt cancels as soon as transcribing begins.
type stopAt struct {
	ignore
	cancel func()
}

func (s stopAt) Step(_, step string) {
	if step == "transcribing" {
		s.cancel()
	}
}
