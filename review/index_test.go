package review

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"debrief"
)

// shelf is a store of one client in memory that counts what is read of it.
type shelf struct {
	Library
	mu     sync.Mutex
	said   map[debrief.RecordingID][]string
	bad    map[debrief.RecordingID]error
	stamps map[debrief.RecordingID]string
	reads  int
	during func() // called at each reading of a transcript
	down   error
}

func (s *shelf) Clients(context.Context) ([]debrief.ClientID, error) {
	return []debrief.ClientID{"c01"}, s.down
}

func (s *shelf) Stamps(context.Context, debrief.ClientID) (map[debrief.RecordingID]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.stamps), s.down
}

func (s *shelf) Client(context.Context, debrief.ClientID) (debrief.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return debrief.Client{ID: "c01", Name: "Anna " + s.stamps[""]}, nil
}

func (s *shelf) Recording(_ context.Context, c debrief.ClientID, id debrief.RecordingID) (*debrief.Recording, string, error) {
	return &debrief.Recording{ID: id, Client: c, Session: 1, Phase: debrief.Immediate}, "1", nil
}

func (s *shelf) Load(_ context.Context, rec *debrief.Recording, doc any) (string, error) {
	t, ok := doc.(*debrief.Transcript)
	if !ok {
		return "", debrief.ErrNotFound
	}
	if s.during != nil {
		s.during()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	for _, text := range s.said[rec.ID] {
		t.Utterances = append(t.Utterances, debrief.Utterance{Text: text, Speaker: debrief.SpeakerClient})
	}
	return "1", s.bad[rec.ID]
}

func (s *shelf) say(id debrief.RecordingID, stamp string, said ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said[id], s.stamps[id] = said, stamp
}

func newShelf() *shelf {
	return &shelf{said: map[debrief.RecordingID][]string{}, stamps: map[debrief.RecordingID]string{"": "1"}, bad: map[debrief.RecordingID]error{}}
}

// indexed is a page that has nothing but its index, on a store and a clock. Its tests run in bubbles: there a request's
// patience ends when nothing more happens, however slow the machine.
func indexed(t *testing.T, s *shelf, now *time.Time) *Page {
	t.Helper()
	text, err := readCatalogue("en")
	if err != nil {
		t.Fatal(err)
	}
	p := &Page{Config: Config{Catalogue: s, Library: s, Now: func() time.Time { return *now }}, text: text}
	p.Log = slog.New(slog.DiscardHandler)
	return p
}

func (p *Page) hits(t *testing.T, words ...string) []string {
	t.Helper()
	known, err := p.index.look(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	found, total := query{words: words}.find(known.sheets, &p.index.words, 100)
	var out []string
	for _, f := range found {
		out = append(out, f.line(f.at))
	}
	if total != len(out) {
		t.Errorf("counted %d, found %d", total, len(out))
	}
	return out
}

func TestIndexFollowsTheStore(t *testing.T) { synctest.Test(t, indexFollowsTheStore) }

func indexFollowsTheStore(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := newShelf()
	s.say("a", "1", "the green gate", "my mother was there")
	s.say("b", "1", "a green field")
	p := indexed(t, s, &now)
	if got := p.hits(t, "green"); len(got) != 2 || s.reads != 2 {
		t.Fatalf("found %q after %d reads", got, s.reads)
	}
	s.say("b", "2", "a blue field")
	s.say("c", "1", "a greenhouse")
	if got := p.hits(t, "green"); len(got) != 2 {
		t.Errorf("younger than %v, and read again: %q", indexAge, got)
	}
	now = now.Add(2 * indexOld) // so old that a request waits
	if got := p.hits(t, "green"); !slices.Equal(got, []string{"the green gate", "a greenhouse"}) || s.reads != 4 {
		t.Errorf("found %q after %d reads: only what changed is read again", got, s.reads)
	}
	delete(s.stamps, "a")
	s.stamps[""] = "2"
	now = now.Add(2 * indexOld)
	if got := p.hits(t, "green"); !slices.Equal(got, []string{"a greenhouse"}) {
		t.Errorf("deleted, and found: %q", got)
	}
	known := p.index.now.Load()
	if rows := known.rows(); len(rows) != 1 || rows[0].Name != "Anna 2" || rows[0].Recordings != 2 || known.sheets[0].client.Name != "Anna 2" {
		t.Errorf("rows %+v", rows)
	}
}

func TestIndexKeepsWhatIsKnown(t *testing.T) { synctest.Test(t, indexKeepsWhatIsKnown) }

func indexKeepsWhatIsKnown(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := newShelf()
	s.say("a", "1", "the green gate")
	s.say("b", "1", "not readable")
	s.bad["b"] = errors.New("damaged")
	p := indexed(t, s, &now)
	if got := p.hits(t, "green"); len(got) != 1 {
		t.Errorf("one damaged recording hides the others: %q", got)
	}
	if n := p.notice(p.index.now.Load()); !strings.Contains(n, "1 recording could not be read") {
		t.Errorf("notice %q", n)
	}
	s.down = debrief.ErrUnavailable
	now = now.Add(2 * indexOld)
	if got := p.hits(t, "green"); len(got) != 1 {
		t.Errorf("the store is down, and what was known is gone: %q", got)
	}
	delete(s.bad, "b")
	p.index.now.Load().unread = 0
	if n := p.notice(p.index.now.Load()); !strings.Contains(n, "20 Nov 2026, 12:00") {
		t.Errorf("the notice does not say how old it is: %q", n)
	}
}

func TestIndexWithoutStore(t *testing.T) { synctest.Test(t, indexWithoutStore) }

func indexWithoutStore(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := newShelf()
	s.down = debrief.ErrUnavailable
	p := indexed(t, s, &now)
	if _, err := p.index.look(t.Context(), p); !errors.Is(err, debrief.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
	s.down = nil
	s.say("a", "1", "the green gate")
	if got := p.hits(t, "green"); len(got) != 1 {
		t.Errorf("the store is back: %q", got)
	}
}

// TestIndexKeepsAnEditMadeMeanwhile edits while the survey is reading: what it read before must
// not come back, and the next survey reads the recording again.
func TestIndexKeepsAnEditMadeMeanwhile(t *testing.T) { synctest.Test(t, indexKeepsAnEditMadeMeanwhile) }

func indexKeepsAnEditMadeMeanwhile(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := newShelf()
	s.say("a", "1", "the green gate")
	p := indexed(t, s, &now)
	p.hits(t, "green")
	s.say("a", "2", "the green gate again")
	s.during = func() {
		p.index.update(&debrief.Recording{ID: "a", Client: "c01"}, documents{transcript: &debrief.Transcript{Utterances: []debrief.Utterance{{Text: "the red gate"}}}})
	}
	now = now.Add(2 * indexOld)
	if got := p.hits(t, "gate"); !slices.Equal(got, []string{"the red gate"}) {
		t.Errorf("the edit is gone: %q", got)
	}
	s.during = nil
	s.say("a", "2", "the red gate, stored")
	now = now.Add(2 * indexOld)
	if got := p.hits(t, "gate"); !slices.Equal(got, []string{"the red gate, stored"}) {
		t.Errorf("not read again: %q", got)
	}
}

// TestIndexIsReadInParts holds the first reading up: the list is there, and the search says what
// it has not read.
func TestIndexIsReadInParts(t *testing.T) { synctest.Test(t, indexIsReadInParts) }

func indexIsReadInParts(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := newShelf()
	s.say("a", "1", "the green gate")
	hold := make(chan struct{})
	s.during = func() { <-hold }
	p := indexed(t, s, &now)
	ended := p.index.start(p)
	synctest.Wait() // it can go no further
	select {
	case <-ended:
		t.Fatal("the survey ended without reading")
	default:
	}
	known, err := p.index.look(t.Context(), p)
	if err != nil || known.unread != 1 || known.rows()[0].Recordings != 1 {
		t.Fatalf("%+v, %v", known, err)
	}
	if n := p.notice(known); !strings.Contains(n, "1 recording is still being read") {
		t.Errorf("notice %q", n)
	}
	close(hold)
	<-ended
	if got := p.hits(t, "green"); len(got) != 1 {
		t.Errorf("found %q", got)
	}
}

// TestFind compares the index with looking at every utterance.
func TestFind(t *testing.T) {
	words := []string{"a", "an", "gate", "gates", "green", "it's", "Grün", "été", "the", "then", "7", "70"}
	rapid.Check(t, func(t *rapid.T) {
		var v vocabulary
		anna := debrief.Client{ID: "c01"}
		var sheets []*sheet
		want := func(q []string) (n int) {
			for _, s := range sheets {
				for i := range s.lines {
					if holds(s.line(i), q) {
						n++
					}
				}
			}
			return n
		}
		for r := range rapid.IntRange(0, 5).Draw(t, "recordings") {
			tr := &debrief.Transcript{}
			for range rapid.IntRange(0, 80).Draw(t, "utterances") {
				tr.Utterances = append(tr.Utterances, debrief.Utterance{Text: strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 4).Draw(t, "text"), ", ")})
			}
			sheets = append(sheets, newSheet(&debrief.Recording{ID: debrief.RecordingID(fmt.Sprint(r))}, &anna, "").withWords(documents{transcript: tr}, &v))
		}
		var q []string
		eachWord(strings.Join(rapid.SliceOfN(rapid.SampledFrom(append(words, "gr", "gre", "ga", "th", "zz")), 1, 3).Draw(t, "query"), " "), func(w string, _, _ int) { q = append(q, w) })
		hits, total := query{words: q}.find(sheets, &v, 7)
		if total != want(q) || len(hits) != min(7, total) {
			t.Fatalf("%q: found %d, shown %d, want %d", q, total, len(hits), want(q))
		}
		for _, h := range hits {
			if !holds(h.line(h.at), q) {
				t.Fatalf("%q found in %q", q, h.line(h.at))
			}
		}
	})
}

// holds reports whether a text has a word that is or begins with each word of a query.
func holds(text string, q []string) bool {
	for _, w := range q {
		ok := false
		eachWord(text, func(word string, _, _ int) {
			ok = ok || word == w || len(w) > shortPrefix && strings.HasPrefix(word, w)
		})
		if !ok {
			return false
		}
	}
	return true
}

func TestEachWord(t *testing.T) {
	for text, want := range map[string][]string{
		"":                               nil,
		"My mother's hand, the left one": {"my", "mother's", "hand", "the", "left", "one"},
		"It’s 4-6 o'clock' ...":          {"it's", "4", "6", "o'clock"},
		"ÜBER été\xff日本":                 {"über", "été", "日本"},
	} {
		var got []string
		eachWord(text, func(w string, start, end int) {
			got = append(got, w)
			if !strings.EqualFold(strings.ReplaceAll(text[start:end], "’", "'"), w) {
				t.Errorf("%q stands at %q", w, text[start:end])
			}
		})
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzMarked(f *testing.F) {
	f.Add("The garden behind the gate", "the gate")
	f.Add("İstanbul ’tis", "i")
	f.Fuzz(func(t *testing.T, text, q string) {
		var words []string
		eachWord(q, func(w string, _, _ int) { words = append(words, w) })
		var all strings.Builder
		for _, p := range marked(text, words) {
			all.WriteString(p.Text)
		}
		if all.String() != text {
			t.Errorf("marked %q as %q", text, all.String())
		}
	})
}
