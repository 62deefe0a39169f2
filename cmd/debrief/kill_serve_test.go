package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"debrief"
	"debrief/internal/testenv"
	"debrief/storage"
)

const (
	// serverKills is how often the server is killed on each kind of store; the moments are drawn anew every time.
	serverKills = 25
	// longestLife is how many edits a server may save, at most, before one in which it is killed.
	longestLife = 12
)

// TestKillServe ends the real server with SIGKILL while a coach's edits follow each other without
// a pause. Whatever the moment, the store holds every edit that was answered as saved, at most
// the one under way beside them, and nothing by halves.
func TestKillServe(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "debrief")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	server := testenv.S3(t)
	server.Use(t)
	for name, where := range map[string][]string{
		"Dir": {"--store", t.TempDir()},
		"S3":  {"--store", "s3://" + server.Bucket(t) + "/practice", "--s3-endpoint", server.Endpoint},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := storage.Open(t.Context(), where[1], storage.S3Options{Endpoint: server.Endpoint})
			if err != nil {
				t.Fatal(err)
			}
			killServe(t, storage.NewLibrary(b), append([]string{bin, "serve", "--addr", "127.0.0.1:0", "--uploads", t.TempDir()}, where...))
		})
	}
}

func killServe(t *testing.T, lib *storage.Library, command []string) {
	rec := &debrief.Recording{ID: "00000000000123456789ABCDEF", Client: "c01", Session: 1, Phase: debrief.Immediate, Status: debrief.Stored, Samples: 10 * debrief.SampleRate}
	heard := &debrief.Transcript{Recording: rec.ID, Utterances: []debrief.Utterance{
		{Span: debrief.Span{Start: 16000, End: 48000}, Speaker: debrief.SpeakerClient, Text: edit(0), Confidence: 1}}}
	if _, err := lib.SaveRecording(t.Context(), rec, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := lib.SaveTranscript(t.Context(), rec.Client, heard, ""); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	kept, during := 0, 0   // edits the store holds; servers that died while one was under way
	var took time.Duration // by the last edit that was saved: machines differ
	for range serverKills {
		d := doom{edits: random.IntN(longestLife), part: random.Float64()}
		saved, sent := editUntilKilled(t, command, rec, kept, d, &took)
		data, _, err := lib.LoadReview(t.Context(), rec.Client, rec.ID)
		if saved == 0 && err != nil && kept == 0 {
			continue // killed before the first edit
		}
		var r debrief.Review
		if err == nil {
			err = json.Unmarshal(data, &r)
		}
		if err != nil {
			t.Fatalf("after %d edits the review is not readable: %v", saved, err)
		}
		for i, e := range r.Edits {
			if e.Text == nil || *e.Text != edit(i+1) || e.Author == "" || e.At.IsZero() || e.Anchor != debrief.AnchorOf(heard, 0) {
				t.Fatalf("edit %d is there by halves, twice or not at all: %+v", i+1, e)
			}
		}
		if len(r.Edits) < saved || len(r.Edits) > sent {
			t.Fatalf("%d edits are there, %d were answered as saved and %d sent", len(r.Edits), saved, sent)
		}
		if sent > saved {
			during++
		}
		kept = len(r.Edits)
	}
	t.Logf("%d edits kept, %d of %d servers died during one", kept, during, serverKills)
	if kept == 0 || during == 0 {
		t.Error("no server died during an edit: nothing was tested")
	}
}

// edit is the text of the n-th edit: long enough that half of it would show.
func edit(n int) string { return strings.Repeat("word ", 400) + fmt.Sprint(n) + "." }

var servedAt = regexp.MustCompile(`http://\S+`)

// doom is when a server is killed: when it has saved so many edits, after a part of the time that the last one took.
type doom struct {
	edits int
	part  float64
}

// editUntilKilled starts a server, sends edits from the one after kept on, kills the server at its
// time, and returns how many edits have been answered as saved and sent in all.
func editUntilKilled(t *testing.T, command []string, rec *debrief.Recording, kept int, d doom, took *time.Duration) (saved, sent int) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(cmd.Environ(), "DEBRIEF_MODELS="+filepath.Join(testenv.Root(t), "models"))
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	address := servedAt.FindString(lines.Text())
	if address == "" {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		t.Fatalf("no address in %q: %s", lines.Text(), &log)
	}
	saved, sent = kept, kept
	for {
		if saved == kept+d.edits {
			kill := time.AfterFunc(time.Duration(d.part*float64(*took)), func() { _ = cmd.Process.Kill() })
			defer kill.Stop()
		}
		began := time.Now()
		body, err := json.Marshal(map[string]any{"kind": "text", "utterance": 0, "start": 16000, "seen": edit(saved), "text": edit(saved + 1)})
		if err != nil {
			t.Fatal(err)
		}
		sent = saved + 1
		answer, err := http.Post(fmt.Sprintf("%sclients/%s/recordings/%s/review", address, rec.Client, rec.ID), "application/json", bytes.NewReader(body))
		if err != nil {
			break
		}
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			t.Fatalf("edit %d: status %d: %s", sent, answer.StatusCode, &log)
		}
		saved, *took = sent, time.Since(began) // the status is sent after the edit is stored
		if err != nil {
			break
		}
	}
	_ = cmd.Wait()
	return saved, sent
}
