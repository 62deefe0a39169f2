package review_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"debrief"
	"debrief/internal/audio"
	"debrief/review"
	"debrief/review/demo"
	"debrief/summarize"
)

// The demo's ids: Maya's second immediate debrief is complete.
const (
	complete = "/clients/maya/recordings/01DEMQ00000000000000000005"
	long     = "/clients/lena/recordings/01DEMQ00000000000000000200"
)

// noon is when everything in these tests is done.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func state(n int) string { return fmt.Sprintf("/clients/tomas/recordings/01DEMQ%020d", 100+n) }

func newPage(t testing.TB, change func(*review.Config)) *review.Page {
	t.Helper()
	p := pageOver(t, newStore(t), change)
	p.Survey()
	return p
}

func newStore(t testing.TB) *demo.Store {
	t.Helper()
	store, err := demo.New(summarize.DefaultScheme())
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func pageOver(t testing.TB, store *demo.Store, change func(*review.Config)) *review.Page {
	t.Helper()
	c := review.Config{Catalogue: store, Library: store, Sound: store, Scheme: summarize.DefaultScheme(), Verify: summarize.Verify, Course: course(t), Now: func() time.Time { return noon }}
	if change != nil {
		change(&c)
	}
	p, err := review.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// course is the real one, without the sentence encoder: by words alone.
func course(t testing.TB) func(context.Context, debrief.ClientID, []review.Told) (*debrief.Course, error) {
	t.Helper()
	c, err := summarize.NewCourses(summarize.CourseConfig{Scheme: summarize.DefaultScheme(), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, client debrief.ClientID, told []review.Told) (*debrief.Course, error) {
		heard := make([]summarize.Heard, len(told))
		for i, one := range told {
			heard[i] = summarize.Heard(one)
		}
		return c.Build(ctx, client, heard)
	}
}

func get(t testing.TB, h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPages(t *testing.T) {
	p := newPage(t, nil)
	for name, c := range map[string]struct {
		path string
		code int
		want []string
	}{
		"ClientsNewestFirst":    {"/", 200, []string{"Tomas Reyes", "Lena Okafor", "Maya Lindqvist", ">c04<", "3 treatments"}},
		"ClientByTreatment":     {"/clients/maya", 200, []string{"Treatment 1", "Treatment 3", "8 Sep 2026, 13:20", "Not recorded", "chip hue-3 missing"}},
		"ClientWithoutAny":      {"/clients/c04", 200, []string{"Nothing has been recorded"}},
		"RecordingComplete":     {complete, 200, []string{"Treatment 2: Immediate debrief", "she had no idea what she was doing", "no voice lies under these words", "8 seconds of silence", "Breakthrough", "chip suggested", "audio.wav"}},
		"RecordingUnsummarised": {state(1), 200, []string{"Not summarised yet", "There is no summary yet"}},
		"RecordingWithGap":      {state(2), 200, []string{"Nothing was recorded for 42 seconds: the microphone was out of reach", "Bookmark"}},
		"RecordingUntagged":     {state(3), 200, []string{"Not tagged yet"}},
		"RecordingUnheard":      {state(4), 200, []string{"Not transcribed yet"}},
		"RecordingEmpty":        {state(5), 200, []string{"there is no speech", "No speech was heard."}},
		"RecordingPartial":      {state(6), 200, []string{"A part could not be transcribed"}},
		"RecordingStoring":      {state(7), 200, []string{"Audio is being stored"}},
		"RecordingCapturing":    {state(8), 200, []string{"Being recorded now"}},
		"Course":                {"/clients/maya/course", 200, []string{"Before treatment", "what became of it", "→", "six"}},
		"CourseOfNothing":       {"/clients/c04/course", 200, []string{"Nothing has been said yet"}},
		"CourseOfNobody":        {"/clients/nobody/course", 404, nil},
		"SearchNothingAsked":    {"/search", 200, []string{"Every utterance of every client"}},
		"SearchWords":           {"/search?q=green+GATE&client=maya", 200, []string{"2 passages", "<mark>green</mark>", "<mark>gate</mark>", "Maya Lindqvist, Treatment 1"}},
		"SearchPrompt":          {"/search?prompt=mood&client=maya", 200, []string{"4 passages", "I would call it a six"}},
		"SearchPhaseAndDate":    {"/search?q=the&phase=immediate&client=maya&from=2026-09-22&to=2026-09-22", 200, []string{"<mark>The</mark> garden behind"}},
		"SearchFiltersAlone":    {"/search?client=maya&phase=followup&from=2026-09-22", 200, []string{"12 passages", "The table in the garden."}},
		"SearchTellsDoubt":      {"/search?q=watching", 200, []string{`class="doubtful"`, "no voice lies under these words"}},
		"SearchFindsNothing":    {"/search?q=zeppelin", 200, []string{"Nothing found"}},
		"SearchForSigns":        {"/search?q=%F0%9F%8C%8A&client=maya", 200, []string{"Nothing found"}},
		"NoSuchPage":            {"/nothing", 404, []string{"There is nothing here"}},
		"NoSuchClient":          {"/clients/nobody", 404, nil},
		"BadClient":             {"/clients/%00..", 404, nil},
		"NoSuchRecording":       {"/clients/maya/recordings/01DEMQ00000000000000000999", 404, nil},
		"RecordingOfAnother":    {"/clients/tomas/recordings/01DEMQ00000000000000000005", 404, nil},
		"BadRecording":          {"/clients/maya/recordings/x", 404, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := get(t, p, c.path)
			if w.Code != c.code {
				t.Fatalf("status %d, want %d", w.Code, c.code)
			}
			body := w.Body.String()
			at := 0
			for _, want := range c.want {
				if !strings.Contains(body, want) {
					t.Errorf("page lacks %q", want)
				}
			}
			if name == "ClientsNewestFirst" {
				for _, want := range c.want[:3] {
					next := strings.Index(body, want)
					if next < at {
						t.Errorf("%s stands too early", want)
					}
					at = next
				}
			}
		})
	}
}

// unsummed is a store in which nothing is summarised: where nobody speaks, no summary is ever made.
type unsummed struct{ review.Library }

func (u unsummed) Load(ctx context.Context, rec *debrief.Recording, doc any) (string, error) {
	if _, summary := doc.(*debrief.Summary); summary {
		return "", debrief.ErrNotFound
	}
	return u.Library.Load(ctx, rec, doc)
}

func TestSilencePromisesNoSummary(t *testing.T) {
	p := newPage(t, func(c *review.Config) { c.Library = unsummed{c.Library} })
	if page := get(t, p, state(5)).Body.String(); !strings.Contains(page, "No speech was heard.") || strings.Contains(page, "no summary yet") {
		t.Error("a summary of silence is promised")
	}
	if page := get(t, p, complete).Body.String(); !strings.Contains(page, "There is no summary yet") {
		t.Error("a summary to come is not told of")
	}
}

// TestFirstTreatmentIsNotCompared: at a first treatment alignment is no question, on any page.
func TestFirstTreatmentIsNotCompared(t *testing.T) {
	p := newPage(t, nil)
	const alignment = "chip hue-12 missing"
	if strings.Contains(get(t, p, "/clients/maya").Body.String(), alignment) {
		t.Error("it is open on the client's page")
	}
	if !strings.Contains(get(t, p, "/clients/tomas").Body.String(), alignment) {
		t.Error("it is not open at the second treatment")
	}
	if strings.Contains(get(t, p, "/clients/maya/recordings/01DEMQ00000000000000000003").Body.String(), "How does today fit with last time?</li>") {
		t.Error("it is open in the summary")
	}
}

func TestHeaders(t *testing.T) {
	p := newPage(t, nil)
	for _, path := range []string{"/", complete, "/nothing", complete + "/wave"} {
		w := get(t, p, path)
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
		if strings.Contains(w.Body.String(), " style=") || strings.Contains(w.Body.String(), "onclick=") {
			t.Errorf("%s: the page holds what its own policy forbids", path)
		}
	}
}

func TestHosts(t *testing.T) {
	p := newPage(t, func(c *review.Config) { c.Hosts = []string{"127.0.0.1", "::1"} })
	for host, code := range map[string]int{"127.0.0.1:8080": 200, "[::1]:8080": 200, "[::1]": 200, "evil.example": 403, "evil.example:8080": 403, "": 403} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != code {
			t.Errorf("host %q: status %d, want %d", host, w.Code, code)
		}
		if code == 403 && strings.Contains(w.Body.String(), "Maya") {
			t.Errorf("host %q sees a client", host)
		}
	}
}

func TestAudio(t *testing.T) {
	p := newPage(t, nil)
	whole := get(t, p, complete+"/audio.wav")
	if whole.Code != 200 || whole.Header().Get("Content-Type") != "audio/wav" || whole.Header().Get("Accept-Ranges") != "bytes" {
		t.Fatalf("status %d, headers %v", whole.Code, whole.Header())
	}
	if got := whole.Body.String()[:4]; got != "RIFF" {
		t.Fatalf("begins with %q", got)
	}
	part := get(t, p, complete+"/audio.wav", "Range", "bytes=100001-100010")
	if part.Code != http.StatusPartialContent || part.Body.String() != whole.Body.String()[100001:100011] {
		t.Errorf("range: status %d, %d bytes", part.Code, part.Body.Len())
	}
	if same := get(t, p, complete+"/audio.wav", "If-None-Match", whole.Header().Get("ETag")); same.Code != http.StatusNotModified {
		t.Errorf("asked again: status %d", same.Code)
	}
	if none := get(t, p, complete+"/audio.wav", "Range", "bytes=99999999-"); none.Code != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("range behind the end: status %d", none.Code)
	}
}

func TestWave(t *testing.T) {
	p := newPage(t, nil)
	w := get(t, p, complete+"/wave")
	columns := w.Body.Bytes()
	if w.Code != 200 || len(columns) == 0 {
		t.Fatalf("status %d, %d columns", w.Code, len(columns))
	}
	loud := 0
	for _, c := range columns {
		if c > 60 {
			loud++
		}
	}
	// The demo speaks for something like half of the time.
	if share := float64(loud) / float64(len(columns)); share < 0.3 || share > 0.9 {
		t.Errorf("%.2f of the columns are loud", share)
	}
	if columns[0] > 60 {
		t.Errorf("the silence before the first word is drawn at %d", columns[0])
	}
}

func TestWords(t *testing.T) {
	p := newPage(t, nil)
	var words [][]float64
	if err := json.Unmarshal(get(t, p, complete+"/words").Body.Bytes(), &words); err != nil {
		t.Fatal(err)
	}
	if len(words) != 20 || len(words[0]) != 11 || words[0][0] != 2 || words[0][1] <= words[0][0] {
		t.Errorf("%d utterances, first %v", len(words), words[0])
	}
	if w := get(t, p, state(4)+"/words"); w.Code != 404 {
		t.Errorf("without a transcript: status %d", w.Code)
	}
}

func TestStatic(t *testing.T) {
	p := newPage(t, nil)
	page := get(t, p, complete).Body.String()
	_, rest, ok := strings.Cut(page, `href="/static/`)
	version, _, _ := strings.Cut(rest, "/")
	if !ok || version == "" {
		t.Fatal("the page names no style sheet")
	}
	css := get(t, p, "/static/"+version+"/base.css")
	if css.Code != 200 || !strings.Contains(css.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(css.Header().Get("Content-Type"), "text/css") {
		t.Errorf("style sheet: status %d, headers %v", css.Code, css.Header())
	}
	for _, path := range []string{"/static/", "/static/" + version + "/", "/static/" + version + "/fonts/", "/static/old/base.css", "/static/" + version + "/../../review.go"} {
		if w := get(t, p, path); w.Code == 200 {
			t.Errorf("%s is served", path)
		}
	}
}

// broken is a store that fails as the test says.
type broken struct {
	review.Catalogue
	review.Library
	err error
}

func (b broken) Clients(context.Context) ([]debrief.ClientID, error) { return nil, b.err }
func (b broken) Recording(context.Context, debrief.ClientID, debrief.RecordingID) (*debrief.Recording, string, error) {
	return nil, "", b.err
}

func TestErrorsStayInside(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"Unavailable": {fmt.Errorf("dial 10.0.0.7: secret-bucket: %w", debrief.ErrUnavailable), 503},
		"Denied":      {fmt.Errorf("key secret-bucket: %w", debrief.ErrDenied), 403},
		"Unexpected":  {errors.New("secret-bucket on fire"), 500},
		"NotFound":    {fmt.Errorf("secret-bucket: %w", debrief.ErrNotFound), 404},
		"Conflict":    {fmt.Errorf("secret-bucket: %w", debrief.ErrConflict), 409},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPage(t, func(cfg *review.Config) {
				b := broken{cfg.Catalogue, cfg.Library, c.err}
				cfg.Catalogue, cfg.Library = b, b
			})
			for _, path := range []string{"/", complete, complete + "/audio.wav", complete + "/words", complete + "/wave"} {
				w := get(t, p, path)
				if w.Code != c.code {
					t.Errorf("%s: status %d, want %d", path, w.Code, c.code)
				}
				if strings.Contains(w.Body.String(), "secret-bucket") {
					t.Errorf("%s shows the inside of an error", path)
				}
			}
		})
	}
}

