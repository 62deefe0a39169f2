// Package demo is a store in memory with invented clients: every state a page can be in, to
// look at, to test and to photograph. Call [New]; the result serves as the library and the
// sound of a review page. Nothing in it was recorded of anybody, and nothing is kept.
package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"debrief"

	"github.com/oklog/ulid/v2"
)

// Store holds the invented recordings and what is done to them while it lasts. It is safe for
// concurrent use.
type Store struct {
	clients    []debrief.Client
	recordings []*recording

	mu      sync.Mutex
	reviews map[debrief.RecordingID]kept
	writes  int // versions are numbers of writes
}

// kept is a review with its version.
type kept struct {
	review  []byte // JSON: what is handed out is never what is kept
	version string
}

// recording is a manifest and what has been made of it; nil is not made yet.
type recording struct {
	debrief.Recording
	transcript *debrief.Transcript
	tags       *debrief.Tags
	summary    *debrief.Summary
	growing    bool
}

// manifest is what the store knows of a recording now: one that is being made grows by whole minutes,
// as segments do, and is as far behind the clock as its last one.
func (r *recording) manifest() debrief.Recording {
	rec := r.Recording
	if r.growing {
		rec.Samples = debrief.SamplesOf(60 * max(1, math.Floor(time.Since(rec.Started).Minutes())-1))
		rec.Segments = []debrief.Segment{{Samples: rec.Samples, SHA256: string(rec.ID)}}
	}
	return rec
}

// The clients of the demo.
const (
	Maya  debrief.ClientID = "maya"  // three treatments, complete
	Tomas debrief.ClientID = "tomas" // one recording for every state but complete
	Lena  debrief.ClientID = "lena"  // one very long recording
)

// engine is what the demo's transcripts say they were heard by.
const engine = "moonshine-tiny"

// New invents the store for a prompt scheme; the texts fit the built-in one.
func New(scheme debrief.Scheme) (*Store, error) {
	scripts, err := readScripts()
	if err != nil {
		return nil, err
	}
	s := &Store{reviews: map[debrief.RecordingID]kept{}, clients: []debrief.Client{
		{ID: Maya, Name: "Maya Lindqvist", TimeZone: "Europe/Stockholm"},
		{ID: Tomas, Name: "Tomas Reyes", TimeZone: "Europe/Madrid"},
		{ID: Lena, Name: "Lena Okafor", TimeZone: "Europe/London"},
		{ID: "c04"},
	}}
	for i, sc := range scripts {
		s.recordings = append(s.recordings, perform(scheme, Maya, i+1, sc))
	}
	if err := s.reviewed(s.recordings[reviewedOne-1]); err != nil {
		return nil, err
	}
	s.recordings = append(s.recordings, unfinished(scheme, scripts[1])...)
	s.recordings = append(s.recordings, underWay(scheme, scripts[1]), long(scheme, scripts))
	return s, nil
}

// reviewedOne is the number of the recording a coach has been at.
const reviewedOne = 8

// reviewed shows what a coach leaves behind: notes for all and for the coach alone, a correction, a
// hidden sentence, and a correction without a place, as after a transcript was made again.
func (s *Store) reviewed(r *recording) error {
	at := r.Started.Add(26 * time.Hour)
	edited := debrief.AnchorOf(r.transcript, 1)
	words := r.transcript.Utterances[1].Text + " Yes."
	lost, lostWords := debrief.AnchorOf(r.transcript, 2), "It was quiet."
	lost.End = lost.Start + lost.Len()/4 // ended earlier, and is a part of something longer now
	review := debrief.Review{Recording: r.ID,
		Edits: []debrief.Edit{
			{Anchor: edited, Text: &words, Author: "coach", At: at},
			{Anchor: lost, Text: &lostWords, Author: "coach", At: at},
		},
		Notes: []debrief.Note{
			{Anchor: &edited, Text: "Ask about this again before the next treatment.", Author: "coach", At: at},
			{Anchor: &edited, Text: "She looked away here.", Private: true, Author: "coach", At: at},
			{Text: "A calmer start than last time.", Author: "coach", At: at},
		},
	}
	if n := len(r.summary.Prompts); n > 0 {
		last := r.summary.Prompts[n-1]
		review.Summary = append(review.Summary, debrief.SummaryEdit{Prompt: last.Prompt, Quote: last.Sentences[0].Quote, Hidden: true, Author: "coach", At: at})
	}
	data, err := json.Marshal(review)
	if err != nil {
		return fmt.Errorf("invent a review: %w", err)
	}
	s.writes++
	s.reviews[r.ID] = kept{data, strconv.Itoa(s.writes)}
	return nil
}

