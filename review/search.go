package review

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"debrief"
)

const (
	shownHits  = 100 // more than anybody reads; narrowing down is quicker
	maxQuery   = 200 // bytes of a query that are looked at
	dateOfForm = "2006-01-02"
)

// searchPage finds passages in everything the coach may see.
type searchPage struct {
	shell
	Query, Client, Prompt, Phase, From, To string // as asked
	Clients, Prompts, Phases               []option
	Asked                                  bool
	Found                                  int
	More                                   int // how many are shown when there are more, else 0
	Hits                                   []hit
}

func (searchPage) template() string { return "search.html" }

type option struct {
	Value, Label string
	Chosen       bool
}

type hit struct {
	Who    string
	Before string // the utterance before, to understand this one
	Parts  []part
	Cite   cite
	Chips  []chip
}

// part is a piece of a passage; Hit when it is what was searched for.
type part struct {
	Text string
	Hit  bool
}

// query is what a search asks for. Empty fields ask for nothing.
type query struct {
	words    []string
	client   debrief.ClientID
	prompt   debrief.PromptID
	phase    debrief.Phase
	from, to time.Time
}

func (p *Page) search(r *http.Request) (view, error) {
	form := r.URL.Query()
	v := &searchPage{
		Query: clip(form.Get("q")), Client: form.Get("client"), Prompt: form.Get("prompt"), Phase: form.Get("phase"),
		From: form.Get("from"), To: form.Get("to"),
	}
	v.Title, v.Script = p.text.get("search.title"), "cites.js"
	entries, err := p.index.all(r.Context(), p)
	if err != nil {
		return nil, err
	}
	p.options(v, entries)
	q := query{
		words: strings.Fields(strings.ToLower(v.Query)), client: debrief.ClientID(v.Client), prompt: debrief.PromptID(v.Prompt), phase: debrief.Phase(v.Phase),
		from: day(v.From), to: day(v.To),
	}
	v.Asked = len(q.words) > 0 || q.prompt != ""
	if !v.Asked {
		return v, nil
	}
	for _, e := range entries {
		if !q.takes(e) {
			continue
		}
		for i, u := range e.utterances {
			if !q.finds(u) {
				continue
			}
			if v.Found++; v.Found <= shownHits {
				v.Hits = append(v.Hits, p.hit(e, i, q.words))
			}
		}
	}
	if v.Found > shownHits {
		v.More = shownHits
	}
	return v, nil
}

// clip keeps a query to a length a person types, whole characters only.
func clip(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxQuery)], "")
}

// day reads a date of the form; anything else asks for nothing.
func day(s string) time.Time {
	t, err := time.Parse(dateOfForm, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

func (q query) takes(e entry) bool {
	started := e.rec.Started.In(zone(e.client))
	date := time.Date(started.Year(), started.Month(), started.Day(), 0, 0, 0, 0, time.UTC)
	return (q.client == "" || e.rec.Client == q.client) &&
		(q.phase == "" || e.rec.Phase == q.phase) &&
		(q.from.IsZero() || !e.rec.Started.IsZero() && !date.Before(q.from)) &&
		(q.to.IsZero() || !e.rec.Started.IsZero() && !date.After(q.to))
}

func (q query) finds(u passage) bool {
	if q.prompt != "" && !slices.Contains(u.prompts, q.prompt) {
		return false
	}
	return !slices.ContainsFunc(q.words, func(w string) bool { return !strings.Contains(u.lower, w) })
}

func (p *Page) hit(e entry, at int, words []string) hit {
	u := e.utterances[at]
	c := p.cite(clientHref(e.rec.Client), debrief.Citation{
		Recording: e.rec.ID, Session: e.rec.Session, Phase: e.rec.Phase,
		Quote: debrief.Quote{Span: u.span, Utterance: u.index, Text: u.text},
	})
	c.Place = clientName(e.client) + ", " + c.Place
	h := hit{Who: p.text.get("speaker." + string(u.speaker)), Parts: marked(u.text, words), Cite: c}
	if at > 0 {
		h.Before = e.utterances[at-1].text
	}
	for _, id := range u.prompts {
		one := chip{ID: string(id), Name: string(id), Hue: p.hue(id)}
		if prompt, err := p.Scheme.Prompt(id); err == nil {
			one.Name = prompt.Name
		}
		h.Chips = append(h.Chips, one)
	}
	return h
}

// marked splits a text where one of the words stands. Letters whose lower case has another
// length would shift the marks, so such a text is shown unmarked.
func marked(text string, words []string) []part {
	lower := strings.ToLower(text)
	if len(lower) != len(text) {
		return []part{{Text: text}}
	}
	var out []part
	for text != "" {
		first, length := -1, 0
		for _, w := range words {
			if i := strings.Index(lower, w); i >= 0 && (first < 0 || i < first || i == first && len(w) > length) {
				first, length = i, len(w)
			}
		}
		if first < 0 {
			return append(out, part{Text: text})
		}
		if first > 0 {
			out = append(out, part{Text: text[:first]})
		}
		out = append(out, part{text[first : first+length], true})
		text, lower = text[first+length:], lower[first+length:]
	}
	return out
}

// options fills the choices of the form from what there is.
func (p *Page) options(v *searchPage, entries []entry) {
	seen := map[debrief.ClientID]bool{}
	for _, e := range entries {
		if !seen[e.client.ID] {
			seen[e.client.ID] = true
			v.Clients = append(v.Clients, option{string(e.client.ID), clientName(e.client), string(e.client.ID) == v.Client})
		}
	}
	slices.SortFunc(v.Clients, func(a, b option) int { return strings.Compare(a.Label, b.Label) })
	for _, prompt := range p.Scheme.Prompts {
		v.Prompts = append(v.Prompts, option{string(prompt.ID), prompt.Name, string(prompt.ID) == v.Prompt})
	}
	for _, ph := range debrief.Phases() {
		v.Phases = append(v.Phases, option{string(ph), p.phaseName(ph), string(ph) == v.Phase})
	}
}