func TestNewRejects(t *testing.T) {
	if _, err := review.New(review.Config{}); !errors.Is(err, debrief.ErrInvalid) {
		t.Errorf("nothing given: %v", err)
	}
	store := newStore(t)
	if _, err := review.New(review.Config{Catalogue: store, Library: store, Sound: store, Verify: summarize.Verify, Course: course(t)}); !errors.Is(err, debrief.ErrBadScheme) {
		t.Errorf("no scheme: %v", err)
	}
}

// TestLongRecording keeps a 3-hour page quick to make: rendering 3,000 utterances is the
// server's part of the second a coach waits.
func TestLongRecording(t *testing.T) {
	w := get(t, newPage(t, nil), long)
	if n := strings.Count(w.Body.String(), `class="at"`); n != 3000 {
		t.Errorf("%d utterances", n)
	}
}

// outlines keeps the outlines of sounds, and counts how often a sound is listened to for one.
type outlines struct {
	review.Sound
	kept   *audio.Peaks
	listen int
}

func (o *outlines) Open(ctx context.Context, rec *debrief.Recording) (io.ReadSeeker, error) {
	o.listen++
	return o.Sound.Open(ctx, rec)
}

func (o *outlines) Peaks(context.Context, *debrief.Recording) (*audio.Peaks, error) {
	if o.kept == nil {
		return nil, debrief.ErrNotFound
	}
	return o.kept, nil
}

func (o *outlines) KeepPeaks(_ context.Context, _ *debrief.Recording, p *audio.Peaks) error {
	o.kept = p
	return nil
}

func TestWaveIsKept(t *testing.T) {
	store := &outlines{}
	page := func() *review.Page {
		return newPage(t, func(c *review.Config) { store.Sound, c.Sound = c.Sound, store })
	}
	first := get(t, page(), complete+"/wave").Body.String()
	if store.listen != 1 || store.kept == nil || first == "" {
		t.Fatalf("listened %d times, kept %v", store.listen, store.kept)
	}
	if again := get(t, page(), complete+"/wave").Body.String(); again != first || store.listen != 1 {
		t.Errorf("after a restart: listened %d times", store.listen)
	}
	store.kept.Total-- // of a recording that has grown since
	if again := get(t, page(), complete+"/wave").Body.String(); again != first || store.listen != 2 {
		t.Errorf("with an old outline: listened %d times", store.listen)
	}
}
