package summarize

import (
	"slices"

	"debrief"
)

// alignments put what the client says about how treatments fit together beside the passage of the earlier one it refers to.
func alignments(mentions []*mention) []debrief.Alignment {
	out := []debrief.Alignment{}
	for _, r := range mentions {
		if !r.answers(promptAlign) || len(r.stems) == 0 {
			continue
		}
		a := debrief.Alignment{Citation: r.cite, Earlier: earlierSession(r.cite.Quote.Text, r.cite.Session)}
		earlier := slices.DeleteFunc(slices.Clone(mentions), func(o *mention) bool {
			if a.Earlier > 0 {
				return o.cite.Session != a.Earlier
			}
			return o.cite.Session >= r.cite.Session
		})
		if found := closest(r, earlier); len(found) > 0 {
			a.Refers = &found[0].cite
			if a.Earlier == 0 {
				a.Earlier = found[0].cite.Session
			}
		}
		out = append(out, a)
	}
	return out
}

var ordinals = map[string]int{"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6}

// sessionNouns are what an ordinal must be followed by to mean a treatment: "the first one", not "the first thing".
var sessionNouns = wordSet("one time session treatment go round trip visit journey day")

// earlierSession reads which session the words name; 0 when they name none before the current one, or two.
func earlierSession(text string, current int) int {
	ws := essential(spokenWords(text))
	found := 0
	for i := 0; i+1 < len(ws); i++ {
		n := 0
		switch next := ws[i+1].text; {
		case ordinals[ws[i].text] > 0 && sessionNouns[next]:
			n = ordinals[ws[i].text]
		case (ws[i].text == "last" || ws[i].text == "previous") && sessionNouns[next]:
			n = current - 1
		}
		if n < 1 || n >= current {
			continue
		}
		if found != 0 && found != n {
			return 0
		}
		found = n
	}
	return found
}
