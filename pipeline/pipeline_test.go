package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"debrief"
)

// shelf is a store in memory that can be disturbed: beforeSave runs before each Save.
type shelf struct {
	mu         sync.Mutex
	recordings map[debrief.RecordingID]*debrief.Recording
	docs       map[string]any // recording and type -> document
	versions   map[string]int
	segments   int
	discarded  int
	beforeSave func(key string)
	conflicts  int // how often PutRecording still finds that another was quicker
}

func newShelf() *shelf {
	return &shelf{recordings: map[debrief.RecordingID]*debrief.Recording{}, docs: map[string]any{}, versions: map[string]int{}}
}

func (s *shelf) Recording(_ context.Context, _ debrief.ClientID, id debrief.RecordingID) (*debrief.Recording, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.recordings[id]; ok {
		return r, "1", nil
	}
	return nil, "", debrief.ErrNotFound
}

func (s *shelf) PutRecording(_ context.Context, rec *debrief.Recording, version string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.recordings[rec.ID]; there && version == "" {
		return "", debrief.ErrConflict
	}
	if version != "" && s.conflicts > 0 {
		s.conflicts--
		return "", debrief.ErrConflict
	}
	s.recordings[rec.ID] = rec
	return "1", nil
}

func docKey(rec *debrief.Recording, doc any) string { return fmt.Sprintf("%s %T", rec.ID, doc) }

func (s *shelf) Load(_ context.Context, rec *debrief.Recording, doc any) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := docKey(rec, doc)
	switch doc := doc.(type) {
	case *debrief.Transcript:
		if d, ok := s.docs[key]; ok {
			*doc = d.(debrief.Transcript)
			return fmt.Sprint(s.versions[key]), nil
		}
	case *debrief.Tags:
		if d, ok := s.docs[key]; ok {
			*doc = d.(debrief.Tags)
			return fmt.Sprint(s.versions[key]), nil
		}
	case *debrief.Summary:
		if d, ok := s.docs[key]; ok {
			*doc = d.(debrief.Summary)
			return fmt.Sprint(s.versions[key]), nil
		}
	case *debrief.Review:
		if d, ok := s.docs[key]; ok {
			*doc = d.(debrief.Review)
			return fmt.Sprint(s.versions[key]), nil
		}
	}
	return "", debrief.ErrNotFound
}

