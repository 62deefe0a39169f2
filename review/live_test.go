package review_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"debrief"
	"debrief/review"
	"debrief/review/demo"
	"debrief/summarize"
)

// events opens a stream and returns a function that waits until one of its events says something.
func events(t *testing.T, server *httptest.Server, path string) (until func(event, says string) string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	if kind := res.Header.Get("Content-Type"); res.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("%s answers %d, %s", path, res.StatusCode, kind)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	return func(event, says string) string {
		t.Helper()
		name := ""
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = rest
			}
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok || name != event {
				continue
			}
			var body map[string]string
			if err := json.Unmarshal([]byte(data), &body); err != nil {
				t.Fatal(err)
			}
			if all := body["html"] + body["version"]; strings.Contains(all, says) {
				return all
			}
		}
		t.Fatalf("no event %s says %q: %v", event, says, lines.Err())
		return ""
	}
}

func serve(t *testing.T, p *review.Page) *httptest.Server {
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return server
}

func TestLive(t *testing.T) {
	p, in, _ := withIntake(t)
	server := serve(t, p)
	everything := events(t, server, "/live")
	theirs := events(t, server, "/clients/c01/live")
	others := events(t, server, "/clients/maya/live")
	everything("work", "Being recorded") // the demo's
	begun := ask(t, p, "POST", "/uploads", form("memo.wav", 2000))
	for _, until := range []func(string, string) string{everything, theirs} {
		until("work", "0.0 MB of 0.0 MB")
	}
	patch(t, p, begun.ID, 0, make([]byte, 1000))
	patch(t, p, begun.ID, 1000, make([]byte, 1000))
	everything("work", "Next in line")
	if _, err := in.Act(t.Context(), debrief.JobID(begun.ID), debrief.JobCancel); err != nil {
		t.Fatal(err)
	}
	theirs("work", "Stopped")
	if _, err := in.Process(t.Context(), &debrief.Recording{ID: "01HYYYYYYYYYYYYYYYYYYYYYYY", Client: "maya", Session: 2, Phase: debrief.Immediate}); err != nil {
		t.Fatal(err)
	}
	if seen := others("work", "Recording"); strings.Contains(seen, "memo.wav") {
		t.Error("the stream of one client tells of another's")
	}
	t.Run("AnotherStreamBeginsWithAll", func(t *testing.T) {
		again := events(t, server, "/clients/c01/live")
		again("work", "Stopped")
	})
	t.Run("NoSuchClient", func(t *testing.T) {
		if w := get(t, p, "/clients/..%2f/live"); w.Code != 404 {
			t.Errorf("status %d", w.Code)
		}
	})
}

// growing is a store in which a recording goes on being made.
type growing struct {
	*demo.Store
	mu  sync.Mutex
	rec debrief.Recording
	n   string // of its manifest
}

func (g *growing) set(rec debrief.Recording, n string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rec, g.n = rec, n
}

func (g *growing) Stamps(ctx context.Context, c debrief.ClientID) (map[debrief.RecordingID]string, error) {
	out, err := g.Store.Stamps(ctx, c)
	g.mu.Lock()
	defer g.mu.Unlock()
	if c == g.rec.Client && err == nil {
		out[g.rec.ID] = g.n
	}
	return out, err
}

func (g *growing) Recording(ctx context.Context, c debrief.ClientID, id debrief.RecordingID) (*debrief.Recording, string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if id == g.rec.ID {
		rec := g.rec
		return &rec, g.n, nil
	}
	return g.Store.Recording(ctx, c, id)
}

// TestLiveCapture has another process write a manifest again and again.
func TestLiveCapture(t *testing.T) {
	t.Parallel() // it waits for looks at the store more than it works
	store, err := demo.New(summarize.DefaultScheme())
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().Add(-2 * time.Minute)
	rec := debrief.Recording{
		ID: recordingAt(began), Client: demo.Lena, Session: 3, Phase: debrief.Immediate,
		Status: debrief.Capturing, Started: began, Samples: debrief.SamplesOf(60),
	}
	g := &growing{Store: store}
	begun := rec
	begun.Samples = 0
	g.set(begun, "0")
	p := newPage(t, func(c *review.Config) { c.Catalogue, c.Library, c.Now = g, g, nil })
	server := serve(t, p)
	if page := get(t, p, "/clients/lena/recordings/"+string(rec.ID)).Body.String(); !strings.Contains(page, "It has begun") || strings.Contains(page, "<audio") {
		t.Error("the page of a recording without sound has a player")
	}
	client := events(t, server, "/clients/lena/live")
	client("work", "It has begun")
	g.set(rec, "1")
	own := events(t, server, "/clients/lena/recordings/"+string(rec.ID)+"/live")
	client("work", "1:00 have arrived")
	first := own("version", "")
	rec.Samples = debrief.SamplesOf(120)
	g.set(rec, "2")
	client("work", "2:00 have arrived")
	rec.Status = debrief.Stored
	g.set(rec, "3")
	for own("version", "") == first { // the test ends with its stream when it never changes
	}
	rec.Status, rec.Started = debrief.Capturing, began.Add(-time.Hour)
	g.set(rec, "4")
	client("work", "nothing more for about 1 hour")
}

// recordingAt is an id of a recording that began then.
func recordingAt(at time.Time) debrief.RecordingID {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	id := []byte("00000000000000000000000000")
	for i, ms := 9, at.UnixMilli(); i >= 0; i, ms = i-1, ms/32 {
		id[i] = letters[ms%32]
	}
	return debrief.RecordingID(id)
}
