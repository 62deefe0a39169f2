package review_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"debrief"
	"debrief/review"
	"debrief/review/demo"
)

// patience bounds every wait of these tests: far beyond what a loaded machine needs.
const patience = 5 * time.Minute

// events opens a stream and returns a function that waits until one of its events says something.
func events(t *testing.T, server *httptest.Server, path string) (until func(event, says string) string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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
		until("work", "0.0 MB of 0.1 MB")
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
	store := newStore(t)
	now := time.Now() // and stays, however long this takes
	began := now.Add(-2 * time.Minute)
	rec := debrief.Recording{
		ID: recordingAt(began), Client: demo.Lena, Session: 3, Phase: debrief.Immediate,
		Status: debrief.Capturing, Started: began, Samples: debrief.SamplesOf(60),
	}
	g := &growing{Store: store}
	begun := rec
	begun.Samples = 0
	g.set(begun, "0")
	p := newPage(t, func(c *review.Config) { c.Catalogue, c.Library, c.Now = g, g, func() time.Time { return now } })
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

// audience keeps a stream that is being written while others look at it.
type audience struct {
	browser
	mu   sync.Mutex
	gone bool
}

func (a *audience) Flush() {}

func (a *audience) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone {
		return 0, io.ErrClosedPipe
	}
	return a.browser.Write(p)
}

// FuzzLive has a page look at a stream while jobs and recordings change, the store fails, time
// passes and its line breaks: whatever happens, the stream is well formed, tells nothing of the
// inside, and leaves nothing behind when its page has gone.
func FuzzLive(f *testing.F) {
	f.Add("/live?finished=1", "", []byte{0, 1, 2, 3, 4, 5, 6, 7})
	f.Add("/clients/maya/live", "Last-Event-ID: 7", []byte{7, 7, 1, 1, 33, 65, 97})
	f.Add(state(8)+"/live", "Accept: text/html", []byte{2, 4, 4, 3, 2, 4, 6, 4})
	f.Add(complete+"/live?finished=%zz", "Range: bytes=0-1", []byte{5, 3, 4, 2})
	f.Add("/clients/..%2f/live", "", []byte{})
	stored := newStore(f)
	f.Fuzz(func(t *testing.T, path, header string, script []byte) {
		if len(script) > 64 { // more happens to no page between two looks
			script = script[:64]
		}
		synctest.Test(t, func(t *testing.T) {
			began := time.Now().Add(-time.Minute)
			g := &growing{Store: stored}
			rec := debrief.Recording{ID: recordingAt(began), Client: demo.Tomas, Session: 3, Phase: debrief.Immediate, Status: debrief.Capturing, Started: began}
			g.set(rec, "0")
			work := demo.NewWork(time.Now())
			p, store := hostilePage(t, stored, func(c *review.Config) {
				c.Catalogue, c.Library, c.Now, c.Intake, c.Limits = g, g, nil, work, limits
			})
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n\r\n")))
			if err != nil {
				return
			}
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			r = r.WithContext(ctx)
			a := &audience{browser: browser{ResponseRecorder: httptest.NewRecorder()}}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				p.ServeHTTP(a, r)
			}()
			failed := false
			for i, what := range script {
				time.Sleep(time.Second) // of the bubble: longer than a stream waits between two events
				jobs, _ := work.Jobs()
				switch job := int(what / 8); what % 8 {
				case 0, 1, 2:
					if job < len(jobs) {
						act := []debrief.JobAct{debrief.JobCancel, debrief.JobRetry, debrief.JobRemove}[what%8]
						if _, err := work.Act(ctx, jobs[job].ID, act); err != nil && !errors.Is(err, debrief.ErrConflict) {
							t.Fatal(err)
						}
					}
				case 3:
					rec.Samples += debrief.SamplesOf(float64(job))
					rec.Status = []debrief.Status{debrief.Capturing, debrief.Storing, debrief.Stored}[job%3]
					g.set(rec, strconv.Itoa(i+1))
				case 4:
					time.Sleep(time.Duration(1+job) * 3 * time.Second)
				case 5:
					failed = true
					store.reset(uint16(what)*257 + uint16(i))
				case 6:
					store.reset(0)
				case 7:
					a.mu.Lock()
					a.gone = job > 3
					a.mu.Unlock()
				}
			}
			synctest.Wait()
			leave()
			<-ended
			synctest.Wait()
			if streams, watches := p.Streams(); streams != 0 || watches != 0 {
				t.Errorf("%d streams and %d watches are left", streams, watches)
			}
			harmless(t, r, path+header, &a.browser, failed)
		})
	})
}