func (s *shelf) Save(_ context.Context, rec *debrief.Recording, doc any, version string) (string, error) {
	key := docKey(rec, doc)
	if s.beforeSave != nil {
		s.beforeSave(key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	current := ""
	if _, there := s.docs[key]; there {
		current = fmt.Sprint(s.versions[key])
	}
	if version != current {
		return "", debrief.ErrConflict
	}
	s.put(key, doc)
	return fmt.Sprint(s.versions[key]), nil
}

func (s *shelf) put(key string, doc any) {
	switch doc := doc.(type) {
	case *debrief.Transcript:
		s.docs[key] = *doc
	case *debrief.Tags:
		s.docs[key] = *doc
	case *debrief.Summary:
		s.docs[key] = *doc
	case *debrief.Review:
		s.docs[key] = *doc
	}
	s.versions[key]++
}

func (s *shelf) PutOriginal(context.Context, *debrief.Recording, *os.File) error { return nil }
func (s *shelf) PutSegment(context.Context, *debrief.Recording, int, []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.segments++
	return nil
}
func (s *shelf) OpenAudio(context.Context, *debrief.Recording) (AudioReader, error) {
	return &tone{}, nil
}
func (s *shelf) Discard(context.Context, debrief.ClientID, debrief.RecordingID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discarded++
	return nil
}

func (s *shelf) Tidy(context.Context, *debrief.Recording) error { return nil }

// tone is audio of left samples that then ends with err.
type tone struct {
	left int
	err  error
}

func (f *tone) Read(dst []int16) (int, error) {
	if f.left == 0 {
		return 0, f.err
	}
	n := min(len(dst), f.left, 1000)
	f.left -= n
	return n, nil
}
func (f *tone) Close() error           { return nil }
func (f *tone) Total() debrief.Samples { return debrief.Samples(f.left) }

// stages count their calls and answer with one utterance, one tag, one sentence.
type stages struct {
	mu                    sync.Mutex
	heard, tagged, summed int
	said                  string // what was tagged last
	wrote                 string // the engine summaries name
	scheme                string
	silent                bool
	found, spends         debrief.Spent
	fails                 error
}

func (s *stages) Transcribe(_ context.Context, rec *debrief.Recording, _ AudioReader, _ func(debrief.Samples), spent func(found, now debrief.Spent)) (*debrief.Transcript, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard++
	spent(s.found, s.spends)
	if s.fails != nil {
		return nil, s.fails
	}
	t := &debrief.Transcript{Recording: rec.ID, Input: rec.AudioHash()}
	if !s.silent {
		t.Utterances = []debrief.Utterance{{Span: debrief.Span{End: 16000}, Text: "the quiet", Speaker: debrief.SpeakerClient}}
	}
	return t, nil
}
func (s *stages) Version() (string, string) { return s.scheme, "m" }
func (s *stages) Tag(_ context.Context, rec *debrief.Recording, t *debrief.Transcript) (*debrief.Tags, error) {
	s.tagged++
	s.said = t.Utterances[0].Text
	return &debrief.Tags{Recording: rec.ID, Scheme: s.scheme, Model: "m", Input: t.Hash(),
		Utterances: []debrief.UtteranceTags{{Prompts: []debrief.Tag{{Prompt: "standout"}}}}}, nil
}
func (s *stages) Engine() string { return "e" }
func (s *stages) Summarize(_ context.Context, rec *debrief.Recording, t *debrief.Transcript, tags *debrief.Tags) (*debrief.Summary, error) {
	s.summed++
	return &debrief.Summary{Recording: rec.ID, Engine: s.wrote, Input: debrief.SummaryInput(t, tags), Prompts: []debrief.PromptSummary{{Prompt: "standout"}}}, nil
}

func newPipeline(t *testing.T, s *shelf, st *stages, decode func() (Decoder, error)) *Pipeline {
	t.Helper()
	p, err := New(Config{
		Documents: s, Objects: s, Transcriber: st, Tagger: st, Summarizer: st,
		Decode:     func(context.Context, string) (Decoder, error) { return decode() },
		EncodeFLAC: func(pcm []int16) ([]byte, error) { return fmt.Append(nil, len(pcm)), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func minuteAndHalf() (Decoder, error) {
	return &tone{left: SegmentSamples * 3 / 2, err: io.EOF}, nil
}

type deaf struct{}

func (deaf) Planned(string, debrief.Samples)                {}
func (deaf) Step(string, string)                            {}
func (deaf) Heard(string, debrief.Samples, debrief.Samples) {}
func (deaf) Finished(Result)                                {}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var target = Target{Client: "c01", Session: 1, Phase: debrief.Immediate}

func TestBatchMakesOnlyWhatIsMissing(t *testing.T) {
	s, st := newShelf(), &stages{wrote: "e", scheme: "s@1"}
	p := newPipeline(t, s, st, minuteAndHalf)
	file := write(t, "a.wav", "a")
	run := func(want Outcome, heard, tagged, summed int) {
		t.Helper()
		r, err := p.Batch(t.Context(), []string{file}, target, deaf{})
		if err != nil || r[0].Outcome != want {
			t.Fatalf("outcome %+v, %v; want %s", r[0], err, want)
		}
		if st.heard != heard || st.tagged != tagged || st.summed != summed {
			t.Fatalf("heard, tagged, summed %d %d %d times; want %d %d %d", st.heard, st.tagged, st.summed, heard, tagged, summed)
		}
	}
	run(Done, 1, 1, 1)
	if s.segments != 2 {
		t.Errorf("%d segments of a minute and a half, want 2", s.segments)
	}
	run(Unchanged, 1, 1, 1)
	st.scheme = "s@2" // another scheme makes tags stale; the same tags leave the summary current
	run(Done, 1, 2, 1)
	for _, rec := range s.recordings { // other audio makes the transcript stale, the same words nothing else
		rec.Segments[0].SHA256 = "other"
	}
	run(Done, 2, 2, 1)
}

func TestBatchTakesEqualFilesOnce(t *testing.T) {
	s, st := newShelf(), &stages{wrote: "e", scheme: "s@1"}
	p := newPipeline(t, s, st, minuteAndHalf)
	r, err := p.Batch(t.Context(), []string{write(t, "a.wav", "same"), write(t, "b.wav", "same")}, target, deaf{})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%s %s", r[0].Outcome, r[1].Outcome)
	if got != "done duplicate" && got != "duplicate done" || st.heard != 1 {
		t.Errorf("outcomes %s, heard %d times", got, st.heard)
	}
}

func TestBatchOneFailureLeavesTheRest(t *testing.T) {
	for name, c := range map[string]struct {
		audio     tone
		want      error
		discarded int
	}{
		"ErrBadAudio":  {tone{left: 99, err: debrief.ErrBadAudio}, debrief.ErrBadAudio, 1},
		"ErrTruncated": {tone{left: 99, err: debrief.ErrTruncated}, debrief.ErrTruncated, 1},
		"ErrNoAudio":   {tone{err: io.EOF}, debrief.ErrNoAudio, 1},
		"ErrDisk":      {tone{left: 99, err: debrief.ErrDiskFull}, debrief.ErrDiskFull, 0}, // what is there is gone on from
	} {
		t.Run(name, func(t *testing.T) {
			s, st := newShelf(), &stages{wrote: "e", scheme: "s@1"}
			bad := write(t, "bad.wav", "bad")
			p := newPipeline(t, s, st, nil)
			p.Decode = func(_ context.Context, path string) (Decoder, error) {
				if path == bad {
					audio := c.audio
					return &audio, nil
				}
				return minuteAndHalf()
			}
			r, err := p.Batch(t.Context(), []string{bad, write(t, "good.wav", "good")}, target, deaf{})
			if err != nil {
				t.Fatal(err)
			}
			if r[0].Outcome != Failed || !errors.Is(r[0].Err, c.want) || r[1].Outcome != Done {
				t.Errorf("results %+v", r)
			}
			if len(s.recordings) != 1 || s.discarded != c.discarded {
				t.Errorf("%d manifests, %d discarded; want 1, %d", len(s.recordings), s.discarded, c.discarded)
			}
		})
	}
}

func TestBatchRefusesAFileThatChanges(t *testing.T) {
	s, st := newShelf(), &stages{wrote: "e", scheme: "s@1"}
	file := write(t, "growing.wav", "one")
	p := newPipeline(t, s, st, func() (Decoder, error) {
		if err := os.WriteFile(file, []byte("one and more"), 0o600); err != nil {
			return nil, err
		}
		return minuteAndHalf()
	})
	src, err := readSource(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.importFile(t.Context(), src, target); !errors.Is(err, debrief.ErrConflict) || debrief.Hint(err) == "" {
		t.Errorf("error %v, want ErrConflict with a hint", err)
	}
	if len(s.recordings) != 0 {
		t.Error("half a file has a manifest")
	}
}

func TestBatchKeepsTheDebriefAFileBelongsTo(t *testing.T) {
	s, st := newShelf(), &stages{wrote: "e", scheme: "s@1"}
	p := newPipeline(t, s, st, minuteAndHalf)
	file := write(t, "a.wav", "a")
	if r, _ := p.Batch(t.Context(), []string{file}, target, deaf{}); r[0].Outcome != Done {
		t.Fatalf("%+v", r[0])
	}
	other := Target{Client: "c01", Session: 2, Phase: debrief.Followup}
	r, _ := p.Batch(t.Context(), []string{file}, other, deaf{})
	if r[0].Outcome != Failed || !strings.Contains(r[0].Err.Error(), "session 1, immediate") {
		t.Errorf("%+v", r[0])
	}
}

func TestSpeechlessHasNeitherTagsNorSummary(t *testing.T) {
	s, st := newShelf(), &stages{wrote: "e", scheme: "s@1", silent: true}
	p := newPipeline(t, s, st, minuteAndHalf)
	r, _ := p.Batch(t.Context(), []string{write(t, "a.wav", "a")}, target, deaf{})
	if r[0].Outcome != NoSpeech || len(s.docs) != 1 || st.tagged+st.summed != 0 {
		t.Errorf("%+v, %d documents", r[0], len(s.docs))
	}
}

func TestStoredWhenAnotherWorkerWasQuicker(t *testing.T) {
	rec := &debrief.Recording{ID: "r"}
	for name, c := range map[string]struct {
		theirs string
		want   error
	}{
		"SameInputCounts": {"current", nil},
		"OtherInput":      {"stale", debrief.ErrConflict},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf()
			s.beforeSave = func(key string) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.put(key, &debrief.Transcript{Input: c.theirs, Engine: "theirs"})
			}
			changed := false
			got, err := stored(t.Context(), s, rec, &changed,
				func(d *debrief.Transcript) bool { return d.Input == "current" },
				func() (*debrief.Transcript, error) {
					return &debrief.Transcript{Input: "current", Engine: "ours"}, nil
				})
			if !errors.Is(err, c.want) || changed {
				t.Fatalf("error %v, changed %v; want %v, false", err, changed, c.want)
			}
			if err == nil && got.Engine != "theirs" {
				t.Errorf("got the transcript of %s, want theirs: it was there first", got.Engine)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.MP3", "a.wav", "notes.txt", ".hidden.wav", "sub/c.opus", ".trash/d.wav", "hollow/x.pdf"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	notes := filepath.Join(dir, "notes.txt")
	files, problems := Files([]string{dir, notes, filepath.Join(dir, "a.wav"), filepath.Join(dir, "hollow"), filepath.Join(dir, "gone.wav")})
	var got []string
	for _, f := range files {
		rel, _ := filepath.Rel(dir, f)
		got = append(got, rel)
	}
	if want := "a.wav b.MP3 sub/c.opus notes.txt"; strings.Join(got, " ") != want {
		t.Errorf("files %q, want %q", got, want)
	}
	if len(problems) != 2 || !errors.Is(problems[0].Err, debrief.ErrNoAudio) || !errors.Is(problems[1].Err, debrief.ErrNotFound) {
		t.Errorf("problems %+v", problems)
	}
}
