package review

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"debrief"
)

// coursePage is a client's treatments side by side, and the page to read before the next one.
// Every line in it is the client's own words with their place.
type coursePage struct {
	shell
	Name     string
	Client   string // address of the client's page
	Next     int    // the treatment the prep sheet is for
	Prep     []prepTopic
	Dense    bool // so much is said on the prep sheet that it fits a page only in small print
	Open     []openAsk
	Grid     []gridRow
	Sessions []int
	Many     bool // more treatments than stand side by side on paper
	Recorded int  // treatments of which there is a recording
	Threads  []thread
	Insights []insight
	Moods    []mood
	MoodLine *moodLine
	Changes  []followed
	Patterns []followed
	Fits     []followed
}

func (coursePage) template() string { return "course.html" }

// cite is a quote with its place, to be played where it stands and opened where it is from.
type cite struct {
	Text, Place, Href, Sound string
	Start, End               debrief.Samples
	Note                     string // why it is cited, "" where its heading says so
}

type prepTopic struct {
	Topic string
	Lines []cite
}

type openAsk struct{ Question, Place string }

// gridRow is a prompt and how often each treatment answers it.
type gridRow struct {
	Name, Question string
	Hue            int
	Cells          []gridCell
}

type gridCell struct {
	Session  int
	Count    int
	Recorded bool // the phase in which it is asked was recorded
	Best     *cite
}

type thread struct {
	Words string
	Cites []cite
}

type insight struct {
	Cite  cite
	Fate  string // as read
	Kind  string // for styling: kept, changed, gone, open
	Later []cite
}

type mood struct {
	Cite    cite
	Numbers string
}

type followed struct {
	Cite  cite
	Note  string
	Later []cite
}

func (p *Page) course(r *http.Request) (view, error) {
	ctx := r.Context()
	id, err := debrief.ParseClientID(r.PathValue("client"))
	if err != nil {
		return nil, debrief.ErrNotFound
	}
	told, err := p.told(ctx, id)
	if err != nil && !gone(err) {
		return nil, err
	}
	client, err := p.clientByID(ctx, id, len(told))
	if err != nil {
		return nil, err
	}
	c, err := p.courses.of(ctx, p, id, told)
	if err != nil {
		return nil, err
	}
	v := &coursePage{Name: clientName(client), Client: clientHref(id), Next: c.Prep.Session}
	v.Title = p.text.get("course.title", v.Name)
	v.Script = "cites.js"
	v.Crumbs = []crumb{{p.text.get("clients.title"), "/"}, {v.Name, v.Client}}
	p.fillPrep(v, c)
	p.fillGrid(v, c)
	p.fillStories(v, c)
	return v, nil
}

// told loads a client's recordings as they count now.
func (p *Page) told(ctx context.Context, id debrief.ClientID) ([]Told, error) {
	recs, err := p.Library.Recordings(ctx, id)
	if err != nil {
		return nil, err
	}
	docs, err := p.allDocuments(ctx, recs)
	if err != nil {
		return nil, err
	}
	out := make([]Told, len(recs))
	for i := range recs {
		out[i] = Told{&recs[i], docs[i].transcript, docs[i].tags}
	}
	return out, nil
}

// courses keeps the last course of each client: comparing by meaning takes a second or so, and
// nothing changes between two looks.
type courses struct {
	mu   sync.Mutex
	kept map[debrief.ClientID]keptCourse
}

type keptCourse struct {
	input  [sha256.Size]byte
	course *debrief.Course
}

// keptCourses bounds the memory: a course takes some 100 kB.
const keptCourses = 256

func (k *courses) of(ctx context.Context, p *Page, id debrief.ClientID, told []Told) (*debrief.Course, error) {
	h := sha256.New()
	for _, t := range told {
		fmt.Fprintln(h, t.Recording.ID, t.Recording.Session, t.Recording.Phase)
		if t.Transcript != nil && t.Tags != nil {
			fmt.Fprintln(h, debrief.SummaryInput(t.Transcript, t.Tags))
		}
	}
	input := [sha256.Size]byte(h.Sum(nil))
	k.mu.Lock()
	kept := k.kept[id]
	k.mu.Unlock()
	if kept.course != nil && kept.input == input {
		return kept.course, nil
	}
	c, err := p.Course(ctx, id, told)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= keptCourses {
		k.kept = map[debrief.ClientID]keptCourse{}
	}
	k.kept[id] = keptCourse{input, c}
	return c, nil
}

func (p *Page) cite(client string, c debrief.Citation) cite {
	href := client + "/recordings/" + string(c.Recording)
	return cite{
		Text: c.Quote.Text, Place: p.text.get("cite.place", c.Session, p.phaseName(c.Phase), c.Quote.Start),
		Href: fmt.Sprintf("%s#u%d", href, c.Quote.Utterance), Sound: href + "/audio.wav", Start: c.Quote.Start, End: c.Quote.End,
	}
}

