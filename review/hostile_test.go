package review_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/html"

	"debrief"
	"debrief/internal/audio"
	"debrief/review"
	"debrief/review/demo"
)

// inside stands in every error of the store behind a hostile page: a browser must never see it.
const inside = "s3cret-key /var/lib/debrief"

// kinds are the ways a store fails.
var kinds = []error{
	debrief.ErrUnavailable, debrief.ErrDenied, debrief.ErrNotFound, debrief.ErrConflict, debrief.ErrInvalid, debrief.ErrDiskFull,
	debrief.ErrBadAudio, errors.New("disk on fire"), context.Canceled, context.DeadlineExceeded,
}

// faulty is everything a page works with. It keeps reviews until the next reset, fails when it is
// told to, and says in each error what must stay inside.
type faulty struct {
	review.Catalogue
	review.Library
	review.Sound
	review.Intake

	mu      sync.Mutex
	reviews map[debrief.RecordingID][]byte
	kind    error // of the faults
	after   int   // how many calls go well before the first
	times   int   // how many fail then

	failed atomic.Bool  // since the reset
	writes atomic.Int64 // calls that change something
}

// reset forgets the reviews; fault says which calls from now on fail, and how: 0 for none.
func (s *faulty) reset(fault uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reviews, s.kind = map[debrief.RecordingID][]byte{}, nil
	s.failed.Store(false)
	if fault == 0 {
		return
	}
	f := int(fault)
	s.kind, f = kinds[f%len(kinds)], f/len(kinds)
	s.after, s.times = f%32, 1+f/32
}

// review is what is kept of a recording since the reset, "" for nothing.
func (s *faulty) review(id debrief.RecordingID) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.reviews[id])
}

// call counts a call and says whether it fails.
func (s *faulty) call() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kind == nil {
		return nil
	}
	if s.after--; s.after >= 0 || s.after < -s.times {
		return nil
	}
	s.failed.Store(true)
	return s.says(s.kind)
}

func (s *faulty) says(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", inside, err)
}

// try makes a call of the store behind, unless it is one that fails.
func try[T any](s *faulty, call func() (T, error)) (T, error) {
	if err := s.call(); err != nil {
		var none T
		return none, err
	}
	out, err := call()
	return out, s.says(err)
}

func (s *faulty) Clients(ctx context.Context) ([]debrief.ClientID, error) {
	return try(s, func() ([]debrief.ClientID, error) { return s.Catalogue.Clients(ctx) })
}

func (s *faulty) Stamps(ctx context.Context, c debrief.ClientID) (map[debrief.RecordingID]string, error) {
	return try(s, func() (map[debrief.RecordingID]string, error) { return s.Catalogue.Stamps(ctx, c) })
}

func (s *faulty) Client(ctx context.Context, c debrief.ClientID) (debrief.Client, error) {
	return try(s, func() (debrief.Client, error) { return s.Library.Client(ctx, c) })
}

func (s *faulty) Recordings(ctx context.Context, c debrief.ClientID) ([]debrief.Recording, error) {
	return try(s, func() ([]debrief.Recording, error) { return s.Library.Recordings(ctx, c) })
}

func (s *faulty) Recording(ctx context.Context, c debrief.ClientID, id debrief.RecordingID) (*debrief.Recording, string, error) {
	if err := s.call(); err != nil {
		return nil, "", err
	}
	rec, version, err := s.Library.Recording(ctx, c, id)
	return rec, version, s.says(err)
}

func (s *faulty) Load(ctx context.Context, rec *debrief.Recording, doc any) (string, error) {
	return try(s, func() (string, error) {
		s.mu.Lock()
		kept, ok := s.reviews[rec.ID]
		s.mu.Unlock()
		if r, is := doc.(*debrief.Review); is && ok {
			return strconv.Itoa(len(kept)), json.Unmarshal(kept, r)
		}
		return s.Library.Load(ctx, rec, doc)
	})
}

