package review

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"debrief"
)

const (
	shownHits  = 50  // more than anybody reads; narrowing down is quicker
	maxQuery   = 200 // bytes of a query that are looked at
	dateOfForm = "2006-01-02"
)

// searchPage finds passages in everything the coach may see.
type searchPage struct {
	shell
	Query, Client, Prompt, Phase, From, To string // as asked
	Clients, Prompts, Phases               []option
	Notice                                 string // what the search does not know, "" when it knows all
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
	Doubts []string // why the words are not to be trusted
	Cite   cite
	Chips  []chip
}

// part is a piece of a passage; Hit when it is what was searched for.
type part struct {
	Text string
	Hit  bool
}

func (p *Page) search(r *http.Request) (view, error) {
	form := r.URL.Query()
	v := &searchPage{
		Query: clip(form.Get("q")), Client: clip(form.Get("client")), Prompt: clip(form.Get("prompt")), Phase: clip(form.Get("phase")),
		From: clip(form.Get("from")), To: clip(form.Get("to")),
	}
	v.Title, v.Script = p.text.get("search.title"), "cites.js"
	known, err := p.index.look(r.Context(), p)
	if err != nil {
		return nil, err
	}
	p.options(v, known)
	v.Notice = p.notice(known)
	q := query{
		client: debrief.ClientID(v.Client), prompt: debrief.PromptID(v.Prompt), phase: debrief.Phase(v.Phase),
		from: day(v.From), to: day(v.To),
	}
	eachWord(v.Query, func(word string, _, _ int) { q.words = append(q.words, word) })
	nothing := strings.TrimSpace(v.Query) != "" && len(q.words) == 0 // but signs: nobody says them
	if v.Asked = q.asks() || nothing; !v.Asked || nothing {
		return v, nil
	}
	hits, total := q.find(known.sheets, &p.index.words, shownHits)
	v.Found = total
	for _, h := range hits {
		v.Hits = append(v.Hits, p.hit(h, q.words))
	}
	if v.Found > shownHits {
		v.More = shownHits
	}
	return v, nil
}

// notice says what the search does not know: what is not read yet, what does not fit, and how
// old it is when the store could not be looked through for a while.
func (p *Page) notice(o *overview) string {
	switch {
	case o.asOf.IsZero():
		return p.text.get("search.listing")
	case o.reading && o.unread > 0:
		return p.text.count("search.reading", o.unread)
	case o.unread > 0:
		return p.text.count("search.unread", o.unread)
	case o.beyond > 0:
		return p.text.count("search.beyond", o.beyond)
	case p.Now().Sub(o.asOf) > indexOld:
		return p.text.get("search.old", o.asOf.Format(p.text.get("format.moment")))
	}
	return ""
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

func (p *Page) hit(f found, words []string) hit {
	line := f.lines[f.at]
	text := f.line(f.at)
	c := p.cite(clientHref(f.client.ID), debrief.Citation{
		Recording: f.id, Session: f.session, Phase: f.phase,
		Quote: debrief.Quote{Span: line.span, Utterance: f.at, Text: text},
	})
	c.Place = clientName(*f.client) + ", " + c.Place
	if !f.started.IsZero() {
		c.Place += ", " + f.started.In(zone(*f.client)).Format(p.text.get("format.date"))
	}
	h := hit{Who: p.text.get("speaker." + string(line.speaker)), Parts: marked(text, words), Cite: c}
	if f.at > 0 {
		h.Before = f.line(f.at - 1)
	}
	for _, flag := range f.doubts[f.at] {
		h.Doubts = append(h.Doubts, p.text.get("flag."+string(flag)))
	}
	for _, prompt := range p.Scheme.Prompts {
		if slices.ContainsFunc(p.index.words.exactly(promptTerm(prompt.ID)), func(term uint32) bool {
			return slices.Contains(f.in(term), uint32(f.at))
		}) {
			h.Chips = append(h.Chips, chip{ID: string(prompt.ID), Name: prompt.Name, Hue: p.hue(prompt.ID)})
		}
	}
	return h
}

// marked splits a text where a word stands that the query asked for, by its beginning.
func marked(text string, words []string) []part {
	var out []part
	from := 0
	eachWord(text, func(word string, start, _ int) {
		longest := 0
		for _, w := range words {
			if word == w || len(w) > shortPrefix && strings.HasPrefix(word, w) {
				longest = max(longest, len(w))
			}
		}
		// What is marked is as long as in the query only when lower case is as long as what was said.
		end := start + longest
		if longest == 0 || end > len(text) || !strings.EqualFold(strings.ReplaceAll(text[start:end], "’", "'"), word[:longest]) {
			return
		}
		if start > from {
			out = append(out, part{Text: text[from:start]})
		}
		out = append(out, part{text[start:end], true})
		from = end
	})
	if from < len(text) {
		out = append(out, part{Text: text[from:]})
	}
	return out
}

// options fills the choices of the form from what there is.
func (p *Page) options(v *searchPage, o *overview) {
	for _, row := range o.rows() {
		v.Clients = append(v.Clients, option{row.ID, row.Name, row.ID == v.Client})
	}
	slices.SortFunc(v.Clients, func(a, b option) int { return strings.Compare(a.Label, b.Label) })
	for _, prompt := range p.Scheme.Prompts {
		v.Prompts = append(v.Prompts, option{string(prompt.ID), prompt.Name, string(prompt.ID) == v.Prompt})
	}
	for _, ph := range debrief.Phases() {
		v.Phases = append(v.Phases, option{string(ph), p.phaseName(ph), string(ph) == v.Phase})
	}
}
