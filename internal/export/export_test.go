package export

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"debrief"

	"github.com/google/go-cmp/cmp"
)

var scheme = debrief.Scheme{Name: "small", Version: "1", Prompts: []debrief.Prompt{
	{ID: "body", Name: "Body", Phase: debrief.Immediate, Question: "How did your body feel?"},
	{ID: "mood", Name: "Mood", Phase: debrief.Followup, Question: "How is your mood & <so> on?"},
}}

const secret = "the coach's own thought"

// sample is a document with what breaks naive writers: markup, formulas, line ends, letters of several bytes.
func sample() *Document {
	texts := []string{
		"How did your body feel?",
		"My hands were *heavy* & <warm> --> like naïve   sand 🏖\n\nSecond line.",
		"=HYPERLINK(\"x\")",
		"Thank you for watching.",
		"",
		"# not a heading \x01",
	}
	t := &debrief.Transcript{Recording: "00000000000000000000000001", Engine: "test", Made: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	for i, text := range texts {
		at := debrief.SamplesOf(float64(i)*3661.5 + 0.25)
		t.Utterances = append(t.Utterances, debrief.Utterance{Span: debrief.Span{Start: at, End: at + 32000}, Speaker: debrief.SpeakerClient, Text: text, Confidence: 0.9})
	}
	t.Utterances[0].Speaker = debrief.SpeakerCoach
	t.Utterances[3].Flags = []debrief.Flag{debrief.FlagPhantom}
	anchor := debrief.AnchorOf(t, 1)
	return &Document{
		Recording:  &debrief.Recording{ID: t.Recording, Client: "c01", Session: 2, Phase: debrief.Immediate, Samples: debrief.SamplesOf(20000)},
		Transcript: t,
		Tags: &debrief.Tags{Scheme: "small@1", Model: "m", Utterances: []debrief.UtteranceTags{
			{Index: 1, Prompts: []debrief.Tag{{Prompt: "body", Confidence: 1, Source: debrief.SourceCoach, Evidence: "set by ann"}, {Prompt: "retired", Confidence: 0.5, Source: debrief.SourceModel}}},
			{Index: 2, Prompts: []debrief.Tag{{Prompt: "body", Confidence: 0.8125, Source: debrief.SourceModel, Evidence: "-hands"}}},
		}},
		Summary: &debrief.Summary{
			Prompts: []debrief.PromptSummary{{Prompt: "body", Sentences: []debrief.Sentence{{Text: "Heavy.", Quote: debrief.Quote{Span: t.Utterances[1].Span, Utterance: 1, Text: "Second line."}}}}},
			Open:    []debrief.PromptID{"mood"},
		},
		Notes: []debrief.Note{
			{Anchor: &anchor, Text: secret, Private: true, Author: "ann"},
			{Anchor: &anchor, Text: "Ask about the sand.", Author: "ann"},
			{Text: secret, Private: true},
			{Text: "A calm hour.", Author: "ann"},
		},
		Scheme: &scheme,
	}
}

// all exports a document in every format, zips unpacked.
func all(t *testing.T, d *Document) map[string]string {
	t.Helper()
	must := func(data []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	return map[string]string{
		"json": string(must(JSON(d))), "vtt": string(VTT(d)), "srt": string(SRT(d)), "md": string(Markdown(d)),
		"csv":  string(must(Highlights([]*Document{d}))),
		"docx": flat(t, must(Word(d))), "qdpx": flat(t, must(Project("c01", []*Document{d}))),
	}
}

func unzip(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(content)
	}
	return out
}

func flat(t *testing.T, data []byte) string {
	var b strings.Builder
	files := unzip(t, data)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		b.WriteString(name + "\n" + files[name] + "\n")
	}
	return b.String()
}

func TestPrivateNotesAreNeverExported(t *testing.T) {
	for format, out := range all(t, sample()) {
		if strings.Contains(out, "own thought") {
			t.Errorf("%s holds a private note", format)
		}
		if format != "vtt" && format != "srt" && !strings.Contains(out, "Ask about the sand.") {
			t.Errorf("%s lost the shared note", format)
		}
	}
}

func TestSameDocumentSameBytes(t *testing.T) {
	a, b := all(t, sample()), all(t, sample())
	for format := range a {
		if a[format] != b[format] {
			t.Errorf("%s differs between two runs", format)
		}
	}
}