func (s *faulty) SaveReview(_ context.Context, rec *debrief.Recording, r *debrief.Review, version string) (string, error) {
	s.writes.Add(1)
	return try(s, func() (string, error) {
		data, err := json.Marshal(r)
		if err != nil {
			return "", err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if kept, ok := s.reviews[rec.ID]; ok && version != strconv.Itoa(len(kept)) {
			return "", debrief.ErrConflict
		}
		s.reviews[rec.ID] = data
		return strconv.Itoa(len(data)), nil
	})
}

func (s *faulty) Open(ctx context.Context, rec *debrief.Recording) (io.ReadSeeker, error) {
	return try(s, func() (io.ReadSeeker, error) { return s.Sound.Open(ctx, rec) })
}

func (s *faulty) Peaks(ctx context.Context, rec *debrief.Recording) (*audio.Peaks, error) {
	return try(s, func() (*audio.Peaks, error) { return s.Sound.Peaks(ctx, rec) })
}

func (s *faulty) KeepPeaks(context.Context, *debrief.Recording, *audio.Peaks) error { return s.call() }

func (s *faulty) Begin(ctx context.Context, job debrief.Job) (debrief.Job, error) {
	s.writes.Add(1)
	return try(s, func() (debrief.Job, error) { return s.Intake.Begin(ctx, job) })
}

func (s *faulty) Append(ctx context.Context, id debrief.JobID, offset int64, chunk []byte) (debrief.Job, error) {
	s.writes.Add(1)
	return try(s, func() (debrief.Job, error) { return s.Intake.Append(ctx, id, offset, chunk) })
}

func (s *faulty) Process(ctx context.Context, rec *debrief.Recording) (debrief.Job, error) {
	s.writes.Add(1)
	return try(s, func() (debrief.Job, error) { return s.Intake.Process(ctx, rec) })
}

func (s *faulty) Act(ctx context.Context, id debrief.JobID, act debrief.JobAct) (debrief.Job, error) {
	s.writes.Add(1)
	return try(s, func() (debrief.Job, error) { return s.Intake.Act(ctx, id, act) })
}

// hostilePage is a page over a store that can fail, which answers to the name localhost alone.
func hostilePage(t testing.TB, behind *demo.Store, change func(*review.Config)) (*review.Page, *faulty) {
	store := &faulty{}
	store.reset(0)
	p := pageOver(t, behind, func(c *review.Config) {
		change(c)
		store.Catalogue, store.Library, store.Sound, store.Intake = c.Catalogue, c.Library, c.Sound, c.Intake
		c.Catalogue, c.Library, c.Sound, c.Hosts = store, store, store, []string{"localhost"}
		if c.Intake != nil {
			c.Intake = store
		}
	})
	return p, store
}

// maxHeard is how much of a sound a hostile browser takes before it goes away, in bytes.
const maxHeard = 256 << 10

// browser takes an answer, and goes away after so many events of a stream.
type browser struct {
	*httptest.ResponseRecorder
	events int
	leave  context.CancelFunc
}

func (b *browser) Flush() {
	b.ResponseRecorder.Flush()
	if b.events--; b.events <= 0 {
		b.leave()
	}
}

func (b *browser) Write(p []byte) (int, error) {
	if b.Header().Get("Content-Type") == "audio/wav" && b.Body.Len() > maxHeard {
		return 0, io.ErrClosedPipe
	}
	return b.ResponseRecorder.Write(p)
}

// shout sends a request as it stands on the line; nil when HTTP itself refuses it. Without a
// length of its own the body's is added.
func shout(t testing.TB, h http.Handler, head string, body []byte, headers ...string) (*http.Request, *browser) {
	t.Helper()
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(head, "\r", ""), "\n"), "\n")
	says := strings.ToLower(head)
	if !strings.Contains(says, "\nhost:") {
		lines = append(lines, "Host: localhost")
	}
	if !strings.Contains(says, "\ncontent-length:") && !strings.Contains(says, "\ntransfer-encoding:") {
		lines = append(lines, "Content-Length: "+strconv.Itoa(len(body)))
	}
	r, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(strings.Join(lines, "\r\n")+"\r\n\r\n"), bytes.NewReader(body))))
	if err != nil {
		return nil, nil
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	r = r.WithContext(ctx)
	b := &browser{httptest.NewRecorder(), 1, leave}
	h.ServeHTTP(b, r)
	return r, b
}

