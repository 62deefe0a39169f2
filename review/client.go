package review

import (
	"context"
	"net/http"
	"slices"

	"debrief"
)

// clientPage is one client's course: every treatment with its debriefs.
type clientPage struct {
	shell
	Name       string
	Href       string
	Recordings int
	Treatments []treatment
	Work       []workItem // under way just now
	Bring      string     // where a recording of this client is brought in
}

func (clientPage) template() string { return "client.html" }

// treatment is one row of the course: three phases, each with what was recorded in it.
type treatment struct {
	Number int
	Phases []phaseCell
}

type phaseCell struct {
	Phase      string // its name as data, for styling
	Name       string // as read
	Recordings []recordingCard
}

// recordingCard is a recording as seen from its course.
type recordingCard struct {
	Href     string
	When     string
	Length   string
	State    string // what is there or missing, in words; "" when all is
	Answered int
	Coverage []coverage
}

// coverage is one prompt of the phase and whether the client answered it.
type coverage struct {
	Name     string
	Hue      int
	Answered bool
}

func (p *Page) client(r *http.Request) (view, error) {
	ctx := r.Context()
	id, err := debrief.ParseClientID(r.PathValue("client"))
	if err != nil {
		return nil, debrief.ErrNotFound
	}
	seen := p.clientVersion(ctx, id) // before anything is read: what is written meanwhile makes another one
	recs, err := p.Library.Recordings(ctx, id)
	if err != nil && !gone(err) {
		return nil, err
	}
	c, err := p.clientByID(ctx, id, len(recs))
	if err != nil {
		return nil, err
	}
	inOrder(recs)
	docs, err := p.allDocuments(ctx, recs)
	if err != nil {
		return nil, err
	}
	v := &clientPage{Name: clientName(c), Href: clientHref(id), Recordings: len(recs)}
	v.Title = v.Name
	v.Live, v.Seen, v.Bring = v.Href+"/live", seen, "/upload?client="+string(id)
	v.Work = p.work(scope{client: id}, capturesOf(recs))
	v.Crumbs = []crumb{{p.text.get("clients.title"), "/"}}
	for i := range recs {
		rec := &recs[i]
		if n := len(v.Treatments); n == 0 || v.Treatments[n-1].Number != rec.Session {
			v.Treatments = append(v.Treatments, p.emptyTreatment(rec.Session))
		}
		t := &v.Treatments[len(v.Treatments)-1]
		card := p.card(c, rec, docs[i])
		if at := slices.Index(debrief.Phases(), rec.Phase); at >= 0 {
			t.Phases[at].Recordings = append(t.Phases[at].Recordings, card)
		}
	}
	return v, nil
}

// clientByID returns what is known of a client, who may be known by recordings only.
func (p *Page) clientByID(ctx context.Context, id debrief.ClientID, recordings int) (debrief.Client, error) {
	c, err := p.Library.Client(ctx, id)
	switch {
	case !gone(err):
		return c, err
	case recordings > 0:
		return debrief.Client{ID: id}, nil
	}
	// A recording may be on its way, and the client listed already.
	all, err := p.Catalogue.Clients(ctx)
	if err == nil && !slices.Contains(all, id) {
		err = debrief.ErrNotFound
	}
	return debrief.Client{ID: id}, err
}

func (p *Page) emptyTreatment(number int) treatment {
	t := treatment{Number: number}
	for _, phase := range debrief.Phases() {
		t.Phases = append(t.Phases, phaseCell{Phase: string(phase), Name: p.phaseName(phase)})
	}
	return t
}

func (p *Page) phaseName(ph debrief.Phase) string { return p.text.get("phase." + string(ph)) }

func (p *Page) card(c debrief.Client, rec *debrief.Recording, docs documents) recordingCard {
	card := recordingCard{Href: recordingHref(rec), Length: rec.Samples.String(), When: p.when(c, rec)}
	card.State = p.stateOf(rec, docs)
	if docs.tags == nil {
		return card
	}
	answered := docs.answered()
	for _, prompt := range p.Scheme.For(rec.Phase, rec.Session) {
		_, ok := answered[prompt.ID]
		if !ok && !prompt.AskedIn(rec.Phase, rec.Session) {
			continue
		}
		card.Coverage = append(card.Coverage, coverage{Name: prompt.Name, Hue: p.hue(prompt.ID), Answered: ok})
		if ok {
			card.Answered++
		}
	}
	return card
}

// when says when a recording was made, or what it was called when nothing tells.
func (p *Page) when(c debrief.Client, rec *debrief.Recording) string {
	switch {
	case !rec.Started.IsZero():
		return rec.Started.In(zone(c)).Format(p.text.get("format.moment"))
	case rec.Original != nil && rec.Original.Name != "":
		return rec.Original.Name
	}
	return p.text.get("recording.undated")
}

// capturesOf are the recordings whose audio is still on its way.
func capturesOf(recs []debrief.Recording) (out []debrief.Recording) {
	for _, rec := range recs {
		if rec.Status != debrief.Stored {
			out = append(out, rec)
		}
	}
	return out
}

// stateOf says in words what a recording still waits for, or "".
func (p *Page) stateOf(rec *debrief.Recording, d documents) string {
	switch {
	case rec.Status == debrief.Capturing:
		return p.text.get("state.capturing")
	case rec.Status == debrief.Storing:
		return p.text.get("state.storing")
	case d.transcript == nil:
		return p.text.get("state.untranscribed")
	case d.transcript.Empty():
		return p.text.get("state.empty")
	case len(d.transcript.Partial) > 0:
		return p.text.get("state.partial")
	case d.tags == nil:
		return p.text.get("state.untagged")
	case d.summary == nil:
		return p.text.get("state.unsummarised")
	}
	return ""
}

// hues is the number of colours the style sheet has for prompts.
const hues = 16

// hue is the colour of a prompt: its place in the scheme, so neighbours differ.
func (p *Page) hue(id debrief.PromptID) int {
	at := slices.IndexFunc(p.Scheme.Prompts, func(q debrief.Prompt) bool { return q.ID == id })
	return max(at, 0) % hues
}