// id invents a recording id; n keeps the ids of one demo apart.
func id(n int) debrief.RecordingID {
	return debrief.RecordingID(fmt.Sprintf("01DEMQ%020d", n))
}

// pauses between utterances in seconds, in turn: people coming back speak slowly.
var pauses = []float64{0.9, 2.2, 1.4, 3.8, 1.1, 8.5, 1.7}

const (
	lead          = 2.0  // seconds before the first word
	secondsPerRun = 0.34 // seconds a word takes, slow speech
)

// perform gives a script its times and documents.
func perform(scheme debrief.Scheme, client debrief.ClientID, n int, sc script) *recording {
	r := &recording{Recording: debrief.Recording{
		ID: id(n), Client: client, Session: sc.session, Phase: sc.phase, Origin: debrief.Captured,
		Status: debrief.Stored, Started: sc.start, Device: "Lapel microphone",
	}}
	r.transcript = &debrief.Transcript{Recording: r.ID, Engine: engine, Made: sc.start}
	r.tags = &debrief.Tags{Recording: r.ID, Scheme: scheme.Ref(), Model: "demo", Made: sc.start}
	at, asked := lead, debrief.Samples(0)
	for i, l := range sc.lines {
		u := utterance(l, at)
		r.transcript.Utterances = append(r.transcript.Utterances, u)
		r.transcript.Speech += u.Len()
		if l.speaker == debrief.SpeakerCoach {
			asked = u.Start
		}
		at = u.End.Seconds() + pauses[i%len(pauses)]
		if tags := tagsOf(scheme, i, l, asked); len(tags.Prompts)+len(tags.Suggested) > 0 {
			r.tags.Utterances = append(r.tags.Utterances, tags)
		}
		if len(l.assigned) > 0 && l.speaker == debrief.SpeakerCoach {
			r.Markers = append(r.Markers, debrief.Marker{At: u.Start, Kind: "prompt", Prompt: l.assigned[0]})
		}
	}
	r.Samples = debrief.SamplesOf(at)
	r.Segments = []debrief.Segment{{Samples: r.Samples, SHA256: string(r.ID)}}
	r.transcript.Input = r.AudioHash()
	r.tags.Input = r.transcript.Hash()
	r.summary = summarise(scheme, r)
	return r
}

func utterance(l line, at float64) debrief.Utterance {
	words := strings.Fields(l.words)
	u := debrief.Utterance{Speaker: l.speaker, Text: l.words, Confidence: 0.93, Flags: l.flags}
	u.Start = debrief.SamplesOf(at)
	for i, w := range words {
		from := debrief.SamplesOf(at + float64(i)*secondsPerRun)
		u.Words = append(u.Words, debrief.Word{Span: debrief.Span{Start: from, End: from + debrief.SamplesOf(secondsPerRun)}, Text: w})
	}
	u.End = u.Words[len(words)-1].End
	return u
}

// tagsOf gives a line its tags, with the evidence a tagger would name; asked is when the coach spoke last.
func tagsOf(scheme debrief.Scheme, index int, l line, asked debrief.Samples) debrief.UtteranceTags {
	name := func(id debrief.PromptID) string {
		p, err := scheme.Prompt(id)
		if err != nil {
			return string(id) // another scheme than the built-in one
		}
		return p.Name
	}
	t := debrief.UtteranceTags{Index: index}
	for _, p := range l.assigned {
		tag := debrief.Tag{Prompt: p, Confidence: 0.91, Source: debrief.SourceQuestion, Evidence: fmt.Sprintf(debrief.EvidenceAsked, asked)}
		if l.speaker == debrief.SpeakerCoach {
			tag.Source, tag.Evidence = debrief.SourceModel, fmt.Sprintf(debrief.EvidenceAsks, name(p))
		}
		t.Prompts = append(t.Prompts, tag)
	}
	for _, p := range l.suggested {
		t.Suggested = append(t.Suggested, debrief.Tag{Prompt: p, Confidence: 0.44, Source: debrief.SourceModel, Evidence: fmt.Sprintf(debrief.EvidenceNearest, name(p))})
	}
	return t
}

