package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"debrief"
	"debrief/internal/testenv"
	"debrief/storage"
	"debrief/summarize"
)

// TestServeTagsWhatIsCorrected corrects a sentence on the page of a server: then the page is told of other tags, made of the
// words the coach wrote, and of a summary that quotes them. What she decided about another sentence stands.
func TestServeTagsWhatIsCorrected(t *testing.T) {
	dir := t.TempDir()
	b, err := storage.NewDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	lib := storage.NewLibrary(b)
	rec := tagged(t, lib)
	t.Setenv("DEBRIEF_MODELS", filepath.Join(testenv.Root(t), "models"))

	ctx, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"debrief", "serve", "--store", dir, "--uploads", t.TempDir(), "--addr", "127.0.0.1:0"}, write, io.Discard)
	}()
	defer func() { stop(); <-ended }()
	lines := bufio.NewScanner(read)
	lines.Scan()
	page := fmt.Sprintf("%sclients/%s/recordings/%s", servedAt.FindString(lines.Text()), rec.Client, rec.ID)

	ask, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ask, http.MethodGet, page+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	live, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Body.Close()
	events := bufio.NewScanner(live.Body)
	nextVersion := func() string {
		for events.Scan() {
			if data, ok := strings.CutPrefix(events.Text(), `data: {"version":`); ok {
				return data
			}
		}
		t.Fatalf("the stream ended: %v", events.Err())
		return ""
	}
	before := nextVersion()
	for _, change := range []string{
		`{"kind":"tag","utterance":0,"start":16000,"prompt":"standout","verdict":"set","seen":""}`,
		`{"kind":"text","utterance":1,"start":160000,"seen":"Lorry parks at noon.","text":"My jaw let go, and my feet were warm and tingling."}`,
	} {
		answer, err := http.Post(page+"/review", "application/json", strings.NewReader(change))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d", change, answer.StatusCode)
		}
	}
	is := func(id debrief.PromptID) func(debrief.Tag) bool {
		return func(t debrief.Tag) bool { return t.Prompt == id }
	}
	// Where the two changes lie further apart than a coach's pause, the first one brings a version of its own.
	var tags *debrief.Tags
	for tags == nil || !slices.ContainsFunc(tags.Utterances[1].Prompts, is("body")) {
		after := nextVersion()
		if after == before {
			t.Fatalf("the page is told the same version %s again", after)
		}
		before = after
		if tags, _, err = lib.LoadTags(t.Context(), rec.Client, rec.ID); err != nil {
			t.Fatal(err)
		}
	}
	raw, _, err := lib.LoadReview(t.Context(), rec.Client, rec.ID)
	var review debrief.Review
	if err == nil {
		err = json.Unmarshal(raw, &review)
	}
	heard, _, terr := lib.LoadTranscript(t.Context(), rec.Client, rec.ID)
	if err != nil || terr != nil {
		t.Fatal(err, terr)
	}
	if _, decided := review.Apply(heard, tags); !slices.ContainsFunc(decided.Utterances[0].Prompts, is("standout")) {
		t.Errorf("what the coach decided is gone: %+v", decided.Utterances[0])
	}
}

// tagged stores a recording of two sentences with its tags, the second one misheard.
func tagged(t *testing.T, lib *storage.Library) *debrief.Recording {
	t.Helper()
	rec := &debrief.Recording{ID: "00000000000123456789ABCDEF", Client: "c01", Session: 1, Phase: debrief.Immediate, Status: debrief.Stored, Samples: 20 * debrief.SampleRate}
	heard := &debrief.Transcript{Recording: rec.ID, Input: rec.AudioHash(), Utterances: []debrief.Utterance{
		{Span: debrief.Span{Start: 16000, End: 100000}, Speaker: debrief.SpeakerClient, Text: "There was a train, and it would not stop.", Confidence: 1},
		{Span: debrief.Span{Start: 160000, End: 250000}, Speaker: debrief.SpeakerClient, Text: "Lorry parks at noon.", Confidence: 1},
	}}
	tagger, err := openTagger(summarize.DefaultScheme())
	if err != nil {
		t.Fatal(err)
	}
	defer tagger.Close()
	tags, err := tagger.Tag(t.Context(), rec, heard)
	if err != nil {
		t.Fatal(err)
	}
	_, err = lib.SaveRecording(t.Context(), rec, "")
	if err == nil {
		_, err = lib.SaveTranscript(t.Context(), rec.Client, heard, "")
	}
	if err == nil {
		_, err = lib.SaveTags(t.Context(), rec.Client, tags, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	return rec
}