func (p *Page) cites(client string, cs []debrief.Citation) []cite {
	var out []cite
	for _, c := range cs {
		out = append(out, p.cite(client, c))
	}
	return out
}

const (
	// lineCost is what a line of the prep sheet costs besides its words, in characters: its place,
	// and the rest of the line in which it ends.
	lineCost = 90
	// roomyPage is how many characters fit on one printed page, A4 or Letter, in the larger print.
	roomyPage = 2800
	// besideEachOther is how many treatments a table holds on paper: a course. An eighth would be cut off.
	besideEachOther = 6
)

func (p *Page) fillPrep(v *coursePage, c *debrief.Course) {
	said := 0
	for _, l := range c.Prep.Lines {
		if n := len(v.Prep); n == 0 || v.Prep[n-1].Topic != p.text.say(l.Topic) {
			v.Prep = append(v.Prep, prepTopic{Topic: p.text.say(l.Topic)})
		}
		topic := &v.Prep[len(v.Prep)-1]
		line := p.cite(v.Client, l.Cites)
		line.Note = p.text.say(l.Note)
		topic.Lines = append(topic.Lines, line)
		said += len(line.Text) + lineCost
	}
	v.Dense = said+lineCost*len(c.Prep.Open) > roomyPage
	for _, o := range c.Prep.Open {
		ask := openAsk{string(o.Prompt), p.text.get("course.place", o.Session, p.phaseName(o.Phase))}
		if prompt, err := p.Scheme.Prompt(o.Prompt); err == nil {
			ask.Question = prompt.Question
		}
		v.Open = append(v.Open, ask)
	}
}

func (p *Page) fillGrid(v *coursePage, c *debrief.Course) {
	for _, t := range c.Treatments {
		v.Sessions = append(v.Sessions, t.Session)
		if slices.ContainsFunc(t.Phases, func(ph debrief.TreatmentPhase) bool { return len(ph.Recordings) > 0 }) {
			v.Recorded++
		}
	}
	v.Many = len(v.Sessions) > besideEachOther
	for _, prompt := range p.Scheme.Prompts {
		row := gridRow{Name: prompt.Name, Question: prompt.Question, Hue: p.hue(prompt.ID)}
		for _, t := range c.Treatments {
			row.Cells = append(row.Cells, p.gridCell(v.Client, t, prompt))
		}
		v.Grid = append(v.Grid, row)
	}
}

// gridCell adds up the phases of a treatment: a prompt may be answered in more than its own.
func (p *Page) gridCell(client string, t debrief.Treatment, prompt debrief.Prompt) gridCell {
	cell := gridCell{Session: t.Session}
	for _, ph := range t.Phases {
		for _, cov := range ph.Coverage {
			if cov.Prompt != prompt.ID {
				continue
			}
			cell.Recorded = cell.Recorded || len(ph.Recordings) > 0
			cell.Count += cov.Utterances
			if cov.Best != nil && cell.Best == nil {
				best := p.cite(client, *cov.Best)
				cell.Best = &best
			}
		}
	}
	return cell
}

// fates names how each fate is styled.
var fates = map[debrief.Fate]string{
	debrief.FateMeaningful: "kept", debrief.FateChanged: "changed", debrief.FateGone: "gone",
	debrief.FateNotMentioned: "open", debrief.FateWaiting: "open", debrief.FateUnasked: "open",
}

func (p *Page) fillStories(v *coursePage, c *debrief.Course) {
	for _, t := range c.Threads {
		v.Threads = append(v.Threads, thread{strings.Join(t.Words, ", "), p.cites(v.Client, t.Citations)})
	}
	for _, i := range c.Insights {
		kind := fates[i.Fate]
		v.Insights = append(v.Insights, insight{p.cite(v.Client, i.Citation), p.text.get("fate." + strings.ReplaceAll(string(i.Fate), " ", "_")), kind, p.cites(v.Client, i.Later)})
	}
	v.MoodLine = p.moodLine(c.Moods)
	for _, m := range c.Moods {
		v.Moods = append(v.Moods, mood{p.cite(v.Client, m.Citation), strings.Join(m.Numbers, " → ")})
	}
	for _, ch := range c.Changes {
		v.Changes = append(v.Changes, followed{p.cite(v.Client, ch.Citation), "", p.cites(v.Client, ch.Later)})
	}
	for _, pt := range c.Patterns {
		note := p.text.get("course.pattern.gone")
		if pt.StillThere {
			note = p.text.get("course.pattern.there")
		}
		v.Patterns = append(v.Patterns, followed{p.cite(v.Client, pt.Citation), note, p.cites(v.Client, pt.Returned)})
	}
	for _, a := range c.Alignments {
		f := followed{Cite: p.cite(v.Client, a.Citation)}
		if a.Refers != nil {
			f.Later = p.cites(v.Client, []debrief.Citation{*a.Refers})
		}
		v.Fits = append(v.Fits, f)
	}
}
