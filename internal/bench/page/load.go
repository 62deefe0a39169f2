package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"debrief/internal/bench/figure"
	"debrief/internal/bench/proc"
)

const (
	alone      = 300              // requests of one kind, one after the other
	crowdTime  = 20 * time.Second // how long all coaches are at it
	crowdPause = time.Second      // what a coach looks at a page on average, which is little
	allSearch  = 5 * time.Minute  // for the store to be searched wholly
	slow       = 200              // milliseconds: the bound of a page
)

// server is the running command.
type server struct {
	cmd    *exec.Cmd
	url    string
	client *http.Client
}

var address = regexp.MustCompile(`http://\S+`)

func start(ctx context.Context, bin, store string) (*server, error) {
	cmd := exec.CommandContext(ctx, bin, "serve", "--store", store, "--addr", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", bin, err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if at := address.FindString(lines.Text()); at != "" {
			transport := &http.Transport{MaxIdleConnsPerHost: 200, DisableCompression: true}
			return &server{cmd, strings.TrimSuffix(at, "/"), &http.Client{Transport: transport}}, nil
		}
	}
	return nil, fmt.Errorf("%s serve named no address", bin)
}

// stop ends the server and waits.
func (s *server) stop() {
	_ = s.cmd.Process.Kill() // it may have ended by itself
	_ = s.cmd.Wait()
}

// ask sends one request and returns the page and how long it took to the last byte.
func (s *server) ask(ctx context.Context, path string, body []byte) (string, time.Duration, error) {
	method, in := http.MethodGet, io.Reader(http.NoBody)
	if body != nil {
		method, in = http.MethodPost, bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, in)
	if err != nil {
		return "", 0, err
	}
	began := time.Now()
	w, err := s.client.Do(r)
	if err != nil {
		return "", 0, err
	}
	defer w.Body.Close()
	page, err := io.ReadAll(w.Body)
	took := time.Since(began)
	if err == nil && w.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: status %d", method, path, w.StatusCode)
	}
	return string(page), took, err
}

// resident is a field of the server's memory in MB; 0 where the system does not tell.
func (s *server) resident(field string) float64 {
	mb, _ := proc.Memory(s.cmd.Process.Pid, field)
	return mb
}

// ticks is the unit of the times in /proc: a hundredth of a second on every Linux there is.
const ticks = 100

// worked is how long the server has had a processor, in seconds: a figure that a busy machine
// spoils less than the clock's.
func (s *server) worked() float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	_, rest, ok := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if err != nil || !ok || len(fields) < 13 {
		return 0 // not on this system
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / ticks
}