// sentencesPerPrompt keeps the demo's summaries as short as real ones.
const sentencesPerPrompt = 2

func summarise(scheme debrief.Scheme, r *recording) *debrief.Summary {
	s := &debrief.Summary{Recording: r.ID, Engine: "quotes", Made: r.Started, Input: debrief.SummaryInput(r.transcript, r.tags)}
	for _, p := range scheme.For(r.Phase, r.Session) {
		part := debrief.PromptSummary{Prompt: p.ID}
		for _, t := range r.tags.Utterances {
			u := r.transcript.Utterances[t.Index]
			if u.Speaker == debrief.SpeakerClient && len(part.Sentences) < sentencesPerPrompt &&
				slices.ContainsFunc(t.Prompts, func(g debrief.Tag) bool { return g.Prompt == p.ID }) {
				part.Sentences = append(part.Sentences, debrief.Sentence{
					Text: u.Text, Quote: debrief.Quote{Span: u.Span, Utterance: t.Index, Text: u.Text},
				})
			}
		}
		if len(part.Sentences) > 0 {
			s.Prompts = append(s.Prompts, part)
		} else if p.AskedIn(r.Phase, r.Session) {
			s.Open = append(s.Open, p.ID)
		}
	}
	return s
}

// unfinished shows one recording for each state short of complete.
func unfinished(scheme debrief.Scheme, sc script) []*recording {
	made := func(n, session int, phase debrief.Phase, change func(*recording)) *recording {
		sc.session, sc.phase, sc.start = session, phase, time.Date(2026, 11, 1+n, 14, 0, 0, 0, time.UTC)
		r := perform(scheme, Tomas, 100+n, sc)
		r.Markers = nil
		change(r)
		return r
	}
	return []*recording{
		made(1, 1, debrief.Preparation, func(r *recording) { r.summary = nil }),
		made(2, 1, debrief.Immediate, func(r *recording) {
			r.Gaps = []debrief.Gap{{At: r.Samples / 2, Length: 42 * time.Second, Reason: debrief.GapLost}}
			r.Markers = []debrief.Marker{{At: r.Samples / 3, Kind: "bookmark"}}
		}),
		made(3, 1, debrief.Followup, func(r *recording) { r.tags, r.summary = nil, nil }),
		made(4, 2, debrief.Preparation, func(r *recording) { r.transcript, r.tags, r.summary = nil, nil, nil }),
		made(5, 2, debrief.Immediate, func(r *recording) {
			r.transcript.Utterances, r.tags = nil, nil
			r.summary = &debrief.Summary{Recording: r.ID, Empty: "no speech was heard"}
		}),
		made(6, 2, debrief.Followup, func(r *recording) {
			r.transcript.Partial = []debrief.Span{{Start: r.Samples / 2, End: r.Samples}}
		}),
		made(7, 3, debrief.Preparation, func(r *recording) {
			r.Status, r.transcript, r.tags, r.summary = debrief.Storing, nil, nil, nil
		}),
		made(8, 3, debrief.Immediate, func(r *recording) {
			r.Status, r.transcript, r.tags, r.summary = debrief.Capturing, nil, nil, nil
		}),
	}
}

// underWay is a debrief that is being recorded as the demo starts. Its id says when it began, as
// every recorder's does: that is how a page finds it.
func underWay(scheme debrief.Scheme, sc script) *recording {
	began := time.Now().Add(-23 * time.Minute) // the only time of the demo that is not written down
	sc.session, sc.phase, sc.start = 3, debrief.Followup, began
	r := perform(scheme, Tomas, 110, sc)
	r.ID = debrief.RecordingID(ulid.MustNew(ulid.Timestamp(began), ulid.DefaultEntropy()).String())
	r.growing = true
	r.Status, r.Markers, r.transcript, r.tags, r.summary = debrief.Capturing, nil, nil, nil, nil
	return r
}

