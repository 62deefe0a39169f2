package summarize

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"debrief"
	"debrief/internal/models"
	"debrief/internal/tagnet"
)

//go:embed tagger.model
var taggerModel []byte

// taggerVersion names model and method in tags. Raise it whenever tagger.model or what is made
// of its numbers changes: old tags are then known to be old.
const taggerVersion = "debrief-tagger/4"

// Config is what a tagger works with.
type Config struct {
	Models models.Dir
	Scheme debrief.Scheme   // zero: [DefaultScheme]
	Clock  func() time.Time // for [debrief.Tags].Made; nil: time.Now
}

// Tagger decides which prompts each utterance answers, or asks. Safe for concurrent use.
type Tagger struct {
	scheme    debrief.Scheme
	clock     func() time.Time
	encoder   *Encoder
	net       *tagnet.Ensemble
	trained   []debrief.PromptID // the network's labels
	strangers []stranger         // prompts of the scheme the network does not know
	mixed     []float32          // see [Tagger.meetStrangers]
}

// NewTagger loads the models, in about 0.3 s; Close it. Errors wrap debrief.ErrModel or
// debrief.ErrBadScheme.
func NewTagger(c Config) (*Tagger, error) {
	t := &Tagger{scheme: c.Scheme, clock: c.Clock}
	if len(t.scheme.Prompts) == 0 {
		t.scheme = DefaultScheme()
	}
	if t.clock == nil {
		t.clock = time.Now
	}
	if err := t.scheme.Validate(); err != nil {
		return nil, fmt.Errorf("make a tagger: %w", err)
	}
	builtin := DefaultScheme()
	for _, p := range builtin.Prompts {
		t.trained = append(t.trained, p.ID)
	}
	var err error
	if t.net, err = tagnet.Read(bytes.NewReader(taggerModel)); err != nil {
		return nil, fmt.Errorf("make a tagger: %w", err)
	}
	if t.net.Labels() != len(t.trained) {
		return nil, fmt.Errorf("make a tagger: the model knows %d prompts, the built-in scheme has %d: %w",
			t.net.Labels(), len(t.trained), debrief.ErrModel)
	}
	if t.encoder, err = NewEncoder(c.Models); err != nil {
		return nil, fmt.Errorf("make a tagger: %w", err)
	}
	if err := t.meetStrangers(); err != nil {
		t.encoder.Close()
		return nil, fmt.Errorf("make a tagger: %w", err)
	}
	return t, nil
}

// Close frees the sentence encoder.
func (t *Tagger) Close() error { return t.encoder.Close() }

// Encoder is the sentence encoder the tagger uses, for others who compare meanings. The tagger closes it.
func (t *Tagger) Encoder() *Encoder { return t.encoder }

// Version names the scheme (name@version) and the model: tags made with others are stale.
func (t *Tagger) Version() (scheme, model string) { return t.scheme.Ref(), taggerVersion }

// Tag decides for every utterance of the transcript, in order. Of the recording it needs the phase;
// session (0: not known) and the markers of kind prompt help. An utterance whose words are in
// doubt, or that has none, is passed over as if it had not been said. The error wraps
// debrief.ErrInvalid for an unknown phase, debrief.ErrModel when the encoder breaks.
func (t *Tagger) Tag(ctx context.Context, rec *debrief.Recording, tr *debrief.Transcript) (*debrief.Tags, error) {
	if _, err := debrief.ParsePhase(string(rec.Phase)); err != nil {
		return nil, fmt.Errorf("tag recording: %w", err)
	}
	said, err := t.listen(ctx, rec, tr)
	if err != nil {
		return nil, fmt.Errorf("tag recording: %w", err)
	}
	beliefs := t.believe(rec, said)
	tags := &debrief.Tags{
		Recording: tr.Recording, Model: taggerVersion, Scheme: t.scheme.Ref(), Input: tr.Hash(), Made: t.clock(),
		Utterances: make([]debrief.UtteranceTags, len(tr.Utterances)),
	}
	for i := range tags.Utterances {
		tags.Utterances[i] = debrief.UtteranceTags{Index: i, Prompts: []debrief.Tag{}}
	}
	decide(t.scheme, said, beliefs, tags.Utterances)
	return tags, nil
}

// turn is one usable utterance with what is needed to judge it.
type turn struct {
	index     int // into the transcript
	utterance *debrief.Utterance
	text      string // what is judged of it: see [reworded]
	embedding []float32
	shown     debrief.PromptID // the question a guided debrief showed last, if any
	shownAt   debrief.Samples
	since     int // turns since then
}

