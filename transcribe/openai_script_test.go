package transcribe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"debrief"
	"debrief/internal/audio"
)

const testKey = "sk-proj-Very0Secret1Key2"

// scripted is an API server that gives its answers in turn, the last one for ever. It speaks
// over pipes, so that the clock of testing/synctest runs: no test waits.
type scripted struct {
	server  *httptest.Server
	conns   chan net.Conn
	closed  chan struct{}
	close   sync.Once
	answers []http.HandlerFunc

	mu     sync.Mutex
	bodies [][]byte
	types  []string
	times  []time.Time
	auth   []string
	inside int
	most   int // requests at once
}

func script(t *testing.T, answers ...http.HandlerFunc) *scripted {
	s := &scripted{conns: make(chan net.Conn), closed: make(chan struct{}), answers: answers}
	s.server = &httptest.Server{Listener: s, Config: &http.Server{Handler: s}}
	s.server.Start()
	t.Cleanup(s.server.Close)
	return s
}

func (s *scripted) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *scripted) Close() error   { s.close.Do(func() { close(s.closed) }); return nil }
func (s *scripted) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

func (s *scripted) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case s.conns <- server:
		return client, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller has gone
	}
	s.mu.Lock()
	n := len(s.bodies)
	s.bodies = append(s.bodies, body)
	s.types = append(s.types, r.Header.Get("Content-Type"))
	s.times = append(s.times, time.Now())
	s.auth = append(s.auth, r.Header.Get("Authorization"))
	s.inside++
	s.most = max(s.most, s.inside)
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.inside--; s.mu.Unlock() }()
	s.answers[min(n, len(s.answers)-1)](w, r)
}

func (s *scripted) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.bodies)
}

// sent reads a request's form: its fields, and its file under its name.
func (s *scripted) sent(t *testing.T, n int) map[string][]string {
	t.Helper()
	_, params, err := mime.ParseMediaType(s.types[n])
	if err != nil {
		t.Fatal(err)
	}
	f, err := multipart.NewReader(bytes.NewReader(s.bodies[n]), params["boundary"]).ReadForm(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range f.File["file"] {
		file, err := h.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		f.Value[h.Filename] = []string{h.Header.Get("Content-Type"), string(b)}
	}
	return f.Value
}

// engine makes an engine at the server: at the vendor's address, or as at a compatible one.
func (s *scripted) engine(t *testing.T, model string, vendor bool) *OpenAI {
	t.Helper()
	tr := &http.Transport{DialContext: s.dial, DialTLSContext: s.dial}
	t.Cleanup(tr.CloseIdleConnections)
	c := OpenAIConfig{
		Key: testKey, Model: model, Language: "en", Vocabulary: []string{"gua sha", "moxibustion"},
		HTTP: &http.Client{Transport: tr}, Random: func() float64 { return 0.5 },
	}
	if !vendor {
		c.BaseURL = s.server.URL + "/v1"
	}
	o, err := NewOpenAI(c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func send(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// cutAfter promises a longer body than it sends.
func cutAfter(body string) http.HandlerFunc {
	return send(http.StatusOK, body, "Content-Length", "100000")
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// dawdle sends nothing until the caller has gone.
func dawdle(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func answerFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "answers", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// apiChunk is four seconds of sound from two islands: 10-12 s and 60-62 s of the recording.
func apiChunk() *Chunk {
	c := &Chunk{}
	for n, start := range []float64{10, 60} {
		span := debrief.Span{Start: debrief.SamplesOf(start), End: debrief.SamplesOf(start + 2)}
		pcm := make([]int16, span.Len())
		for i := range pcm {
			pcm[i] = int16((i*i*7919 + n) >> 3)
		}
		c.Islands = append(c.Islands, Island{Span: span, Speech: []debrief.Span{span}, PCM: pcm})
	}
	return c
}

// noSecrets fails the test when an error tells what it must not.
func noSecrets(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{testKey, testKey[8:], testKey[:10], "moxibustion", "shoulder"} {
		if err != nil && strings.Contains(err.Error()+debrief.Hint(err), secret) {
			t.Errorf("error tells %q: %v", secret, err)
		}
	}
}

// sameBodies fails the test unless all requests are one, byte for byte, and its file is the sound.
func sameBodies(t *testing.T, s *scripted) {
	t.Helper()
	for i := range s.bodies {
		if !bytes.Equal(s.bodies[i], s.bodies[0]) || s.types[i] != s.types[0] || s.auth[i] != "Bearer "+testKey {
			t.Errorf("request %d differs from the first", i)
		}
	}
	file := s.sent(t, len(s.bodies)-1)[chunkName]
	if len(file) != 2 || file[0] != "audio/flac" {
		t.Fatalf("no %s of audio/flac in the form", chunkName)
	}
	pcm, err := audio.DecodeFLAC(strings.NewReader(file[1]))
	if err != nil || !slices.Equal(pcm, apiChunk().PCM()) {
		t.Errorf("the file is not the chunk's sound (%v)", err)
	}
}

func wantErr(t *testing.T, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error %v, want %v", err, kind)
	}
	noSecrets(t, err)
}