// longUtterances is what three hours of slow speech hold.
const longUtterances = 3000

// long is one recording of about three hours, to see that the page carries it.
func long(scheme debrief.Scheme, scripts []script) *recording {
	sc := script{session: 1, phase: debrief.Immediate, start: time.Date(2026, 10, 12, 9, 0, 0, 0, time.UTC)}
	for len(sc.lines) < longUtterances {
		for _, s := range scripts {
			if s.phase == debrief.Immediate {
				sc.lines = append(sc.lines, s.lines...)
			}
		}
	}
	sc.lines = sc.lines[:longUtterances]
	r := perform(scheme, Lena, 200, sc)
	r.Markers = nil
	return r
}

// Clients lists the invented clients.
func (s *Store) Clients(context.Context) ([]debrief.ClientID, error) {
	var out []debrief.ClientID
	for _, c := range s.clients {
		out = append(out, c.ID)
	}
	return out, nil
}

// Client returns what is known of an invented client.
func (s *Store) Client(_ context.Context, id debrief.ClientID) (debrief.Client, error) {
	for _, c := range s.clients {
		if c.ID == id {
			return c, nil
		}
	}
	return debrief.Client{}, debrief.ErrNotFound
}

// Stamps changes with the reviews, and with the recording being made; nothing else here does.
func (s *Store) Stamps(_ context.Context, id debrief.ClientID) (map[debrief.RecordingID]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[debrief.RecordingID]string{"": "1"}
	for _, r := range s.recordings {
		if r.Client == id {
			out[r.ID] = fmt.Sprint(r.manifest().Samples, " ", s.reviews[r.ID].version)
		}
	}
	return out, nil
}

// Recordings lists the manifests of one client.
func (s *Store) Recordings(_ context.Context, client debrief.ClientID) ([]debrief.Recording, error) {
	var out []debrief.Recording
	for _, r := range s.recordings {
		if r.Client == client {
			out = append(out, r.manifest())
		}
	}
	slices.SortFunc(out, func(a, b debrief.Recording) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// Recording returns one manifest.
func (s *Store) Recording(_ context.Context, client debrief.ClientID, id debrief.RecordingID) (*debrief.Recording, string, error) {
	for _, r := range s.recordings {
		if r.Client == client && r.ID == id {
			rec := r.manifest()
			return &rec, "1", nil
		}
	}
	return nil, "", debrief.ErrNotFound
}

// Load fills a document.
func (s *Store) Load(_ context.Context, rec *debrief.Recording, doc any) (string, error) {
	at := slices.IndexFunc(s.recordings, func(r *recording) bool { return r.ID == rec.ID })
	if at < 0 {
		return "", debrief.ErrNotFound
	}
	r := s.recordings[at]
	switch doc := doc.(type) {
	case *debrief.Transcript:
		return give(r.transcript, doc)
	case *debrief.Tags:
		return give(r.tags, doc)
	case *debrief.Summary:
		return give(r.summary, doc)
	case *debrief.Review:
		return s.loadReview(r.ID, doc)
	}
	return "", fmt.Errorf("load a %T: %w", doc, debrief.ErrInvalid)
}

func (s *Store) loadReview(id debrief.RecordingID, doc *debrief.Review) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.reviews[id]
	if !ok {
		return "", debrief.ErrNotFound
	}
	return k.version, json.Unmarshal(k.review, doc)
}

// SaveReview keeps a review until the process ends.
func (s *Store) SaveReview(_ context.Context, rec *debrief.Recording, review *debrief.Review, version string) (string, error) {
	data, err := json.Marshal(review)
	if err != nil {
		return "", fmt.Errorf("keep a review: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reviews[rec.ID].version != version {
		return "", debrief.ErrConflict
	}
	s.writes++
	next := strconv.Itoa(s.writes)
	s.reviews[rec.ID] = kept{data, next}
	return next, nil
}

func give[T any](have, doc *T) (string, error) {
	if have == nil {
		return "", debrief.ErrNotFound
	}
	*doc = *have
	return "1", nil
}
