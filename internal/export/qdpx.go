package export

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"debrief"

	"github.com/google/uuid"
)

// Project returns the debriefs as a REFI-QDA project (qdpx, version 1.0 of the exchange format, www.qdasoftware.org): the scheme is its
// codebook, a category for each phase; each transcript is a text source, and each tag a coding of the utterance's text.
// QualCoder, MAXQDA, NVivo and ATLAS.ti open it. All documents must have the same scheme.
func Project(name string, docs []*Document) ([]byte, error) {
	p := newProject(name, docs)
	for _, d := range docs {
		p.add(d)
	}
	head, err := xml.MarshalIndent(p.xml, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write project: %w", err)
	}
	return zipped(append([]file{{"project.qde", xml.Header + string(head) + "\n"}}, p.files...))
}

// The elements of project.qde, in the order the schema demands.
type qdeProject struct {
	XMLName xml.Name    `xml:"urn:QDA-XML:project:1.0 Project"`
	Name    string      `xml:"name,attr"`
	Origin  string      `xml:"origin,attr"`
	Creator string      `xml:"creatingUserGUID,attr"`
	Created string      `xml:"creationDateTime,attr"`
	Users   []qdeUser   `xml:"Users>User"`
	Codes   []qdeCode   `xml:"CodeBook>Codes>Code"`
	Sources *qdeSources `xml:"Sources"`
	Notes   *qdeNotes   `xml:"Notes"`
}

type qdeUser struct {
	GUID string `xml:"guid,attr"`
	Name string `xml:"name,attr"`
}

type qdeCode struct {
	GUID     string    `xml:"guid,attr"`
	Name     string    `xml:"name,attr"`
	Codable  bool      `xml:"isCodable,attr"`
	Color    string    `xml:"color,attr,omitempty"`
	Describe string    `xml:"Description,omitempty"`
	Codes    []qdeCode `xml:"Code"`
}

type qdeSources struct {
	Text []qdeSource `xml:"TextSource"`
}

type qdeNotes struct {
	Note []qdeSource `xml:"Note"`
}

// qdeSource is a text source; the schema has the same type for notes.
type qdeSource struct {
	GUID       string         `xml:"guid,attr"`
	Name       string         `xml:"name,attr"`
	Path       string         `xml:"plainTextPath,attr,omitempty"`
	Creator    string         `xml:"creatingUser,attr"`
	Created    string         `xml:"creationDateTime,attr"`
	Content    string         `xml:"PlainTextContent,omitempty"`
	Selections []qdeSelection `xml:"PlainTextSelection"`
	Notes      []qdeRef       `xml:"NoteRef"`
}

type qdeSelection struct {
	GUID    string      `xml:"guid,attr"`
	Name    string      `xml:"name,attr"`
	Start   int         `xml:"startPosition,attr"` // in code points
	End     int         `xml:"endPosition,attr"`   // of the first one after
	Creator string      `xml:"creatingUser,attr"`
	Created string      `xml:"creationDateTime,attr"`
	Codings []qdeCoding `xml:"Coding"`
	Notes   []qdeRef    `xml:"NoteRef"`
}

type qdeCoding struct {
	GUID    string `xml:"guid,attr"`
	Creator string `xml:"creatingUser,attr"`
	Created string `xml:"creationDateTime,attr"`
	Code    qdeRef `xml:"CodeRef"`
}

type qdeRef struct {
	Target string `xml:"targetGUID,attr"`
}

// guids are derived from what they name, so that exporting again gives the same project and not a second one.
var guidSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:debrief:refi-qda"))

func guid(parts ...string) string {
	return uuid.NewSHA1(guidSpace, []byte(strings.Join(parts, "\x00"))).String()
}

var (
	userMachine = guid("user", "debrief")
	userCoach   = guid("user", "coach")
)

type project struct {
	xml   *qdeProject
	codes map[debrief.PromptID]string // guids of the codes there are
	files []file
}

func newProject(name string, docs []*Document) *project {
	created := time.Time{}
	for _, d := range docs {
		if made := d.Transcript.Made; made.After(created) {
			created = made
		}
	}
	p := &project{codes: map[debrief.PromptID]string{}, xml: &qdeProject{
		Name: name, Origin: "debrief", Creator: userMachine, Created: dateTime(created),
		Users: []qdeUser{{userMachine, "debrief"}, {userCoach, "coach"}},
	}}
	if len(docs) > 0 {
		p.codebook(docs[0].Scheme, docs)
	}
	return p
}

