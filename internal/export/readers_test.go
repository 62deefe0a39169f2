package export

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"debrief/internal/testenv"
)

// What the schema of REFI-QDA 1.0 (Project.xsd of 18 March 2019) says of the elements we write: which children they may have, in
// this order, and which attributes they must have.
var (
	refiChildren = map[string][]string{
		"Project":            {"Users", "CodeBook", "Variables", "Cases", "Sources", "Notes", "Links", "Sets", "Graphs", "Description", "NoteRef"},
		"Users":              {"User"},
		"CodeBook":           {"Codes"},
		"Codes":              {"Code"},
		"Code":               {"Description", "NoteRef", "Code"},
		"Variables":          {"Variable"},
		"Variable":           {"Description"},
		"Sources":            {"TextSource"},
		"TextSource":         {"Description", "PlainTextContent", "PlainTextSelection", "Coding", "NoteRef", "VariableValue"},
		"PlainTextSelection": {"Description", "Coding", "NoteRef"},
		"Coding":             {"CodeRef", "NoteRef"},
		"VariableValue":      {"VariableRef", "TextValue", "BooleanValue", "IntegerValue", "FloatValue", "DateValue", "DateTimeValue"},
	}
	refiAttributes = map[string][]string{
		"Project": {"name"}, "User": {"guid"}, "Code": {"guid", "name", "isCodable"}, "Variable": {"guid", "name", "typeOfVariable"},
		"TextSource": {"guid"}, "PlainTextSelection": {"guid", "startPosition", "endPosition"}, "Coding": {"guid"},
		"CodeRef": {"targetGUID"}, "VariableRef": {"targetGUID"},
	}
)

func TestProjectKeepsToTheSchema(t *testing.T) {
	data, err := Project("c01", []*Document{sample(), second()})
	if err != nil {
		t.Fatal(err)
	}
	type element struct {
		name string
		last int // of its children, by their place in the schema
	}
	open := []element{{"", 0}}
	seen := map[string]bool{}
	for dec := xml.NewDecoder(strings.NewReader(unzip(t, data)["project.qde"])); ; {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch el := token.(type) {
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.StartElement:
			name, parent := el.Name.Local, &open[len(open)-1]
			seen[name] = true
			if el.Name.Space != "urn:QDA-XML:project:1.0" {
				t.Errorf("%s is of %q", name, el.Name.Space)
			}
			if parent.name != "" {
				at := slices.Index(refiChildren[parent.name], name)
				if at < parent.last {
					t.Errorf("%s stands in %s at %d, after %d", name, parent.name, at, parent.last)
				}
				parent.last = at
			}
			for _, need := range refiAttributes[name] {
				if !slices.ContainsFunc(el.Attr, func(a xml.Attr) bool { return a.Name.Local == need }) {
					t.Errorf("%s has no %s", name, need)
				}
			}
			open = append(open, element{name, 0})
		}
	}
	for name := range refiAttributes {
		if !seen[name] {
			t.Errorf("the sample has no %s: nothing is known of it", name)
		}
	}
}

// A player reads every cue at its time, with its words.
func TestPlayersReadTheCaptions(t *testing.T) {
	for name, data := range map[string][]byte{"vtt": VTT(sample()), "srt": SRT(sample())} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in, out := filepath.Join(dir, "in."+name), filepath.Join(dir, "out.srt")
			if err := os.WriteFile(in, data, 0o600); err != nil {
				t.Fatal(err)
			}
			testenv.FFmpeg(t, "-i", in, "-f", "srt", out)
			got, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			said := map[string]string{"vtt": "My hands were *heavy* & <warm> -->", "srt": "Client: My hands were *heavy* & ‹warm› →"}[name]
			want := fmt.Sprintf("2\n01:01:01,750 --> 01:01:03,750\n%s like naïve sand 🏖 Second line.\n", said)
			if n := strings.Count(string(got), " --> 0"); n != 4 || !strings.Contains(string(got), want) {
				t.Errorf("%d cues, want 4 and among them\n%s\ngot\n%s", n, want, got)
			}
		})
	}
}