func TestNothingButATranscript(t *testing.T) {
	d := sample()
	d.Tags, d.Summary, d.Notes = nil, nil, nil
	for format, out := range all(t, d) {
		if format != "csv" && !strings.Contains(out, "Second line") {
			t.Errorf("%s lost the text", format)
		}
	}
}

func TestJSON(t *testing.T) {
	var got jsonDebrief
	if err := json.Unmarshal([]byte(all(t, sample())["json"]), &got); err != nil {
		t.Fatal(err)
	}
	u := got.Utterances[1]
	if len(got.Utterances) != 6 || u.Start != 3661.75 || u.End != 3663.75 || u.Text != sample().Transcript.Utterances[1].Text || len(u.Prompts) != 2 {
		t.Errorf("utterance 1 of %d is %+v", len(got.Utterances), u)
	}
	if s := got.Summary[0]; s.Question != "How did your body feel?" || s.Sentences[0].Quote != "Second line." || !slices.Equal(got.Open, []debrief.PromptID{"mood"}) {
		t.Errorf("summary %+v, open %v", s, got.Open)
	}
}

// The keys are what the README promises to other programs.
func TestJSONHasTheDocumentedKeys(t *testing.T) {
	d := sample()
	d.Transcript.Utterances[1].Flags = []debrief.Flag{debrief.FlagEstimatedTimes}
	d.Summary.Empty = "nothing usable"
	var got map[string]any
	if err := json.Unmarshal([]byte(all(t, d)["json"]), &got); err != nil {
		t.Fatal(err)
	}
	first := func(v any, i int) map[string]any { return v.([]any)[i].(map[string]any) }
	u, p := first(got["utterances"], 1), first(got["summary"], 0)
	for want, object := range map[string]map[string]any{
		"client empty engine id model notes open phase scheme seconds session summary utterances": got,
		"confidence end flags notes prompts speaker start text":                                   u,
		"confidence evidence id source":                                                           first(u["prompts"], 0),
		"author text":                                                                             first(u["notes"], 0),
		"prompt question sentences":                                                               p,
		"end quote start text utterance":                                                          first(p["sentences"], 0),
	} {
		if keys := strings.Join(slices.Sorted(maps.Keys(object)), " "); keys != want {
			t.Errorf("keys %s, want %s", keys, want)
		}
	}
}

func TestVTT(t *testing.T) {
	cues := strings.Split(strings.TrimSpace(string(VTT(sample()))), "\n\n")
	want := "01:01:01.750 --> 01:01:03.750\n<v Client>My hands were *heavy* &amp; &lt;warm&gt; --&gt; like naïve sand 🏖 Second line."
	if cues[0] != "WEBVTT" || len(cues) != 5 || cues[2] != want {
		t.Errorf("%d cues, the second is\n%s\nwant\n%s", len(cues)-1, cues[2], want)
	}
	if strings.Contains(strings.Join(cues, ""), "watching") {
		t.Error("a doubtful utterance became a caption")
	}
}

func TestSRT(t *testing.T) {
	cues := strings.Split(strings.TrimSpace(string(SRT(sample()))), "\n\n")
	want := "2\n01:01:01,750 --> 01:01:03,750\nClient: My hands were *heavy* & ‹warm› → like naïve sand 🏖 Second line."
	if len(cues) != 4 || cues[1] != want {
		t.Errorf("%d cues, the second is\n%s\nwant\n%s", len(cues), cues[1], want)
	}
}