// phaseColors tell the phases apart at a glance; the prompts of one share its color.
var phaseColors = map[debrief.Phase]string{debrief.Preparation: "#C9A227", debrief.Immediate: "#3B7EA1", debrief.Followup: "#5B8C5A"}

func (p *project) codebook(scheme *debrief.Scheme, docs []*Document) {
	for _, phase := range debrief.Phases() {
		cat := qdeCode{GUID: guid("phase", scheme.Name, string(phase)), Name: string(phase)}
		for _, prompt := range scheme.Prompts {
			if prompt.Phase == phase {
				cat.Codes = append(cat.Codes, p.code(scheme.Name, prompt.ID, prompt.Name, prompt.Question, phaseColors[phase]))
			}
		}
		if len(cat.Codes) > 0 {
			p.xml.Codes = append(p.xml.Codes, cat)
		}
	}
	// A tag made with an older scheme keeps its code.
	other := qdeCode{GUID: guid("phase", scheme.Name, "other"), Name: "no longer in the scheme"}
	for _, d := range docs {
		for i := range d.Transcript.Utterances {
			for _, t := range d.tagsOf(i) {
				if p.codes[t.Prompt] == "" {
					other.Codes = append(other.Codes, p.code(scheme.Name, t.Prompt, string(t.Prompt), "", "#888888"))
				}
			}
		}
	}
	if len(other.Codes) > 0 {
		p.xml.Codes = append(p.xml.Codes, other)
	}
}

func (p *project) code(scheme string, id debrief.PromptID, name, question, color string) qdeCode {
	g := guid("prompt", scheme, string(id))
	p.codes[id] = g
	return qdeCode{GUID: g, Name: name, Codable: true, Color: color, Describe: question}
}

// add makes a source of the document: one paragraph an utterance, with its time and speaker before it.
func (p *project) add(d *Document) {
	id := string(d.Recording.ID)
	created := dateTime(d.Transcript.Made)
	src := qdeSource{GUID: guid("source", id), Name: d.name(), Creator: userMachine, Created: created}
	src.Path = "internal://" + src.GUID + ".txt"
	src.Notes = p.notes(d, -1, created)
	var text strings.Builder
	at := 0 // code points written
	for i := range d.Transcript.Utterances {
		u := &d.Transcript.Utterances[i]
		if !spoken(u) {
			continue
		}
		said := oneLine(u.Text)
		before := fmt.Sprintf("%s %s: ", u.Start, speakerName(u.Speaker))
		sel := qdeSelection{
			GUID: guid("selection", id, fmt.Sprint(u.Start), fmt.Sprint(i)), Name: firstWords(said),
			Start: at + utf8.RuneCountInString(before), Creator: userMachine, Created: created,
		}
		sel.End = sel.Start + utf8.RuneCountInString(said)
		for _, t := range d.tagsOf(i) {
			by := userMachine
			if t.Source == debrief.SourceCoach {
				by = userCoach
			}
			sel.Codings = append(sel.Codings, qdeCoding{guid("coding", sel.GUID, string(t.Prompt)), by, created, qdeRef{p.codes[t.Prompt]}})
		}
		sel.Notes = p.notes(d, i, created)
		if len(sel.Codings)+len(sel.Notes) > 0 {
			src.Selections = append(src.Selections, sel)
		}
		text.WriteString(before + said + "\n")
		at = sel.End + 1
	}
	if p.xml.Sources == nil {
		p.xml.Sources = &qdeSources{}
	}
	p.xml.Sources.Text = append(p.xml.Sources.Text, src)
	p.files = append(p.files, file{"Sources/" + src.GUID + ".txt", text.String()})
}

// notes adds the shared notes on an utterance to the project and returns references to them.
func (p *project) notes(d *Document, index int, created string) []qdeRef {
	var refs []qdeRef
	for k, n := range d.notesOn(index) {
		if p.xml.Notes == nil {
			p.xml.Notes = &qdeNotes{}
		}
		note := qdeSource{
			GUID: guid("note", string(d.Recording.ID), fmt.Sprint(index), fmt.Sprint(k)), Name: firstWords(n.Text),
			Creator: userCoach, Created: created, Content: n.Text,
		}
		p.xml.Notes.Note = append(p.xml.Notes.Note, note)
		refs = append(refs, qdeRef{note.GUID})
	}
	return refs
}

// nameWords is how much of a passage names it in lists.
const nameWords = 8

func firstWords(s string) string {
	words := strings.Fields(s)
	if len(words) <= nameWords {
		return strings.Join(words, " ")
	}
	return strings.Join(slices.Clone(words[:nameWords]), " ") + " …"
}

// dateTime prints an xsd:dateTime in UTC, without fractions, which some readers do not take.
func dateTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
