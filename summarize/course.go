package summarize

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"debrief"
)

// The prompts whose answers have a place of their own in a course. They are those of the built-in scheme; where
// a scheme has none of a name, that part of the course stays empty.
const (
	promptGain     debrief.PromptID = "intention.gain"
	promptRelease  debrief.PromptID = "intention.release"
	promptSetting  debrief.PromptID = "setting"
	promptStandout debrief.PromptID = "standout"
	promptInsight  debrief.PromptID = "breakthrough"
	promptMeaning  debrief.PromptID = "still_meaningful"
	promptMood     debrief.PromptID = "mood"
	promptChanges  debrief.PromptID = "small_changes"
	promptPatterns debrief.PromptID = "old_patterns"
	promptAlign    debrief.PromptID = "alignment"
)

// Embedder turns a text into a vector of length one; the dot product of two tells how alike they are in meaning.
type Embedder interface {
	Embed(text string) ([]float32, error)
}

// CourseConfig is what a [Courses] works with.
type CourseConfig struct {
	Scheme   debrief.Scheme
	Embedder Embedder         // nil compares by words alone
	Now      func() time.Time // default time.Now
}

// Courses puts a client's recordings side by side.
type Courses struct {
	scheme   debrief.Scheme
	embedder Embedder
	now      func() time.Time
}

