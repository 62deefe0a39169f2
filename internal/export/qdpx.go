package export

import (
	"cmp"
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
// codebook, a category for each phase; each transcript is a text source with its treatment and phase as variables; each tag is a
// coding of the utterance's text, with its evidence as the memo. Notes are descriptions, of their passage or of the source.
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
	XMLName   xml.Name      `xml:"urn:QDA-XML:project:1.0 Project"`
	Name      string        `xml:"name,attr"`
	Origin    string        `xml:"origin,attr"`
	Creator   string        `xml:"creatingUserGUID,attr"`
	Created   string        `xml:"creationDateTime,attr"`
	Users     []qdeUser     `xml:"Users>User"`
	Codes     []qdeCode     `xml:"CodeBook>Codes>Code"`
	Variables []qdeVariable `xml:"Variables>Variable"`
	Sources   *qdeSources   `xml:"Sources"`
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

type qdeVariable struct {
	GUID string `xml:"guid,attr"`
	Name string `xml:"name,attr"`
	Type string `xml:"typeOfVariable,attr"`
}

type qdeSources struct {
	Text []qdeSource `xml:"TextSource"`
}

type qdeSource struct {
	GUID       string         `xml:"guid,attr"`
	Name       string         `xml:"name,attr"`
	Path       string         `xml:"plainTextPath,attr"`
	Creator    string         `xml:"creatingUser,attr"`
	Created    string         `xml:"creationDateTime,attr"`
	Describe   string         `xml:"Description,omitempty"`
	Selections []qdeSelection `xml:"PlainTextSelection"`
	Values     []qdeValue     `xml:"VariableValue"`
}

// qdeSelection is a passage with at most one coding: readers keep the memo and the author of a selection, not of its codings.
type qdeSelection struct {
	GUID     string     `xml:"guid,attr"`
	Name     string     `xml:"name,attr"`
	Start    int        `xml:"startPosition,attr"` // in code points, as section 4 of the standard says
	End      int        `xml:"endPosition,attr"`   // of the first one after
	Creator  string     `xml:"creatingUser,attr"`
	Created  string     `xml:"creationDateTime,attr"`
	Describe string     `xml:"Description,omitempty"`
	Coding   *qdeCoding `xml:"Coding"`
}

type qdeCoding struct {
	GUID    string `xml:"guid,attr"`
	Creator string `xml:"creatingUser,attr"`
	Created string `xml:"creationDateTime,attr"`
	Code    qdeRef `xml:"CodeRef"`
}

type qdeValue struct {
	Variable qdeRef `xml:"VariableRef"`
	Text     string `xml:"TextValue,omitempty"`
	Integer  int    `xml:"IntegerValue,omitempty"`
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

	variableTreatment = qdeVariable{guid("variable", "treatment"), "treatment", "Integer"}
	variablePhase     = qdeVariable{guid("variable", "phase"), "phase", "Text"}
)

type project struct {
	xml   *qdeProject
	codes map[debrief.PromptID]string // guids of the codes there are
	names map[string]bool             // of these codes: readers tell codes apart by name
	files []file
}

func newProject(name string, docs []*Document) *project {
	created := time.Time{}
	for _, d := range docs {
		if made := d.Transcript.Made; made.After(created) {
			created = made
		}
	}
	p := &project{codes: map[debrief.PromptID]string{}, names: map[string]bool{}, xml: &qdeProject{
		Name: name, Origin: "debrief", Creator: userMachine, Created: dateTime(created),
		Users:     []qdeUser{{userMachine, "debrief"}, {userCoach, "coach"}},
		Variables: []qdeVariable{variableTreatment, variablePhase},
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
	if name = cmp.Or(name, string(id)); p.names[name] {
		name = fmt.Sprintf("%s (%s)", name, id)
	}
	p.codes[id], p.names[name] = g, true
	return qdeCode{GUID: g, Name: name, Codable: true, Color: color, Describe: question}
}

// add makes a source of the document: one paragraph an utterance, with its time and speaker before it.
func (p *project) add(d *Document) {
	id := string(d.Recording.ID)
	src := qdeSource{
		GUID: guid("source", id), Name: d.name(), Creator: userMachine, Created: dateTime(d.Transcript.Made),
		Describe: textOf(d.notesOn(-1)),
		Values: []qdeValue{
			{Variable: qdeRef{variableTreatment.GUID}, Integer: d.Recording.Session},
			{Variable: qdeRef{variablePhase.GUID}, Text: string(d.Recording.Phase)},
		},
	}
	src.Path = "internal://" + src.GUID + ".txt"
	var text strings.Builder
	at := 0 // code points written
	for i := range d.Transcript.Utterances {
		u := &d.Transcript.Utterances[i]
		if !spoken(u) {
			continue
		}
		said := oneLine(u.Text)
		before := fmt.Sprintf("%s %s: ", u.Start, speakerName(u.Speaker))
		whole := qdeSelection{
			GUID: guid("selection", id, fmt.Sprint(u.Start), fmt.Sprint(i)), Name: firstWords(said),
			Start: at + utf8.RuneCountInString(before), Created: src.Created,
		}
		whole.End = whole.Start + utf8.RuneCountInString(said)
		for _, t := range d.tagsOf(i) {
			src.Selections = append(src.Selections, p.coded(whole, t))
		}
		if notes := textOf(d.notesOn(i)); notes != "" {
			// One selection for all notes: QualCoder takes no second one of the same place and author.
			note := whole
			note.GUID, note.Creator, note.Describe = guid("notes", whole.GUID), userCoach, notes
			src.Selections = append(src.Selections, note)
		}
		text.WriteString(before + said + "\n")
		at = whole.End + 1
	}
	if p.xml.Sources == nil {
		p.xml.Sources = &qdeSources{}
	}
	p.xml.Sources.Text = append(p.xml.Sources.Text, src)
	p.files = append(p.files, file{"Sources/" + src.GUID + ".txt", text.String()})
}

// coded is the selection with the coding of one tag; its description is who or what says so, how surely, and why.
func (p *project) coded(sel qdeSelection, t debrief.Tag) qdeSelection {
	sel.Creator, sel.Describe = userCoach, t.Evidence
	if t.Source != debrief.SourceCoach {
		sel.Creator, sel.Describe = userMachine, fmt.Sprintf("%s, %.2f: %s", t.Source, t.Confidence, t.Evidence)
	}
	sel.GUID = guid("selection", sel.GUID, string(t.Prompt))
	sel.Coding = &qdeCoding{guid("coding", sel.GUID), sel.Creator, sel.Created, qdeRef{p.codes[t.Prompt]}}
	return sel
}

// textOf joins notes, one a paragraph.
func textOf(notes []debrief.Note) string {
	var out []string
	for _, n := range notes {
		out = append(out, n.Text)
	}
	return strings.Join(out, "\n")
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