// telltales are what an internal error, a trace or a secret looks like. What a request itself
// says may come back.
var telltales = []string{"s3cret", "/var/lib", ".go:", "goroutine ", "runtime error", "strconv.", "json: ", "invalid character", "unexpected EOF", "%!", "<nil>"}

// harmless checks everything that must hold of any answer to any request.
func harmless(t testing.TB, r *http.Request, asked string, b *browser, failed bool) {
	t.Helper()
	shown, h := b.Body.String(), b.Header()
	if h.Get("Content-Security-Policy") != review.ContentPolicy || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s %s: headers %v", r.Method, r.URL, h)
	}
	if b.Code >= 500 && !failed {
		t.Errorf("%s %s: status %d, and nothing has failed", r.Method, r.URL, b.Code)
	}
	if strings.Contains(r.Host, "evil") && b.Code != http.StatusForbidden {
		t.Errorf("%s %s: host %q is answered with %d", r.Method, r.URL, r.Host, b.Code)
	}
	said := shown + fmt.Sprint(h)
	for _, mark := range telltales {
		if strings.Contains(said, mark) && !strings.Contains(asked, mark) && !strings.Contains(r.URL.String(), mark) && h.Get("Content-Type") != "audio/wav" && !strings.Contains(r.URL.Path, "/static/") {
			t.Errorf("%s %s shows %q: %s", r.Method, r.URL, mark, shown)
		}
	}
	if to := h.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`)) {
		t.Errorf("%s %s leads away, to %q", r.Method, r.URL, to)
	}
	if r.Method == http.MethodHead {
		return
	}
	if n := h.Get("Content-Length"); n != "" && n != strconv.Itoa(len(shown)) && h.Get("Content-Type") != "audio/wav" {
		t.Errorf("%s %s: %s bytes announced, %d sent", r.Method, r.URL, n, len(shown))
	}
	switch kind, _, _ := strings.Cut(h.Get("Content-Type"), ";"); kind {
	case "text/html":
		noScript(t, shown)
	case "application/json":
		if !json.Valid([]byte(shown)) {
			t.Errorf("%s %s: %q is no JSON", r.Method, r.URL, shown)
		}
	case "text/event-stream":
		wellFormed(t, shown)
	}
}

// noScript checks that a page holds nothing that could run or load but what this server sends.
func noScript(t testing.TB, page string) {
	t.Helper()
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			attrs := map[string]string{}
			for _, a := range tag.Attr {
				attrs[a.Key] = a.Val
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
					t.Errorf("a page holds %s", tag)
				}
				if slices.Contains([]string{"href", "src", "action", "formaction", "poster", "data-href", "data-live"}, a.Key) && !local(a.Val) {
					t.Errorf("a page leads away: %s", tag)
				}
			}
			if src := attrs["src"]; tag.Data == "script" && attrs["type"] != "application/json" && !strings.HasPrefix(src, "/static/") ||
				slices.Contains([]string{"style", "iframe", "object", "embed", "base"}, tag.Data) {
				t.Errorf("a page holds %s", tag)
			}
		}
	}
}

func local(to string) bool {
	return strings.HasPrefix(to, "#") || strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.HasPrefix(to, `/\`)
}

// wellFormed checks a stream of events: each a name and one line of JSON.
func wellFormed(t testing.TB, stream string) {
	t.Helper()
	for _, event := range strings.Split(strings.TrimSuffix(stream, "\n\n"), "\n\n") {
		if event == ":" || strings.HasPrefix(event, "retry: ") && !strings.Contains(event, "\n") {
			continue
		}
		name, data, ok := strings.Cut(event, "\ndata: ")
		var body map[string]string
		if !ok || name != "event: work" && name != "event: version" || strings.Contains(data, "\n") || json.Unmarshal([]byte(data), &body) != nil {
			t.Errorf("event %q", event)
		}
		noScript(t, body["html"])
	}
}

// hostile are requests in which everything that a route reads is not as it should be. {static} and
// {upload} stand for what only the page knows.
var hostile = []struct{ head, body string }{
	{"GET / HTTP/1.1", ""},
	{"GET / HTTP/1.1\nHost: evil.example", ""},
	{"POST / HTTP/1.1\nSec-Fetch-Site: cross-site", "x"},
	{"GET //evil.example/%2e%2e HTTP/1.1", ""},
	{`GET /\evil.example HTTP/1.1`, ""},
	{"OPTIONS * HTTP/1.1", ""},
	{"CONNECT localhost:443 HTTP/1.1", ""},
	{"TRACE /search HTTP/1.1\nCookie: a=s3cret", ""},
	{"GET /clients/maya HTTP/1.1\nAccept: application/json", ""},
	{"GET /clients/%2e%2e%2f%2e%2e%2fetc HTTP/1.1", ""},
	{"GET /clients/maya/course HTTP/1.1\nIf-Modified-Since: Mon, 01 Jan 0001 00:00:00 GMT", ""},
	{"GET /clients/c04/course HTTP/1.1", ""},
	{"GET /search?q=the&prompt=body&from=2026-01-01&to=x&phase=immediate&client=maya HTTP/1.1", ""},
	{"GET /search?q=%ff'%00<script>alert(1)</script>&q=\"onload=x;%zz HTTP/1.1", ""},
	{"GET " + complete + " HTTP/1.1", ""},
	{"GET " + state(2) + " HTTP/1.1\nX-Forwarded-Host: evil.example", ""},
	{"GET " + complete + "/audio.wav HTTP/1.1\nRange: bytes=0-1,5-9,-3\nIf-Range: \"x\"", ""},
	{"GET " + complete + "/audio.wav HTTP/1.1\nRange: bytes=44-99\nIf-Match: *", ""},
	{"HEAD " + complete + "/audio.wav HTTP/1.1\nRange: bytes=9999999999999999999-", ""},
	{"GET " + complete + "/wave HTTP/1.1\nIf-None-Match: W/\"\nRange: bytes=--1", ""},
	{"GET " + complete + "/words HTTP/1.1\nAccept-Encoding: *;q=0", ""},
	{"GET /live?finished HTTP/1.1\nLast-Event-ID: 18446744073709551616", ""},
	{"HEAD /live HTTP/1.1", ""},
	{"GET /clients/maya/live HTTP/1.1", ""},
	{"GET " + state(8) + "/live HTTP/1.1\nAccept: text/event-stream", ""},
	{"POST " + complete + "/review HTTP/1.1\nContent-Type: application/json", `{"kind":"text",` + fourth + `,"text":"<img src=x onerror=alert(1)>","seen":"` + fourthText + `"}`},
	{"POST " + complete + "/review HTTP/1.1\nOrigin: https://evil.example", `{"kind":"note","text":"x"}`},
	{"POST " + complete + "/review HTTP/1.1\nContent-Length: 9", `{"kind":"note","text":"x"}`},
	{"POST " + complete + "/review HTTP/1.1\nContent-Length: 999999", `{"kind":"note","text":"x"}`},
	{"POST " + complete + "/review HTTP/1.1\nTransfer-Encoding: chunked", "5\r\n{\"kin\r\nfffffffff\r\n"},
	{"POST " + state(4) + "/process HTTP/1.1\nAccept: application/json", ""},
	{"GET /upload?client=%3Cb%3E HTTP/1.1", ""},
	{"POST /uploads HTTP/1.1\nContent-Type: application/json", string(form("memo.wav", 5))},
	{"POST /uploads HTTP/1.1\nContent-Type: multipart/form-data; boundary=x", `{"bytes":-1,"session":1e99,"file":"../../x.wav"}`},
	{"GET /uploads/{upload} HTTP/1.1", ""},
	{"HEAD /uploads/.. HTTP/1.1", ""},
	{"PATCH /uploads/{upload} HTTP/1.1\nContent-Type: application/offset+octet-stream\nUpload-Offset: 0\nUpload-Checksum: " + checksum([]byte("abc")), "abc"},
	{"PATCH /uploads/{upload} HTTP/1.1\nContent-Type: application/offset+octet-stream\nUpload-Offset: 9223372036854775807\nUpload-Checksum: sha256 \nContent-Range: bytes 5-1/*", "abc"},
	{"PATCH /uploads/{upload} HTTP/1.1\nContent-Type: application/offset+octet-stream\nUpload-Offset: 0\nContent-Length: 4096", "abc"},
	{"POST /work/{upload} HTTP/1.1\nContent-Type: application/x-www-form-urlencoded", "act=cancel"},
	{"POST /work/{upload}?act=retry HTTP/1.1\nContent-Type: multipart/form-data; boundary=y\nReferer: https://evil.example", "--y\r\nContent-Disposition: form-data; name=\"act\"; filename=\"\x00\"\r\n\r\n"},
	{"GET {static}/base.css HTTP/1.1", ""},
	{"GET {static}/%ff HTTP/1.1", ""},
	{"GET {static}/fonts/../%00 HTTP/1.1", ""},
	{"GET {static}/index.html HTTP/1.1", ""},
	{"GET {static}/fonts HTTP/1.1", ""},
	{"DELETE /static/ HTTP/1.1", ""},
}

// FuzzRequest sends anything to every route, over a store that may fail at any call.
func FuzzRequest(f *testing.F) {
	in, _ := newIntake(f)
	p, store := hostilePage(f, newStore(f), func(c *review.Config) { c.Intake, c.Limits = in, limits })
	p.Survey() // the lists are known, and stay as they are
	fill := func(t testing.TB, text string) string {
		return strings.NewReplacer("{static}", p.StaticPrefix(), "{upload}", uploadOf(t, in)).Replace(text)
	}
	reached := map[string]bool{}
	for _, one := range hostile {
		f.Add(one.head, []byte(one.body), uint16(0))
		if r, _ := shout(f, p, fill(f, one.head), []byte(one.body)); r != nil {
			reached[r.Pattern] = true
		}
	}
	for _, pattern := range p.Patterns() {
		if !reached[pattern] {
			f.Errorf("nothing hostile reaches %q", pattern)
		}
	}
	for i := range hostile {
		for kind := range kinds {
			f.Add(hostile[i].head, []byte(hostile[i].body), uint16(kind+len(kinds)*(i%7)))
		}
	}
	f.Fuzz(func(t *testing.T, head string, body []byte, fault uint16) {
		store.reset(fault)
		head = fill(t, head)
		r, b := shout(t, p, head, body)
		if r == nil {
			return
		}
		harmless(t, r, head+string(body), b, store.failed.Load())
		if slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, r.Method) {
			return
		}
		for _, foreign := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, {"Sec-Fetch-Site", "", "Origin", "null"}} {
			before := store.writes.Load()
			if r, b := shout(t, p, head, body, foreign...); b.Code != http.StatusForbidden || store.writes.Load() != before {
				t.Errorf("%s %s with %q: status %d", r.Method, r.URL, foreign, b.Code)
			}
		}
	})
}

// uploadOf is the id of an upload that is not whole. Others are taken away, so that the list is never full.
func uploadOf(t testing.TB, in review.Intake) string {
	t.Helper()
	ctx := context.Background()
	jobs, _ := in.Jobs()
	for i := range jobs {
		if j := &jobs[i]; j.State == debrief.Receiving && j.Received+chunk < j.Bytes {
			return string(j.ID)
		}
		for _, act := range []debrief.JobAct{debrief.JobCancel, debrief.JobRemove} {
			if _, err := in.Act(ctx, jobs[i].ID, act); err != nil && !errors.Is(err, debrief.ErrConflict) && !errors.Is(err, debrief.ErrNotFound) {
				t.Fatal(err)
			}
		}
	}
	j, err := in.Begin(ctx, debrief.Job{File: "memo.wav", Mark: "m", Bytes: 4000, Client: "c01", Session: 2, Phase: debrief.Followup})
	if err != nil {
		t.Fatal(err)
	}
	return string(j.ID)
}