// NewCourses checks the scheme.
func NewCourses(c CourseConfig) (*Courses, error) {
	if err := c.Scheme.Validate(); err != nil {
		return nil, fmt.Errorf("make a course: %w", err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Courses{c.Scheme, c.Embedder, c.Now}, nil
}

// Heard is one recording of the course, as it counts now: with the coach's review applied. Transcript and Tags are nil
// while there are none.
type Heard struct {
	Recording  *debrief.Recording
	Transcript *debrief.Transcript
	Tags       *debrief.Tags
}

// mention is a passage of the client that answers at least one prompt: what a course is made of.
type mention struct {
	cite    debrief.Citation
	prompts []debrief.PromptID
	score   float64 // how sure and how telling it is, 0-1
	stems   []string
	words   map[string]string // stem -> the word as said
	vector  []float32         // nil without an embedder
}

func (r *mention) answers(ids ...debrief.PromptID) bool {
	return slices.ContainsFunc(ids, func(id debrief.PromptID) bool { return slices.Contains(r.prompts, id) })
}

// Build makes the course of one client. The recordings may be in any order; the course is in theirs: by session, phase, start and
// id. The same recordings give the same course.
func (c *Courses) Build(ctx context.Context, client debrief.ClientID, heard []Heard) (*debrief.Course, error) {
	heard = inOrder(heard)
	said, err := c.mentions(ctx, heard)
	if err != nil {
		return nil, err
	}
	mentions := slices.DeleteFunc(slices.Clone(said), func(r *mention) bool { return len(r.prompts) == 0 })
	out := &debrief.Course{
		Client:     client,
		Input:      courseInput(heard),
		Made:       c.now().UTC(),
		Treatments: c.treatments(heard, mentions),
		Threads:    threads(mentions),
		Insights:   insights(heard, said),
		Moods:      moods(mentions),
		Changes:    changes(mentions),
		Patterns:   patterns(mentions),
		Alignments: alignments(mentions),
	}
	out.Prep = prepare(out, mentions)
	return out, nil
}

func inOrder(heard []Heard) []Heard {
	heard = slices.Clone(heard)
	slices.SortFunc(heard, func(a, b Heard) int {
		x, y := a.Recording, b.Recording
		return cmp.Or(
			cmp.Compare(x.Session, y.Session),
			cmp.Compare(slices.Index(debrief.Phases(), x.Phase), slices.Index(debrief.Phases(), y.Phase)),
			x.Started.Compare(y.Started),
			cmp.Compare(x.ID, y.ID),
		)
	})
	return heard
}

func courseInput(heard []Heard) string {
	h := sha256.New()
	for _, x := range heard {
		fmt.Fprintln(h, x.Recording.ID, x.Recording.Session, x.Recording.Phase)
		if x.Transcript != nil && x.Tags != nil {
			fmt.Fprintln(h, debrief.SummaryInput(x.Transcript, x.Tags))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// mentions collects every tagged passage of the client, in the order in which they were said, and of follow-ups the others too: an
// insight is not left unmentioned because no prompt was found for the passage.
func (c *Courses) mentions(ctx context.Context, heard []Heard) ([]*mention, error) {
	var out []*mention
	for _, x := range heard {
		if x.Transcript == nil || x.Tags == nil {
			continue
		}
		byUtterance := map[int]debrief.UtteranceTags{}
		for _, ut := range x.Tags.Utterances {
			byUtterance[ut.Index] = ut
		}
		for i := range x.Transcript.Utterances {
			u := &x.Transcript.Utterances[i]
			if u.Speaker == debrief.SpeakerClient && u.Usable() {
				out = append(out, c.mentionsIn(x.Recording, u, i, byUtterance[i])...)
			}
		}
	}
	if c.embedder == nil {
		return out, nil
	}
	for _, r := range out {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v, err := c.embedder.Embed(r.cite.Quote.Text)
		if err != nil {
			return nil, fmt.Errorf("compare what was said: %w", err)
		}
		r.vector = v
	}
	return out, nil
}

func (c *Courses) mentionsIn(rec *debrief.Recording, u *debrief.Utterance, index int, ut debrief.UtteranceTags) []*mention {
	var ids []debrief.PromptID
	best := 0.0
	for _, p := range c.scheme.For(rec.Phase, rec.Session) {
		if sure := tagConfidence(ut, p.ID); sure > 0 {
			ids = append(ids, p.ID)
			best = max(best, sure)
		}
	}
	if len(ids) == 0 && rec.Phase != debrief.Followup {
		return nil
	}
	var out []*mention
	for _, p := range grouped(u.Text, mentionWords) {
		if asksListener(u.Text[p.start:p.end]) {
			continue
		}
		r := &mention{
			cite: debrief.Citation{
				Recording: rec.ID, Session: rec.Session, Phase: rec.Phase, Quote: quoteAt(u, index, p.start, p.end),
			},
			prompts: ids,
			words:   map[string]string{},
		}
		for _, w := range essential(spokenWords(r.cite.Quote.Text)) {
			if w.content() {
				s := w.stem()
				if _, known := r.words[s]; !known {
					r.stems = append(r.stems, s)
					r.words[s] = strings.TrimSuffix(w.text, "'s")
				}
			}
		}
		r.score = best * information(candidate{quote: r.cite.Quote, stems: r.stems}, nil)
		out = append(out, r)
	}
	return out
}

// mentionWords is how long a mention may get by taking in the next sentence of the same utterance. Forty words are about fifteen
// seconds of speech: enough to be understood alone, and short enough to be about one thing.
const mentionWords = 40

// treatments lists the sessions from the first to the last that has a recording, so that a missing one shows.
func (c *Courses) treatments(heard []Heard, mentions []*mention) []debrief.Treatment {
	out := []debrief.Treatment{}
	if len(heard) == 0 {
		return out
	}
	for n := 1; n <= heard[len(heard)-1].Recording.Session; n++ {
		t := debrief.Treatment{Session: n}
		for _, phase := range debrief.Phases() {
			tp := debrief.TreatmentPhase{Phase: phase}
			for _, x := range heard {
				if x.Recording.Session == n && x.Recording.Phase == phase {
					tp.Recordings = append(tp.Recordings, x.Recording.ID)
				}
			}
			if len(tp.Recordings) > 0 {
				tp.Coverage = c.coverage(n, phase, mentions)
			}
			t.Phases = append(t.Phases, tp)
		}
		out = append(out, t)
	}
	return out
}

func (c *Courses) coverage(session int, phase debrief.Phase, mentions []*mention) []debrief.Coverage {
	var out []debrief.Coverage
	for _, p := range c.scheme.For(phase, session) {
		cov := debrief.Coverage{Prompt: p.ID}
		var best *mention
		last := debrief.Citation{}
		for _, r := range mentions {
			if r.cite.Session != session || r.cite.Phase != phase || !r.answers(p.ID) {
				continue
			}
			if r.cite.Recording != last.Recording || r.cite.Quote.Utterance != last.Quote.Utterance || cov.Utterances == 0 {
				cov.Utterances++
			}
			last = r.cite
			if best == nil || r.score > best.score {
				best = r
			}
		}
		if best != nil {
			cov.Best = &best.cite
		} else if !p.AskedIn(phase, session) {
			continue
		}
		out = append(out, cov)
	}
	return out
}
