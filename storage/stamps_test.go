package storage_test

import (
	"encoding/json"
	"testing"

	"debrief"
	"debrief/internal/testenv"
	"debrief/storage"
)

func TestStamps(t *testing.T) {
	server := testenv.S3(t)
	server.Use(t)
	for name, where := range map[string]string{"Dir": t.TempDir(), "S3": "s3://" + server.Bucket(t) + "/practice"} {
		t.Run(name, func(t *testing.T) {
			b, err := storage.Open(t.Context(), where, storage.S3Options{Endpoint: server.Endpoint})
			if err != nil {
				t.Fatal(err)
			}
			stamps(t, b)
		})
	}
}

func stamps(t *testing.T, b storage.Bucket) {
	l := storage.NewLibrary(b)
	ctx := t.Context()
	const other = debrief.RecordingID("00000000000123456789ABCDEG")
	take := func() storage.Stamps {
		t.Helper()
		s, err := l.Stamps(ctx, client)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	done := func(_ string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if s := take(); len(s) != 0 {
		t.Errorf("of nobody: %v", s)
	}
	done(l.SaveTranscript(ctx, client, &debrief.Transcript{Recording: id}, ""))
	if s := take(); len(s) != 0 {
		t.Errorf("without a manifest: %v", s)
	}
	done(l.SaveRecording(ctx, &debrief.Recording{ID: id, Client: client}, ""))
	done(l.SaveRecording(ctx, &debrief.Recording{ID: other, Client: client}, ""))
	last := take()
	if len(last) != 2 || last[id] == "" || last[other] == "" || last[id] == last[other] {
		t.Fatalf("of two recordings: %v", last)
	}
	for name, write := range map[string]func() (string, error){
		"Tags":    func() (string, error) { return l.SaveTags(ctx, client, &debrief.Tags{Recording: id}, "") },
		"Summary": func() (string, error) { return l.SaveSummary(ctx, client, &debrief.Summary{Recording: id}, "") },
		"Review":  func() (string, error) { return l.SaveReview(ctx, client, id, json.RawMessage(`{}`), "") },
	} {
		done(write())
		now := take()
		if now[id] == last[id] || now[other] != last[other] {
			t.Errorf("%s written: stamps %v, before %v", name, now, last)
		}
		last = now
	}
	if err := l.SaveSegment(ctx, client, id, 0, []byte("sound")); err != nil {
		t.Fatal(err)
	}
	if now := take(); now[id] != last[id] || now[other] != last[other] || len(now) != len(last) {
		t.Errorf("nothing but audio written: stamps %v, before %v", now, last)
	}
	done(l.SaveClient(ctx, &debrief.Client{ID: client, Name: "Anna"}, ""))
	if now := take(); now[""] == "" || now[id] != last[id] {
		t.Errorf("the client written: stamps %v, before %v", now, last)
	}
}
