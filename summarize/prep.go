package summarize

import (
	"cmp"
	"fmt"
	"slices"

	"debrief"
)

// How many lines a topic has on the one page before a treatment. Together they are some thirty at most, which is a page.
const (
	prepHopes    = 2
	prepInsights = 6
	prepThreads  = 4
	prepChanges  = 5
	prepMoods    = 2
	prepPatterns = 4
	prepOpen     = 8
)

// prepare makes the page to read before the next treatment: the one after the last debrief, or the one that is already prepared.
func prepare(c *debrief.Course, mentions []*mention) debrief.Prep {
	p := page{debrief.Prep{Session: 1, Lines: []debrief.PrepLine{}}}
	last := 0 // the last treatment that took place
	for _, t := range c.Treatments {
		p.Session = t.Session
		for _, ph := range t.Phases {
			if ph.Phase != debrief.Preparation && len(ph.Recordings) > 0 {
				last, p.Session = t.Session, t.Session+1
			}
		}
	}
	for _, session := range []int{p.Session, last} {
		p.add("hope", fmt.Sprintf("said before treatment %d", session), prepHopes, bestOf(mentions, session, promptGain)...)
	}
	for _, session := range insightful(c.Insights) {
		for _, f := range prepFates {
			for _, in := range c.Insights {
				if in.Session == session && in.Fate == f.fate {
					p.add("insight", f.note, prepInsights, in.Citation)
				}
			}
		}
	}
	p.add("small change", "to ask after", prepChanges, bestOf(mentions, lastWith(mentions, promptChanges), promptChanges)...)
	p.add("mood", "in the client's words", prepMoods, bestOf(mentions, lastWith(mentions, promptMood), promptMood)...)
	patterned := lastWith(mentions, promptPatterns)
	for _, pt := range slices.Backward(c.Patterns) {
		switch {
		case len(pt.Returned) > 0:
			p.add("old pattern", "returned after it was called irrelevant", prepPatterns, pt.Returned[len(pt.Returned)-1])
		case pt.StillThere && pt.Session >= patterned-1:
			// Nobody says of every pattern every time that it is still there.
			p.add("old pattern", "still there", prepPatterns, pt.Citation)
		}
	}
	for _, t := range c.Threads { // last: what a thread and another topic have in common stands there already
		for _, cite := range slices.Backward(t.Citations) {
			if p.add("thread", threadNote(t), prepThreads, cite) {
				break
			}
		}
	}
	slices.SortStableFunc(p.Lines, func(a, b debrief.PrepLine) int {
		return cmp.Compare(slices.Index(prepTopics, a.Topic), slices.Index(prepTopics, b.Topic))
	})
	p.Open = openAsks(c)
	return p.Prep
}

// prepFates are the insights a coach may come back to, the surest first. What is gone is let go.
var prepFates = []struct {
	fate debrief.Fate
	note string
}{
	{debrief.FateMeaningful, "still meaningful at the follow-up"},
	{debrief.FateChanged, "changed by the follow-up"},
	{debrief.FateNotMentioned, "not mentioned at the follow-up"},
	{debrief.FateWaiting, "no follow-up yet"},
	{debrief.FateUnasked, "no follow-up was recorded"},
}

// prepTopics are the topics in the order of the page.
var prepTopics = []string{"hope", "insight", "thread", "small change", "mood", "old pattern"}

// page is a prep sheet while it is filled.
type page struct{ debrief.Prep }

// add puts quotes on the page as long as the topic has room, each only once, and reports whether it put any.
func (p *page) add(topic, note string, limit int, cites ...debrief.Citation) bool {
	room := limit
	for _, l := range p.Lines {
		if l.Topic == topic {
			room--
		}
	}
	added := false
	for _, cite := range cites {
		if room > 0 && !slices.ContainsFunc(p.Lines, func(l debrief.PrepLine) bool { return l.Cites == cite }) {
			p.Lines = append(p.Lines, debrief.PrepLine{Topic: topic, Note: note, Cites: cite})
			room--
			added = true
		}
	}
	return added
}

// insightful are the treatments whose insights the page is about: the last one with any, and, while its follow-up is still to
// come, the one before, of which more is known.
func insightful(insights []debrief.Insight) []int {
	var sessions []int // the latest first
	waiting := map[int]bool{}
	for _, in := range slices.Backward(insights) {
		if !slices.Contains(sessions, in.Session) {
			sessions = append(sessions, in.Session)
		}
		waiting[in.Session] = in.Fate == debrief.FateWaiting
	}
	if len(sessions) > 1 && waiting[sessions[0]] {
		return sessions[:2]
	}
	return sessions[:min(1, len(sessions))]
}

// lastWith is the last treatment in which a prompt was answered; 0 when none was. The last of all may have no follow-up yet, and
// what was said at the one before is what there is to ask after.
func lastWith(mentions []*mention, prompt debrief.PromptID) int {
	for _, r := range slices.Backward(mentions) {
		if r.answers(prompt) {
			return r.cite.Session
		}
	}
	return 0
}

// bestOf are the quotes of a treatment that say most about a prompt, in the order they were said.
func bestOf(mentions []*mention, session int, prompt debrief.PromptID) []debrief.Citation {
	var out []debrief.Citation
	var last debrief.RecordingID
	for _, r := range mentions {
		if r.cite.Session != session || r.cite.Recording == last {
			continue
		}
		last = r.cite.Recording
		for _, b := range best(mentions, last, prompt) {
			out = append(out, b.cite)
		}
	}
	return out
}

func threadNote(t debrief.Thread) string {
	seen := map[debrief.RecordingID]bool{}
	for _, c := range t.Citations {
		seen[c.Recording] = true
	}
	return fmt.Sprintf("%s: in %d recordings", t.Words[0], len(seen))
}

// openAsks are prompts of recorded debriefs that have no answer, in whichever phase of the treatment, those of the latest treatment
// first. All of them stand in the coverage of the treatments.
func openAsks(c *debrief.Course) []debrief.OpenAsk {
	var out []debrief.OpenAsk
	for _, t := range slices.Backward(c.Treatments) {
		answered := map[debrief.PromptID]bool{}
		for _, ph := range t.Phases {
			for _, cov := range ph.Coverage {
				answered[cov.Prompt] = answered[cov.Prompt] || cov.Utterances > 0
			}
		}
		for _, ph := range t.Phases {
			for _, cov := range ph.Coverage {
				if !answered[cov.Prompt] {
					out = append(out, debrief.OpenAsk{Session: t.Session, Phase: ph.Phase, Prompt: cov.Prompt})
				}
			}
		}
	}
	return out[:min(prepOpen, len(out))]
}
