// Package corpus is the text the tagger is trained on: debriefs of invented people, written
// line by line by several hands and labelled with the prompts each utterance answers.
//
// Call [Read]; the text files beside this one are embedded. The package never holds words of
// a real client, nor of the files the tagger is measured on.
package corpus

import (
	"bufio"
	"embed"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"debrief"
)

//go:embed *.txt
var texts embed.FS

// Debrief is one invented recording.
type Debrief struct {
	ID         string // hand_number
	Client     string // the person speaking; the same name in two hands is two people
	Session    int
	Phase      debrief.Phase
	Monologue  bool // a voice memo: the client alone
	Utterances []Utterance
}

// Hand is who wrote the debrief: the part of the ID before '_'.
func (d *Debrief) Hand() string {
	hand, _, _ := strings.Cut(d.ID, "_")
	return hand
}

// Utterance is one line.
type Utterance struct {
	Speaker debrief.Speaker
	Prompts []debrief.PromptID // what it answers (client) or asks (coach); at most [debrief.MaxTags]
	Text    string
}

// Read returns the whole corpus, in order of file name.
func Read() ([]Debrief, error) {
	names, err := texts.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	var all []Debrief
	for _, name := range names {
		f, err := texts.Open(name.Name())
		if err != nil {
			return nil, fmt.Errorf("read corpus: %w", err)
		}
		ds, err := Parse(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("read corpus: %s: %w", path.Base(name.Name()), err)
		}
		all = append(all, ds...)
	}
	return all, nil
}

var header = regexp.MustCompile(`^# client: (.+), session: (\d+), phase: (\w+), style: (guided|monologue)$`)

// Parse reads debriefs: a line "# id: HAND_NUMBER", a line "# client: NAME, session: N, phase: PHASE,
// style: guided|monologue", then lines "speaker | prompts or - | text". Errors name the line and wrap
// debrief.ErrInvalid.
func Parse(r io.Reader) ([]Debrief, error) {
	var out []Debrief
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		var err error
		switch {
		case line == "":
		case strings.HasPrefix(line, "# id: "):
			out = append(out, Debrief{ID: strings.TrimPrefix(line, "# id: ")})
		case len(out) == 0:
			err = fmt.Errorf("text before the first id: %w", debrief.ErrInvalid)
		case strings.HasPrefix(line, "#"):
			err = out[len(out)-1].head(line)
		default:
			err = out[len(out)-1].add(line)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read line: %w", err)
	}
	for _, d := range out {
		if d.Phase == "" || len(d.Utterances) == 0 {
			return nil, fmt.Errorf("debrief %q has no header or no utterances: %w", d.ID, debrief.ErrInvalid)
		}
	}
	return out, nil
}

func (d *Debrief) head(line string) error {
	m := header.FindStringSubmatch(line)
	if m == nil || d.Phase != "" {
		return fmt.Errorf("header %q: %w", line, debrief.ErrInvalid)
	}
	phase, err := debrief.ParsePhase(m[3])
	if err != nil {
		return err
	}
	session, err := strconv.Atoi(m[2])
	if err != nil {
		return fmt.Errorf("session %q: %w", m[2], debrief.ErrInvalid)
	}
	if session, err = debrief.ParseSession(session); err != nil {
		return err
	}
	d.Client, d.Session, d.Phase, d.Monologue = m[1], session, phase, m[4] == "monologue"
	return nil
}

func (d *Debrief) add(line string) error {
	fields := strings.Split(line, "|")
	if len(fields) != 3 {
		return fmt.Errorf("%d fields instead of 3: %w", len(fields), debrief.ErrInvalid)
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	u := Utterance{Speaker: debrief.Speaker(fields[0]), Text: fields[2]}
	if u.Speaker != debrief.SpeakerClient && u.Speaker != debrief.SpeakerCoach {
		return fmt.Errorf("speaker %q: %w", fields[0], debrief.ErrInvalid)
	}
	if u.Text == "" {
		return fmt.Errorf("no text: %w", debrief.ErrInvalid)
	}
	if fields[1] != "-" {
		for _, id := range strings.Fields(fields[1]) {
			if slices.Contains(u.Prompts, debrief.PromptID(id)) {
				return fmt.Errorf("prompt %s stands twice: %w", id, debrief.ErrInvalid)
			}
			u.Prompts = append(u.Prompts, debrief.PromptID(id))
		}
		if n := len(u.Prompts); n == 0 || n > debrief.MaxTags {
			return fmt.Errorf("%d prompts: %w", n, debrief.ErrInvalid)
		}
	}
	d.Utterances = append(d.Utterances, u)
	return nil
}
