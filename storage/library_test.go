package storage_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"debrief"
	"debrief/internal/audio"
	"debrief/internal/testenv"
	"debrief/storage"
)

const (
	client = debrief.ClientID("c01")
	id     = debrief.RecordingID("00000000000123456789ABCDEF")
)

func newLibrary(t testing.TB) (*storage.Library, storage.Bucket) {
	t.Helper()
	b := newDir(t, t.TempDir())
	return storage.NewLibrary(b), b
}

// put stores any object.
func put(t testing.TB, b storage.Bucket, key, data string) {
	t.Helper()
	if _, err := b.Put(t.Context(), key, strings.NewReader(data), int64(len(data)), storage.Condition{}); err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: error %v, want %v", what, err, kind)
	}
}

// document tests one kind of document: two states of it, and how it is loaded and saved.
func document[T any](t *testing.T, one, two T, load func() (T, string, error), save func(T, string) (string, error)) {
	t.Helper()
	if _, _, err := load(); !errors.Is(err, debrief.ErrNotFound) {
		t.Errorf("load before save: %v, want ErrNotFound", err)
	}
	if _, err := save(one, "some version"); !errors.Is(err, debrief.ErrConflict) {
		t.Errorf("change of nothing: %v, want ErrConflict", err)
	}
	first, err := save(one, "")
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if _, err := save(two, ""); !errors.Is(err, debrief.ErrConflict) {
		t.Errorf("create again: %v, want ErrConflict", err)
	}
	got, version, err := load()
	if err != nil || version != first {
		t.Errorf("load: version %q (%v), want %q", version, err, first)
	}
	if diff := cmp.Diff(one, got); diff != "" {
		t.Errorf("loaded differs (-saved +loaded):\n%s", diff)
	}
	second, err := save(two, version)
	if err != nil || second == first {
		t.Errorf("change: version %q (%v), want a new one", second, err)
	}
	if _, err := save(one, first); !errors.Is(err, debrief.ErrConflict) {
		t.Errorf("change of an old version: %v, want ErrConflict", err)
	}
	if got, _, err := load(); err != nil || !cmp.Equal(two, got) {
		t.Errorf("loaded %v (%v), want the second state", got, err)
	}
}

func TestDocuments(t *testing.T) {
	server := testenv.S3(t)
	server.Use(t)
	for name, where := range map[string]string{"Dir": t.TempDir(), "S3": "s3://" + server.Bucket(t)} {
		t.Run(name, func(t *testing.T) {
			b, err := storage.Open(t.Context(), where, storage.S3Options{Endpoint: server.Endpoint})
			if err != nil {
				t.Fatal(err)
			}
			documents(t, b)
		})
	}
}

