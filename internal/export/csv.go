package export

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

// byteOrderMark tells Excel and LibreOffice, which otherwise guess, that the file is UTF-8.
const byteOrderMark = "\ufeff"

// Highlights returns one CSV row (RFC 4180, UTF-8 with a byte order mark and a header) for every tag of every document: what was
// said, when, to which prompt, and who or what says so. A cell that a spreadsheet would run as a formula begins with an apostrophe.
func Highlights(docs []*Document) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(byteOrderMark)
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	rows := [][]string{{"recording", "client", "session", "phase", "start", "end", "speaker", "prompt", "prompt_name", "source", "confidence", "evidence", "text", "notes"}}
	for _, d := range docs {
		for i := range d.Transcript.Utterances {
			u := &d.Transcript.Utterances[i]
			if !spoken(u) {
				continue
			}
			var notes []string
			for _, n := range d.notesOn(i) {
				notes = append(notes, n.Text)
			}
			for _, t := range d.tagsOf(i) {
				rows = append(rows, []string{
					string(d.Recording.ID), string(d.Recording.Client), strconv.Itoa(d.Recording.Session), string(d.Recording.Phase),
					fmt.Sprintf("%.3f", u.Start.Seconds()), fmt.Sprintf("%.3f", u.End.Seconds()), string(u.Speaker),
					string(t.Prompt), cell(d.promptName(t.Prompt)), string(t.Source), fmt.Sprintf("%.3f", t.Confidence),
					cell(t.Evidence), cell(u.Text), cell(strings.Join(notes, "\n")),
				})
			}
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write csv: %w", err)
	}
	return b.Bytes(), nil
}

// cell guards a text against being run: OWASP, CSV injection.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