func TestMarkdown(t *testing.T) {
	got := string(Markdown(sample()))
	for _, want := range []string{
		"# Debrief of c01, treatment 2, immediate\n",
		"### Body: How did your body feel?\n",
		"> **1:01:01** “Second line.”\n",
		"**Open** Mood\n",
		`My hands were \*heavy\* \& \<warm\> --\> like naïve sand 🏖 Second line. *\[Body\]* *\[retired\]*`,
		"> **Note by ann** Ask about the sand.\n",
		`*\[doubtful\]*`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

func TestEscapeMarkdownAtTheStart(t *testing.T) {
	for in, want := range map[string]string{"# a": `\# a`, "- a": `\- a`, "1. a": `1\. a`, "12) a": `12\) a`, "a # b": "a # b", "1.5 m": `1\.5 m`} {
		if got := escapeMarkdown(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestHighlights(t *testing.T) {
	data, err := Highlights([]*Document{sample(), sample()})
	if err != nil {
		t.Fatal(err)
	}
	text, marked := bytes.CutPrefix(data, []byte(byteOrderMark))
	if !marked {
		t.Error("a spreadsheet would guess the encoding")
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+2*3 {
		t.Fatalf("%d rows, want a header and three a document", len(rows))
	}
	at := func(row int, column string) string { return rows[row][slices.Index(rows[0], column)] }
	if at(1, "prompt_name") != "Body" || at(1, "source") != "coach" || at(1, "start") != "3661.750" || at(1, "notes") != "Ask about the sand." {
		t.Errorf("first row %q", rows[1])
	}
	if at(3, "text") != `'=HYPERLINK("x")` || at(3, "evidence") != "'-hands" {
		t.Errorf("a spreadsheet would run %q or %q", at(3, "text"), at(3, "evidence"))
	}
}

func TestWordIsWellFormed(t *testing.T) {
	data, err := Word(sample())
	if err != nil {
		t.Fatal(err)
	}
	parts := unzip(t, data)
	for _, name := range []string{"[Content_Types].xml", "_rels/.rels", "word/document.xml", "word/styles.xml", "word/_rels/document.xml.rels"} {
		if parts[name] == "" {
			t.Fatalf("%s is missing", name)
		}
		for dec := xml.NewDecoder(strings.NewReader(parts[name])); ; {
			if _, err := dec.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	used := regexp.MustCompile(`pStyle w:val="(\w+)"`).FindAllStringSubmatch(parts["word/document.xml"], -1)
	if len(used) < 8 {
		t.Errorf("only %d paragraphs", len(used))
	}
	for _, u := range used {
		if !strings.Contains(parts["word/styles.xml"], `w:styleId="`+u[1]+`"`) {
			t.Errorf("style %s is not defined", u[1])
		}
	}
	if !strings.Contains(parts["word/document.xml"], "My hands were *heavy* &amp; &lt;warm&gt;") {
		t.Error("the text is not there")
	}
}

// What readers of REFI-QDA need: elements in the schema's order, unique GUIDs of the schema's form, every reference
// answered, every path in the package, and positions in code points that cut out exactly what was said.
func TestProject(t *testing.T) {
	data, err := Project("c01", []*Document{sample(), second()})
	if err != nil {
		t.Fatal(err)
	}
	files := unzip(t, data)
	qde := files["project.qde"]
	var p qdeProject
	if err := xml.Unmarshal([]byte(qde), &p); err != nil {
		t.Fatal(err)
	}
	last := -1
	for _, el := range []string{"<Users>", "<CodeBook>", "<Variables>", "<Sources>"} {
		at := strings.Index(qde, el)
		if at <= last {
			t.Errorf("%s stands at %d, after %d", el, at, last)
		}
		last = at
	}
	guids := map[string]bool{}
	for _, m := range regexp.MustCompile(` guid="([^"]*)"`).FindAllStringSubmatch(qde, -1) {
		if guids[m[1]] {
			t.Errorf("guid %s stands twice", m[1])
		}
		guids[m[1]] = true
		if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(m[1]) {
			t.Errorf("guid %q", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?:targetGUID|creatingUser|creatingUserGUID)="([^"]*)"`).FindAllStringSubmatch(qde, -1) {
		if !guids[m[1]] {
			t.Errorf("%s refers to nothing", m[0])
		}
	}
	if len(p.Codes) != 3 || p.Codes[0].Codable || !p.Codes[0].Codes[0].Codable || p.Codes[2].Codes[0].Name != "retired" {
		t.Errorf("codebook %+v", p.Codes)
	}
	if len(p.Sources.Text) != 2 || p.Sources.Text[0].Name == p.Sources.Text[1].Name {
		t.Fatalf("%d sources", len(p.Sources.Text))
	}
	src := p.Sources.Text[0]
	text := files["Sources/"+strings.TrimPrefix(src.Path, "internal://")]
	if !utf8.ValidString(text) || text == "" {
		t.Fatalf("source text %q at %s", text, src.Path)
	}
	code := map[string]string{"": "note"}
	for id, g := range newProject("c01", []*Document{sample()}).codes {
		code[g] = string(id)
	}
	var got []string
	for _, s := range src.Selections {
		if s.Coding == nil {
			s.Coding = &qdeCoding{Creator: s.Creator}
		}
		if s.Creator != s.Coding.Creator {
			t.Errorf("selection of %s, coding of %s", s.Creator, s.Coding.Creator)
		}
		who := map[string]string{userCoach: "coach", userMachine: "machine"}[s.Creator]
		got = append(got, fmt.Sprintf("%s %s (%s): %s", who, code[s.Coding.Code.Target], s.Describe, string([]rune(text)[s.Start:s.End])))
	}
	want := []string{
		"coach body (set by ann): My hands were *heavy* & <warm> --> like naïve sand 🏖 Second line.",
		"machine retired (model, 0.50: ): My hands were *heavy* & <warm> --> like naïve sand 🏖 Second line.",
		"coach note (Ask about the sand.): My hands were *heavy* & <warm> --> like naïve sand 🏖 Second line.",
		`machine body (model, 0.81: -hands): =HYPERLINK("x")`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if src.Describe != "A calm hour." || len(src.Values) != 2 || src.Values[0].Integer != 2 || src.Values[1].Text != "immediate" {
		t.Errorf("source described as %q with %+v", src.Describe, src.Values)
	}
}

// QualCoder keeps one annotation of a place and author, and tells codes apart by their names.
func TestProjectHoldsWhatReadersTellApart(t *testing.T) {
	d := sample()
	twin := scheme
	twin.Prompts = slices.Concat(scheme.Prompts, []debrief.Prompt{{ID: "body.again", Name: "Body", Phase: debrief.Immediate}, {ID: "nameless", Phase: debrief.Immediate}})
	d.Scheme = &twin
	d.Notes = append(d.Notes, debrief.Note{Anchor: d.Notes[0].Anchor, Text: "And about the sea."})
	p := newProject("c01", []*Document{d})
	p.add(d)
	var names, notes []string
	for _, c := range p.xml.Codes[0].Codes {
		names = append(names, c.Name)
	}
	for _, s := range p.xml.Sources.Text[0].Selections {
		if s.Coding == nil {
			notes = append(notes, s.Describe)
		}
	}
	if want := []string{"Body", "Body (body.again)", "nameless"}; !slices.Equal(names, want) {
		t.Errorf("codes %q, want %q", names, want)
	}
	if want := []string{"Ask about the sand.\nAnd about the sea."}; !slices.Equal(notes, want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
}

func second() *Document {
	d := sample()
	rec := *d.Recording
	rec.ID, rec.Phase = "00000000000000000000000002", debrief.Followup
	d.Recording = &rec
	return d
}

func TestProjectOfNothing(t *testing.T) {
	data, err := Project("c01", nil)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(unzip(t, data)["project.qde"], "<Sources>") {
		t.Error("the schema allows no empty list of sources")
	}
}

func FuzzText(f *testing.F) {
	f.Add("plain")
	f.Add("\xff\x00 --> \n\n <v x>&amp; 1\n# *")
	f.Fuzz(func(t *testing.T, text string) {
		d := sample()
		d.Transcript.Utterances[1].Text = text
		if n := len(strings.Split(strings.TrimSpace(string(VTT(d))), "\n\n")); n > 5 {
			t.Errorf("a text made %d cues of 4", n-1)
		}
		data, err := Project("c01", []*Document{d})
		if err != nil {
			t.Fatal(err)
		}
		var p qdeProject
		files := unzip(t, data)
		if err := xml.Unmarshal([]byte(files["project.qde"]), &p); err != nil {
			t.Fatal(err)
		}
		src := p.Sources.Text[0]
		runes := []rune(files["Sources/"+src.GUID+".txt"])
		last := src.Selections[len(src.Selections)-1]
		if got := string(runes[last.Start:last.End]); got != `=HYPERLINK("x")` {
			t.Errorf("positions moved: %q", got)
		}
		if _, err := Word(d); err != nil {
			t.Error(err)
		}
		if rows, err := csv.NewReader(strings.NewReader(mustCSV(t, d))).ReadAll(); err != nil || len(rows) < 2 {
			t.Errorf("csv: %d rows, %v", len(rows), err)
		}
	})
}

func mustCSV(t *testing.T, d *Document) string {
	data, err := Highlights([]*Document{d})
	if err != nil {
		t.Fatal(fmt.Errorf("csv: %w", err))
	}
	return string(data)
}
