package review

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"time"

	"debrief"
)

// courseLength is the number of treatments of a course (a ketamine series has six); the strip
// beside a client shows that many even before they have happened.
const courseLength = 6

// clientsPage lists who there is and how far each course has come.
type clientsPage struct {
	shell
	Clients []clientRow
	Rows    template.HTML // the clients as a list, drawn once for everybody
	Work    []workItem    // under way just now
	Reading bool          // the store is being looked through for the first time: there may be more
}

func (clientsPage) template() string { return "clients.html" }

type clientRow struct {
	ID, Name   string
	Href       string
	Treatments int
	Recordings int
	Last       string // date of the newest recording, "" when none tells
	Strip      []stripCell
	last       time.Time
}

// stripCell is one treatment in the strip: which of its phases have a recording.
type stripCell struct {
	Number                           int
	Preparation, Immediate, Followup bool
}

func (p *Page) clients(r *http.Request) (view, error) {
	known, err := p.index.look(r.Context(), p)
	if err != nil {
		return nil, err
	}
	v := &clientsPage{shell: shell{Title: p.text.get("clients.title"), Script: "clients.js", Live: "/live"}, Clients: known.rows(), Rows: known.list()}
	v.Work = p.work(scope{}, p.watches.captures(scope{}))
	v.Reading = known.reading && len(v.Clients) == 0
	return v, nil
}

// clientRows lists the clients of an overview.
func (p *Page) clientRows(o *overview) []clientRow {
	of := map[debrief.ClientID][]*sheet{}
	for _, s := range o.sheets {
		of[s.client.ID] = append(of[s.client.ID], s)
	}
	rows := make([]clientRow, len(o.clients))
	for i, c := range o.clients {
		rows[i] = p.clientRow(c.Client, of[c.ID])
	}
	// Who was heard last stands first: that is who the coach is working with.
	slices.SortFunc(rows, func(a, b clientRow) int {
		return cmp.Or(b.last.Compare(a.last), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return rows
}

func (p *Page) clientRow(c debrief.Client, recs []*sheet) clientRow {
	row := clientRow{ID: string(c.ID), Name: clientName(c), Href: clientHref(c.ID), Recordings: len(recs)}
	cells := map[int]*stripCell{}
	highest := courseLength
	for _, rec := range recs {
		cell := cells[rec.session]
		if cell == nil {
			cell = &stripCell{Number: rec.session}
			cells[rec.session] = cell
			highest = max(highest, rec.session)
		}
		switch rec.phase {
		case debrief.Preparation:
			cell.Preparation = true
		case debrief.Immediate:
			cell.Immediate = true
		case debrief.Followup:
			cell.Followup = true
		}
		if rec.started.After(row.last) {
			row.last = rec.started
		}
	}
	row.Treatments = len(cells)
	for n := 1; n <= highest; n++ {
		if cell := cells[n]; cell != nil {
			row.Strip = append(row.Strip, *cell)
		} else {
			row.Strip = append(row.Strip, stripCell{Number: n})
		}
	}
	if !row.last.IsZero() {
		row.Last = row.last.In(zone(c)).Format(p.text.get("format.date"))
	}
	return row
}

func clientName(c debrief.Client) string { return cmp.Or(c.Name, string(c.ID)) }

func clientHref(id debrief.ClientID) string { return "/clients/" + string(id) }

func recordingHref(rec *debrief.Recording) string {
	return clientHref(rec.Client) + "/recordings/" + string(rec.ID)
}