// client reports whether the client may be speaking.
func (r *turn) client() bool { return r.utterance.Speaker != debrief.SpeakerCoach }

// markerLead is how long before a question is shown an answer may begin to it: the voice
// activity detector sets the start of speech up to half a second early.
const markerLead = debrief.SampleRate / 2

// listen embeds the usable utterances and finds the question shown before each.
func (t *Tagger) listen(ctx context.Context, rec *debrief.Recording, tr *debrief.Transcript) ([]turn, error) {
	markers := slices.DeleteFunc(slices.Clone(rec.Markers), func(m debrief.Marker) bool { return m.Kind != "prompt" || m.Prompt == "" })
	slices.SortStableFunc(markers, func(a, b debrief.Marker) int { return int(a.At - b.At) })
	var said []turn
	var shown debrief.PromptID
	var shownAt debrief.Samples
	since := 0
	for i := range tr.Utterances {
		u := &tr.Utterances[i]
		if !u.Usable() {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		text := u.Text
		if u.Speaker == debrief.SpeakerCoach {
			text = reworded(u.Text, t.scheme.For(rec.Phase, debrief.MaxSession))
		}
		e, err := t.encoder.Embed(text)
		if err != nil {
			return nil, err
		}
		for len(markers) > 0 && markers[0].At <= u.Start+markerLead {
			shown, shownAt, since = markers[0].Prompt, markers[0].At, 0
			markers = markers[1:]
		}
		said = append(said, turn{i, u, text, e, shown, shownAt, since})
		since++
	}
	return said, nil
}

// reworded puts a question that a coach asks word for word as the scheme has it into another wording of the same prompt. The hands of
// the corpus ask in words of their own, so the network hardly knows the scheme's: it took "What felt like a breakthrough?" for standout.
func reworded(text string, prompts []debrief.Prompt) string {
	builtin, ws := DefaultScheme(), allWords(text)
	for _, p := range prompts {
		known, err := builtin.Prompt(p.ID)
		asked := allWords(p.Question)
		if err != nil || len(asked) == 0 {
			continue // a prompt the network does not know is found by its own wordings
		}
		for at := 0; at+len(asked) <= len(ws); at++ {
			run := ws[at : at+len(asked)]
			if slices.EqualFunc(run, asked, func(a, b spokenWord) bool { return a.text == b.text }) {
				return text[:run[0].start] + strings.TrimRight(known.Questions[0], "?") + text[run[len(run)-1].end:]
			}
		}
	}
	return text
}

// believe returns, turn by turn, the belief in each prompt of the scheme, 0-1; prompts that
// cannot be answered in this recording get 0.
func (t *Tagger) believe(rec *debrief.Recording, said []turn) [][]float64 {
	builtin := DefaultScheme()
	seq := tagnet.Sequence{
		Phase: slices.Index(debrief.Phases(), rec.Phase), Session: rec.Session,
		Allowed: Allowed(builtin, rec.Phase, rec.Session),
	}
	for _, r := range said {
		u := tagnet.Utterance{Embedding: r.embedding, Text: r.text, Since: r.since}
		u.Marker = slices.Index(t.trained, r.shown)
		sure := float32(1)
		if c := r.utterance.SpeakerConfidence; c > 0 {
			sure = float32(c)
		}
		switch r.utterance.Speaker {
		case debrief.SpeakerClient:
			u.Client = sure
		case debrief.SpeakerCoach:
			u.Coach = sure
		}
		seq.Utterances = append(seq.Utterances, u)
	}
	known := t.net.Probabilities(seq)
	allowed := Allowed(t.scheme, rec.Phase, rec.Session)
	out := make([][]float64, len(said))
	for i := range said {
		out[i] = make([]float64, len(t.scheme.Prompts))
		for k, p := range t.scheme.Prompts {
			if l := slices.Index(t.trained, p.ID); l >= 0 && allowed[k] {
				out[i][k] = calibrated(said[i].client(), float64(known[i][l]))
			}
		}
	}
	t.believeStrangers(allowed, said, out)
	return out
}

// Allowed says, prompt by prompt of the scheme, whether it may be answered in a recording of
// the phase and session; session 0 is not known and forbids nothing.
func Allowed(s debrief.Scheme, phase debrief.Phase, session int) []bool {
	if session == 0 {
		session = debrief.MaxSession
	}
	may := s.For(phase, session)
	out := make([]bool, len(s.Prompts))
	for i, p := range s.Prompts {
		out[i] = slices.ContainsFunc(may, func(q debrief.Prompt) bool { return q.ID == p.ID })
	}
	return out
}
