package review

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"debrief"
)

const (
	// livePause is the least time between two events of a stream: faster is no use to an eye.
	livePause = 500 * time.Millisecond
	// heartbeat is how often a stream sends something. It shows both ends that the line is alive,
	// and brings what changes by the clock alone.
	heartbeat = 10 * time.Second
	// maxStreams is how many streams are open at once. A page has one, while it can be seen.
	maxStreams = 500
	// sendTimeout ends a stream whose browser no longer takes anything.
	sendTimeout = 10 * time.Second
	// comeBack is after how many milliseconds a browser tries again when a stream broke.
	comeBack = 2000
)

// live is the stream of one page. Every event is the whole state of what it is about, so that a
// page that comes back needs nothing of what it missed.
//
//	event: work     {"html": the list of what is under way}
//	event: version  {"version": changes when what the page shows has changed in the store}
func (p *Page) live(w http.ResponseWriter, r *http.Request) error {
	s, err := scopeOf(r)
	if err != nil {
		return err
	}
	if p.streams.Add(1) > maxStreams {
		p.streams.Add(-1)
		return fmt.Errorf("%d streams are open: %w", maxStreams, debrief.ErrUnavailable)
	}
	defer p.streams.Add(-1)
	watch := p.watches.join(s)
	defer p.watches.leave(watch)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy must not wait for more
	if r.Method == http.MethodHead { // nothing would ever come, and the line would be taken
		return nil
	}
	out := stream{w: w, control: http.NewResponseController(w)}
	out.send(fmt.Sprintf("retry: %d\n\n", comeBack))
	for out.err == nil {
		seen, moved := watch.now()
		var changed <-chan struct{}
		if p.Intake != nil {
			_, changed = p.Intake.Jobs()
		}
		if seen.looked { // before, a page that was drawn a moment ago knows more
			html, err := p.views.part("work", p.work(s, seen.captures))
			if err != nil {
				p.Log.Error("render what is under way", "err", err)
				return nil
			}
			out.event("work", map[string]string{"html": html})
		}
		if seen.version != "" {
			out.event("version", map[string]string{"version": seen.version})
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-changed:
		case <-moved:
		case <-beat.C:
			out.send(":\n\n")
			continue
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-time.After(livePause):
		}
	}
	p.Log.Debug("a live page went away", "err", out.err)
	return nil
}

func scopeOf(r *http.Request) (scope, error) {
	s := scope{finished: r.URL.Query().Has("finished")}
	if name := r.PathValue("client"); name != "" {
		id, err := debrief.ParseClientID(name)
		if err != nil {
			return s, debrief.ErrNotFound
		}
		s.client = id
	}
	if name := r.PathValue("recording"); name != "" {
		id, err := debrief.ParseRecordingID(name)
		if err != nil {
			return s, debrief.ErrNotFound
		}
		s.recording = id
	}
	return s, nil
}

// stream writes server-sent events, each at once, and each only when it says something new.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	last    map[string]string
	err     error
}

func (s *stream) event(name string, data any) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	if err := enc.Encode(data); err != nil {
		s.err = err
		return
	}
	text := strings.TrimSpace(buf.String())
	if s.last[name] == text {
		return
	}
	if s.last == nil {
		s.last = map[string]string{}
	}
	s.last[name] = text
	s.send("event: " + name + "\ndata: " + text + "\n\n")
}

func (s *stream) send(text string) {
	if s.err != nil {
		return
	}
	// Not every ResponseWriter knows deadlines; without one a dead browser ends with its connection.
	_ = s.control.SetWriteDeadline(time.Now().Add(sendTimeout))
	if _, s.err = s.w.Write([]byte(text)); s.err == nil {
		s.err = s.control.Flush()
	}
}
