package summarize

import (
	"slices"

	"debrief"
)

// surelyRelated is the strength (words in common plus cosine) that says two mentions of different days are about the same thing:
// one telling word in sentences much alike, or two. "I used to drive past the spot" did not return in "I was nervous driving here".
const surelyRelated = 1.45

// changes are the small changes the client named, in order, each with where it came up again in a later recording.
func changes(mentions []*mention) []debrief.Followed {
	out := []debrief.Followed{}
	for i, r := range mentions {
		if r.answers(promptChanges) && len(r.stems) > 0 {
			out = append(out, debrief.Followed{Citation: r.cite, Later: later(r, mentions[i+1:], nil)})
		}
	}
	return out
}

// patterns are the old patterns the client spoke of after a treatment. One that was called irrelevant is watched: what
// later is said of it as still there, or as something to be rid of, stands as its return.
func patterns(mentions []*mention) []debrief.Pattern {
	out := []debrief.Pattern{}
	for i, r := range mentions {
		if !r.answers(promptPatterns) || len(r.stems) == 0 {
			continue
		}
		p := debrief.Pattern{Citation: r.cite, StillThere: stillThere(r.cite.Quote.Text)}
		if !p.StillThere {
			p.Returned = later(r, mentions[i+1:], func(o *mention) bool {
				return o.answers(promptRelease) || o.answers(promptPatterns, promptMood) && stillThere(o.cite.Quote.Text)
			})
		}
		out = append(out, p)
	}
	return out
}

// stillThere reports whether the words say that something has not gone, or is back.
func stillThere(text string) bool {
	return denies(text, goneWords) || asserts(text, stillWords) && !asserts(text, goneWords)
}

// later are quotes of other recordings, from those that follow, about the same as r; which narrows them down.
func later(r *mention, following []*mention, which func(*mention) bool) []debrief.Citation {
	candidates := slices.DeleteFunc(slices.Clone(following), func(o *mention) bool {
		return o.cite.Recording == r.cite.Recording || which != nil && !which(o)
	})
	found := closest(r, candidates)
	found = slices.DeleteFunc(found, func(o *mention) bool { s, _ := related(r, o); return s < surelyRelated })
	found = found[:min(len(found), maxLater)]
	var out []debrief.Citation
	for _, o := range candidates { // in the order they were said
		if slices.Contains(found, o) {
			out = append(out, o.cite)
		}
	}
	return out
}