func documents(t *testing.T, b storage.Bucket) {
	l := storage.NewLibrary(b)
	ctx := t.Context()
	when := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	t.Run("Client", func(t *testing.T) {
		document(t, &debrief.Client{ID: client, Name: "Ánna"}, &debrief.Client{ID: client, Name: "Anna", TimeZone: "Europe/Dublin"},
			func() (*debrief.Client, string, error) { return l.LoadClient(ctx, client) },
			func(v *debrief.Client, version string) (string, error) { return l.SaveClient(ctx, v, version) })
	})
	t.Run("Session", func(t *testing.T) {
		document(t, &debrief.Session{Client: client, Number: 3}, &debrief.Session{Client: client, Number: 3, DoseEnd: when},
			func() (*debrief.Session, string, error) { return l.LoadSession(ctx, client, 3) },
			func(v *debrief.Session, version string) (string, error) { return l.SaveSession(ctx, v, version) })
	})
	t.Run("Recording", func(t *testing.T) {
		document(t, &debrief.Recording{ID: id, Client: client, Session: 3, Phase: debrief.Immediate, Started: when},
			&debrief.Recording{ID: id, Client: client, Session: 3, Status: debrief.Stored, Segments: []debrief.Segment{{Samples: 5, SHA256: "ab"}}},
			func() (*debrief.Recording, string, error) { return l.LoadRecording(ctx, client, id) },
			func(v *debrief.Recording, version string) (string, error) { return l.SaveRecording(ctx, v, version) })
	})
	t.Run("Transcript", func(t *testing.T) {
		document(t, &debrief.Transcript{Recording: id}, &debrief.Transcript{Recording: id, Made: when, Utterances: []debrief.Utterance{{Text: "It was “quiet”."}}},
			func() (*debrief.Transcript, string, error) { return l.LoadTranscript(ctx, client, id) },
			func(v *debrief.Transcript, version string) (string, error) {
				return l.SaveTranscript(ctx, client, v, version)
			})
	})
	t.Run("Tags", func(t *testing.T) {
		document(t, &debrief.Tags{Recording: id}, &debrief.Tags{Recording: id, Scheme: "s@1"},
			func() (*debrief.Tags, string, error) { return l.LoadTags(ctx, client, id) },
			func(v *debrief.Tags, version string) (string, error) { return l.SaveTags(ctx, client, v, version) })
	})
	t.Run("Summary", func(t *testing.T) {
		document(t, &debrief.Summary{Recording: id}, &debrief.Summary{Recording: id, Empty: "no speech"},
			func() (*debrief.Summary, string, error) { return l.LoadSummary(ctx, client, id) },
			func(v *debrief.Summary, version string) (string, error) {
				return l.SaveSummary(ctx, client, v, version)
			})
	})
	t.Run("Review", func(t *testing.T) {
		document(t, json.RawMessage(`[]`), json.RawMessage(`[{"x":"y"}]`),
			func() (json.RawMessage, string, error) { return l.LoadReview(ctx, client, id) },
			func(v json.RawMessage, version string) (string, error) {
				return l.SaveReview(ctx, client, id, v, version)
			})
	})
	t.Run("Peaks", func(t *testing.T) {
		document(t, &audio.Peaks{Bucket: 1600, Levels: []byte{}}, &audio.Peaks{Bucket: 1600, Total: 1601, Levels: []byte{0, 255}},
			func() (*audio.Peaks, string, error) { return l.LoadPeaks(ctx, client, id) },
			func(v *audio.Peaks, version string) (string, error) { return l.SavePeaks(ctx, client, id, v, version) })
	})
	t.Run("BrokenJSONIsNotSaved", func(t *testing.T) {
		_, err := l.SaveReview(ctx, client, id, json.RawMessage(`{`), "")
		wantError(t, "save", err, debrief.ErrInvalid)
	})
}

// TestKeys holds the layout of the bucket: other programs and people find things by it.
func TestKeys(t *testing.T) {
	l, b := newLibrary(t)
	ctx := t.Context()
	rec := &debrief.Recording{ID: id, Client: client}
	_, err1 := l.SaveClient(ctx, &debrief.Client{ID: client}, "")
	_, err2 := l.SaveSession(ctx, &debrief.Session{Client: client, Number: 3}, "")
	err4 := l.SaveSegment(ctx, client, id, 0, []byte("flac"))
	err5 := l.SaveSegment(ctx, client, id, 12, []byte("flac"))
	err6 := l.SaveOriginal(ctx, client, id, ".m4a", strings.NewReader("m4a"), 3)
	err7 := l.SaveOriginal(ctx, client, id, ".ä/../x", strings.NewReader("odd"), 3)
	err8 := l.SaveChunk(ctx, client, id, "0123abcd", []byte("{}"))
	_, err9 := l.SaveRecording(ctx, rec, "")
	_, err10 := l.SaveTranscript(ctx, client, &debrief.Transcript{Recording: id}, "")
	_, err11 := l.SaveTags(ctx, client, &debrief.Tags{Recording: id}, "")
	_, err12 := l.SaveSummary(ctx, client, &debrief.Summary{Recording: id}, "")
	_, err13 := l.SaveReview(ctx, client, id, json.RawMessage(`{}`), "")
	_, err14 := l.SavePeaks(ctx, client, id, &audio.Peaks{}, "")
	if err := errors.Join(err1, err2, err4, err5, err6, err7, err8, err9, err10, err11, err12, err13, err14); err != nil {
		t.Fatal(err)
	}
	const r = "clients/c01/recordings/00000000000123456789ABCDEF/"
	want := []string{
		"clients/c01/client.json",
		r + "audio/000000.flac", r + "audio/000012.flac", r + "audio/original", r + "audio/original.m4a",
		r + "chunks/0123abcd.json", r + "peaks.json", r + "recording.json", r + "review.json", r + "summary.json", r + "tags.json", r + "transcript.json",
		"clients/c01/sessions/03/session.json",
	}
	var got []string
	for info, err := range b.List(ctx, "", storage.Deep) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, info.Key)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys differ (-want +got):\n%s", diff)
	}
}

