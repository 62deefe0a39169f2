package demo

import (
	"bufio"
	"embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"debrief"
)

//go:embed debriefs.txt
var files embed.FS

// script is one written debrief.
type script struct {
	session int
	phase   debrief.Phase
	start   time.Time
	lines   []line
}

type line struct {
	speaker   debrief.Speaker
	assigned  []debrief.PromptID
	suggested []debrief.PromptID
	flags     []debrief.Flag
	words     string
}

// readScripts parses the embedded debriefs; the form stands at their head.
func readScripts() ([]script, error) {
	f, err := files.Open("debriefs.txt")
	if err != nil {
		return nil, fmt.Errorf("read the demo: %w", err)
	}
	defer f.Close()
	var out []script
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		text := strings.TrimSpace(in.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		if head, ok := strings.CutPrefix(text, "== "); ok {
			s, err := readHead(head)
			if err != nil {
				return nil, fmt.Errorf("read the demo, line %d: %w", n, err)
			}
			out = append(out, s)
			continue
		}
		fields := strings.SplitN(text, " | ", 3)
		if len(fields) != 3 || len(out) == 0 {
			return nil, fmt.Errorf("read the demo, line %d: %w", n, debrief.ErrInvalid)
		}
		last := &out[len(out)-1]
		last.lines = append(last.lines, readLine(fields))
	}
	return out, in.Err()
}

func readHead(head string) (script, error) {
	fields := strings.Fields(head)
	if len(fields) != 3 {
		return script{}, fmt.Errorf("heading %q: %w", head, debrief.ErrInvalid)
	}
	session, err := strconv.Atoi(fields[0])
	if err != nil {
		return script{}, err
	}
	phase, err := debrief.ParsePhase(fields[1])
	if err != nil {
		return script{}, err
	}
	start, err := time.Parse(time.RFC3339, fields[2])
	return script{session: session, phase: phase, start: start}, err
}

func readLine(fields []string) line {
	l := line{speaker: debrief.Speaker(fields[0]), words: fields[2]}
	for _, mark := range strings.Fields(fields[1]) {
		switch mark[0] {
		case '-':
		case '?':
			l.suggested = append(l.suggested, debrief.PromptID(mark[1:]))
		case '!':
			l.flags = append(l.flags, debrief.Flag(mark[1:]))
		default:
			l.assigned = append(l.assigned, debrief.PromptID(mark))
		}
	}
	return l
}