func measure(ctx context.Context, o options, store string) ([]figure.Figure, error) {
	began := time.Now()
	s, err := start(ctx, o.bin, store)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	_, first, err := s.ask(ctx, "/", nil)
	if err != nil {
		return nil, err
	}
	figures := []figure.Figure{
		figure.Told("recordings", float64(o.clients*o.each), "", fmt.Sprintf("of %d clients, in a folder", o.clients)),
		figure.Told("first client list after a start", ms(first), "ms", "it says so while there is more to come"),
	}
	for { // until the search has no notice any more
		page, _, err := s.ask(ctx, "/search", nil)
		if err != nil {
			return nil, err
		}
		if !strings.Contains(page, `class="notice"`) {
			break
		}
		if time.Since(began) > allSearch {
			return nil, fmt.Errorf("not all is searched after %s", allSearch)
		}
		time.Sleep(100 * time.Millisecond)
	}
	figures = append(figures,
		figure.Told("everything searched after a start", time.Since(began).Seconds(), "s", ""),
		figure.Told("  of which the server worked", s.worked(), "CPU s", ""),
		figure.Told("memory of the server", s.resident(proc.Resident), "MB", "all words of the store in it"))

	c := newCoach(s, o, 0)
	for _, kind := range []string{"list", "search", "recording", "edit"} {
		var took []time.Duration
		before := s.worked()
		for range alone {
			d, err := c.do(ctx, kind)
			if err != nil {
				return nil, err
			}
			took = append(took, d)
		}
		figures = append(figures, percentiles(kind+", one at a time", took, slow)...)
		figures = append(figures, figure.Told(kind+", the server's work", (s.worked()-before)*1000/alone, "CPU ms", ""))
	}
	for _, pause := range []time.Duration{crowdPause, 0} {
		before := s.worked()
		byKind, n, err := crowd(ctx, s, o, pause)
		if err != nil {
			return nil, err
		}
		name, bound := fmt.Sprintf("%d coaches", o.coaches), float64(slow)
		if pause == 0 {
			name, bound = name+" who never pause", 0
		}
		var all []time.Duration
		for _, took := range byKind {
			all = append(all, took...)
		}
		figures = append(figures, percentiles(name, all, bound)...)
		for _, kind := range kinds {
			figures = append(figures, percentiles(name+", "+kind.name, byKind[kind.name], 0)[1])
		}
		figures = append(figures, figure.Told(name+", the server's work", (s.worked()-before)*1000/float64(n), "CPU ms a request", ""))
		figures = append(figures, figure.Told(name+", pages a second", float64(n)/crowdTime.Seconds(), "/s", ""))
	}
	return append(figures, figure.Told("memory of the server at its peak", s.resident(proc.Peak), "MB", "")), nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// percentiles tells how long requests took; the 95th has a bound in milliseconds, 0 for none.
func percentiles(name string, took []time.Duration, bound float64) []figure.Figure {
	slices.Sort(took)
	at := func(p int) float64 { return ms(took[min(len(took)-1, len(took)*p/100)]) }
	most := figure.Told(name+", p95", at(95), "ms", "")
	if bound > 0 {
		most = figure.AtMost(most.Name, most.Value, bound, most.Unit)
	}
	most.Note = fmt.Sprintf("%d requests", len(took))
	return []figure.Figure{figure.Told(name+", p50", at(50), "ms", ""), most, figure.Told(name+", p99", at(99), "ms", "")}
}

// kinds are what a coach does, and how many times in ten.
var kinds = []struct {
	name   string
	tenths int
}{{"list", 2}, {"recording", 4}, {"search", 3}, {"edit", 1}}

// crowd has all coaches at work and returns how long each of their requests took.
func crowd(ctx context.Context, s *server, o options, pause time.Duration) (map[string][]time.Duration, int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	took, n := map[string][]time.Duration{}, 0
	var failed error
	var all sync.WaitGroup
	end := time.Now().Add(crowdTime)
	for i := range o.coaches {
		c := newCoach(s, o, 1+i)
		all.Go(func() {
			for time.Now().Before(end) {
				if pause > 0 {
					time.Sleep(time.Duration(float64(pause) * c.random.ExpFloat64()))
				}
				kind := c.choose()
				d, err := c.do(ctx, kind)
				mu.Lock()
				took[kind], n = append(took[kind], d), n+1
				if err != nil && failed == nil {
					failed = err
					cancel()
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return took, n, failed
}

// coach asks for what a coach asks for.
type coach struct {
	*server
	options
	random *rand.Rand
}

func newCoach(s *server, o options, n int) *coach {
	return &coach{s, o, rand.New(rand.NewPCG(2, uint64(n)))}
}

func (c *coach) choose() string {
	at := c.random.IntN(10)
	for _, k := range kinds {
		if at -= k.tenths; at < 0 {
			return k.name
		}
	}
	return kinds[0].name
}

func (c *coach) do(ctx context.Context, kind string) (time.Duration, error) {
	path := "/"
	switch kind {
	case "recording":
		path = c.somewhere()
	case "search":
		path = c.query()
	case "edit":
		return c.edit(ctx)
	}
	_, took, err := c.ask(ctx, path, nil)
	return took, err
}

func (c *coach) somewhere() string {
	client := c.random.IntN(c.clients)
	return fmt.Sprintf("/clients/%s/recordings/%s", clientID(client), recordingID(client, c.random.IntN(c.each)))
}

// query looks for common words, rare ones, two at once, beginnings, and within a client, a prompt or dates.
func (c *coach) query() string {
	common := []string{"the", "my", "mother", "what", "gate", "sea", "it", "heavy", "garden", "was"}
	one := common[c.random.IntN(len(common))]
	form := url.Values{"q": {one}}
	switch c.random.IntN(6) {
	case 0:
		form.Set("q", invent(c.random.IntN(inventedWords/4)))
	case 1:
		form.Set("q", one+" "+common[c.random.IntN(len(common))])
	case 2:
		form.Set("q", one[:2]+" "+invent(c.random.IntN(100))[:3])
	case 3:
		form.Set("client", string(clientID(c.random.IntN(c.clients))))
	case 4:
		form.Set("prompt", "imagery")
	case 5:
		form.Set("from", "2025-01-01")
		form.Set("to", "2025-06-30")
	}
	return "/search?" + form.Encode()
}

var row = regexp.MustCompile(`(?s)id="u(\d+)"[^>]* data-at="(\d+)".*?id="t\d+">(.*?)</p>`)

// edit changes the words of an utterance as they stand on its page; the page itself is not counted.
func (c *coach) edit(ctx context.Context) (time.Duration, error) {
	path := c.somewhere()
	page, _, err := c.ask(ctx, path, nil)
	if err != nil {
		return 0, err
	}
	rows := row.FindAllStringSubmatch(page, -1)
	if len(rows) == 0 {
		return 0, fmt.Errorf("%s has no utterance", path)
	}
	at := rows[c.random.IntN(len(rows))]
	seen := html.UnescapeString(at[3])
	body, err := json.Marshal(map[string]any{
		"kind": "text", "utterance": json.Number(at[1]), "start": json.Number(at[2]), "seen": seen, "text": seen + " again",
	})
	if err != nil {
		return 0, err
	}
	_, took, err := c.ask(ctx, path+"/review", body)
	return took, err
}