func TestDamagedDocument(t *testing.T) {
	l, b := newLibrary(t)
	for name, data := range map[string]string{"Empty": "", "Cut": `{"id": "c0`, "OtherType": `{"id": 7}`, "TooLong": strings.Repeat(" ", storage.MaxConditional+1)} {
		t.Run(name+"IsErrInvalid", func(t *testing.T) {
			put(t, b, "clients/c01/client.json", data)
			_, _, err := l.LoadClient(t.Context(), client)
			wantError(t, "load", err, debrief.ErrInvalid)
			if !strings.Contains(err.Error(), "clients/c01/client.json") {
				t.Errorf("%v does not name the document", err)
			}
		})
	}
}

func TestLists(t *testing.T) {
	l, b := newLibrary(t)
	ctx := t.Context()
	if got, err := l.Clients(ctx); err != nil || len(got) != 0 {
		t.Errorf("clients of an empty store: %v, %v", got, err)
	}
	if got, err := l.Recordings(ctx, client); err != nil || len(got) != 0 {
		t.Errorf("recordings of an empty store: %v, %v", got, err)
	}
	at := func(hour int) time.Time { return time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC) }
	ids := func(n int) debrief.RecordingID { return debrief.RecordingID(fmt.Sprintf("%026d", n)) }
	inOrder := []debrief.Recording{
		{ID: ids(9), Client: client, Session: 1, Phase: debrief.Preparation},
		{ID: ids(5), Client: client, Session: 1, Phase: debrief.Immediate, Started: at(9)},
		{ID: ids(4), Client: client, Session: 1, Phase: debrief.Immediate, Started: at(10)},
		{ID: ids(7), Client: client, Session: 1, Phase: debrief.Immediate, Started: at(10)},
		{ID: ids(2), Client: client, Session: 1, Phase: debrief.Followup, Started: at(8)},
		{ID: ids(1), Client: client, Session: 2, Phase: debrief.Preparation},
	}
	for _, r := range inOrder {
		if _, err := l.SaveRecording(ctx, &r, ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []int{2, 10, 1} {
		if _, err := l.SaveSession(ctx, &debrief.Session{Client: client, Number: n}, ""); err != nil {
			t.Fatal(err)
		}
	}
	other := debrief.Recording{ID: ids(33), Client: "c02", Session: 1}
	version, err := l.SaveRecording(ctx, &other, "")
	if err != nil {
		t.Fatal(err)
	}
	// A recording whose import has not finished, and things that do not belong here.
	put(t, b, "clients/c01/recordings/"+string(ids(50))+"/audio/000000.flac", "x")
	put(t, b, "clients/c01/recordings/notes/recording.json", "{}")
	put(t, b, "clients/c01/recordings/readme.txt", "x")
	put(t, b, "clients/UPPER/recordings/x/recording.json", "{}")
	put(t, b, "clients/readme.txt", "x")

	t.Run("ClientsInOrder", func(t *testing.T) {
		if got, err := l.Clients(ctx); err != nil || !slices.Equal(got, []debrief.ClientID{"c01", "c02"}) {
			t.Errorf("%v, %v", got, err)
		}
	})
	t.Run("SessionsInOrder", func(t *testing.T) {
		got, err := l.Sessions(ctx, client)
		want := []debrief.Session{{Client: client, Number: 1}, {Client: client, Number: 2}, {Client: client, Number: 10}}
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%v, %v", got, err)
		}
	})
	t.Run("RecordingsInOrderOfTheCourse", func(t *testing.T) {
		got, err := l.Recordings(ctx, client)
		if diff := cmp.Diff(inOrder, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("RecordingIsFoundWithoutItsClient", func(t *testing.T) {
		got, v, err := l.FindRecording(ctx, other.ID)
		if err != nil || got.Client != "c02" || v != version {
			t.Errorf("%+v, %q, %v", got, v, err)
		}
		_, _, err = l.FindRecording(ctx, ids(77))
		wantError(t, "find nothing", err, debrief.ErrNotFound)
	})
	t.Run("OneDamagedManifestHidesNoOther", func(t *testing.T) {
		put(t, b, "clients/c01/recordings/"+string(ids(5))+"/recording.json", "{")
		got, err := l.Recordings(ctx, client)
		wantError(t, "list", err, debrief.ErrInvalid)
		if len(got) != len(inOrder)-1 || !strings.Contains(err.Error(), string(ids(5))) || debrief.Hint(err) == "" {
			t.Errorf("%d recordings and %v, want %d and the damaged one named", len(got), err, len(inOrder)-1)
		}
	})
}

func TestSegments(t *testing.T) {
	l, _ := newLibrary(t)
	ctx := t.Context()
	save := func(data string) error { return l.SaveSegment(ctx, client, id, 0, []byte(data)) }
	stored := func() string {
		r, err := l.OpenSegment(ctx, client, id, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	_, err := l.OpenSegment(ctx, client, id, 0)
	wantError(t, "open nothing", err, debrief.ErrNotFound)
	for _, data := range []string{"first", "first", "from a broken-off run", "second"} {
		if err := save(data); err != nil || stored() != data {
			t.Errorf("before there is a manifest: %v, want %q stored", err, data)
		}
	}
	if _, err := l.SaveRecording(ctx, &debrief.Recording{ID: id, Client: client}, ""); err != nil {
		t.Fatal(err)
	}
	if err := save("second"); err != nil {
		t.Errorf("the same again: %v", err)
	}
	wantError(t, "other audio under a manifest", save("third"), debrief.ErrConflict)
	wantError(t, "delete under a manifest", l.DeleteSegments(ctx, client, id), debrief.ErrConflict)
	if stored() != "second" {
		t.Error("audio with a manifest was changed")
	}
}

func TestOriginalIsSentOnce(t *testing.T) {
	l, _ := newLibrary(t)
	ctx := t.Context()
	if err := l.SaveOriginal(ctx, client, id, ".mp3", strings.NewReader("sound"), 5); err != nil {
		t.Fatal(err)
	}
	if err := l.SaveOriginal(ctx, client, id, ".mp3", iotest.ErrReader(errors.New("read again")), 5); err != nil {
		t.Errorf("the same again: %v", err)
	}
	o, err := l.OpenOriginal(ctx, client, id, ".mp3")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	o.Seek(2, io.SeekStart)
	if data, err := io.ReadAll(o); string(data) != "und" {
		t.Errorf("read %q, %v", data, err)
	}
}

func TestChunks(t *testing.T) {
	l, _ := newLibrary(t)
	ctx := t.Context()
	_, err := l.LoadChunk(ctx, client, id, "aa")
	wantError(t, "load nothing", err, debrief.ErrNotFound)
	for _, data := range []string{"one", "two"} {
		if err := l.SaveChunk(ctx, client, id, "aa", []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got, err := l.LoadChunk(ctx, client, id, "aa"); err != nil || string(got) != data {
			t.Errorf("%q, %v; want %q", got, err, data)
		}
	}
	wantError(t, "name with a path", l.SaveChunk(ctx, client, id, "../x", nil), debrief.ErrInvalid)
	for range 2 {
		if err := l.DeleteChunks(ctx, client, id); err != nil {
			t.Error(err)
		}
	}
	_, err = l.LoadChunk(ctx, client, id, "aa")
	wantError(t, "load after delete", err, debrief.ErrNotFound)
}
