package export

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"debrief"
)

// VTT returns the transcript as WebVTT, one cue an utterance, the speaker as its voice. Doubtful utterances are left out: a caption
// cannot say that it is not to be trusted.
func VTT(d *Document) []byte {
	var b bytes.Buffer
	b.WriteString("WEBVTT\n")
	for _, u := range cues(d) {
		fmt.Fprintf(&b, "\n%s --> %s\n<v %s>%s\n", cueTime(u.Start, "."), cueTime(u.End, "."), speakerName(u.Speaker), vttEscape.Replace(oneLine(u.Text)))
	}
	return b.Bytes()
}

// vttEscape: a cue is markup; "-->" would end it, and is broken by escaping its bracket.
var vttEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// SRT returns the transcript as SubRip, numbered from 1, the speaker before the text. Doubtful utterances are left out.
func SRT(d *Document) []byte {
	var b bytes.Buffer
	for i, u := range cues(d) {
		fmt.Fprintf(&b, "%d\n%s --> %s\n%s: %s\n\n", i+1, cueTime(u.Start, ","), cueTime(u.End, ","), speakerName(u.Speaker), srtMarks.Replace(oneLine(u.Text)))
	}
	return b.Bytes()
}

// srtMarks: SubRip has no escapes, and players drop what stands between angle brackets as markup.
var srtMarks = strings.NewReplacer("-->", "→", "<", "‹", ">", "›")

func cues(d *Document) []debrief.Utterance {
	var out []debrief.Utterance
	for _, u := range d.Transcript.Utterances {
		if u.Usable() {
			out = append(out, u)
		}
	}
	return out
}

// cueTime prints hh:mm:ss with milliseconds after the mark.
func cueTime(s debrief.Samples, mark string) string {
	ms := s.Duration().Round(time.Millisecond).Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d%s%03d", ms/3600000, ms/60000%60, ms/1000%60, mark, ms%1000)
}

// oneLine keeps a text from breaking a format in which a line's end, or an empty line, means something.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
