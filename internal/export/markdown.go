package export

import (
	"bytes"
	"regexp"
)

// Markdown returns the debrief for reading, in CommonMark. What people said is escaped: an asterisk stays one.
func Markdown(d *Document) []byte {
	var b bytes.Buffer
	for i, bl := range d.blocks() {
		if i > 0 {
			b.WriteString("\n")
		}
		text := escapeMarkdown(oneLine(bl.text))
		if bl.label != "" {
			text = "**" + escapeMarkdown(oneLine(bl.label)) + "** " + text
		}
		for _, mark := range bl.marks {
			text += " *" + escapeMarkdown("["+mark+"]") + "*"
		}
		b.WriteString(markdownPrefix[bl.style] + text + "\n")
	}
	return b.Bytes()
}

var markdownPrefix = map[style]string{
	styleTitle: "# ", styleHeading: "## ", styleSubheading: "### ", styleQuote: "> ", styleNote: "> ",
}

var (
	markdownMark  = regexp.MustCompile("[\\\\`*_\\[\\]<>|~&]")
	markdownStart = regexp.MustCompile(`^([#+=-]|\d+[.)])`)
)

// escapeMarkdown also escapes what is markup only at the beginning of a line.
func escapeMarkdown(s string) string {
	s = markdownMark.ReplaceAllString(s, `\$0`)
	return markdownStart.ReplaceAllStringFunc(s, func(m string) string { return m[:len(m)-1] + `\` + m[len(m)-1:] })
}
