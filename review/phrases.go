package review

import (
	"regexp"
	"strings"

	"debrief"
)

// The stages write short English phrases into their documents, so that a document can be read and
// exported without the page. The page knows them again and shows the catalogue's string instead.
// What it does not know, as of a document of another version, it shows as it stands.

// fixedPhrases are those that are always the same, with their keys.
var fixedPhrases = map[string]string{
	"hope":         "topic.hope",
	"insight":      "topic.insight",
	"thread":       "topic.thread",
	"small change": "topic.small_change",
	"mood":         "topic.mood",
	"old pattern":  "topic.old_pattern",

	"still meaningful at the follow-up":        "why.still_meaningful",
	"changed by the follow-up":                 "why.changed",
	"not mentioned at the follow-up":           "why.not_mentioned",
	"no follow-up yet":                         "why.waiting",
	"no follow-up was recorded":                "why.no_follow-up",
	"to ask after":                             "why.ask",
	"in the client's words":                    "why.own_words",
	"returned after it was called irrelevant":  "why.returned",
	"still there":                              "why.still_there",
	"no speech was heard":                      "empty.no_speech",
	"nothing that was heard can be trusted":    "empty.doubtful",
	"nothing the client said could be used":    "empty.unusable",
	"nothing the client said answers a prompt": "empty.unanswered",
	debrief.EvidenceContinues:                  "evidence.continues",
	debrief.GapPaused:                          "gap.paused",
	debrief.GapCrash:                           "gap.crash",
	debrief.GapNoFrames:                        "gap.no_frames",
	debrief.GapOverrun:                         "gap.overrun",
	debrief.GapPowerCut:                        "gap.power_cut",
	debrief.GapLost:                            "gap.lost",
	debrief.GapMoved:                           "gap.moved",
	debrief.GapChanged:                         "gap.changed",
}

// filledPhrases are those with something in them, in which each group is one verb of the string.
// A group named rest is a phrase itself.
var filledPhrases = []struct {
	said *regexp.Regexp
	key  string
}{
	{regexp.MustCompile(`^said before treatment (\d+)$`), "why.before"},
	{regexp.MustCompile(`^(.+): in (\d+) recordings$`), "why.thread"},
	{around(debrief.EvidenceAsks), "evidence.asks"},
	{around(debrief.EvidenceNearest), "evidence.nearest"},
	{around(debrief.EvidenceShown), "evidence.shown"},
	{around(debrief.EvidenceAsked), "evidence.asked"},
	{regexp.MustCompile(`^accepted by (.+?)(?:: (?P<rest>.+))?$`), "evidence.accepted"},
	{regexp.MustCompile(`^set by (.+?)(?:: (?P<rest>.+))?$`), "evidence.set"},
}

// around matches what a phrase with one %s in it was made of.
func around(phrase string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.Replace(regexp.QuoteMeta(phrase), "%s", "(.+)", 1) + "$")
}

// say returns a phrase of a stage in the language of the page.
func (c *catalogue) say(phrase string) string {
	if key, ok := fixedPhrases[phrase]; ok {
		return c.get(key)
	}
	for _, f := range filledPhrases {
		found := f.said.FindStringSubmatch(phrase)
		if found == nil {
			continue
		}
		var args []any
		tail := ""
		for i, name := range f.said.SubexpNames() {
			switch {
			case i > 0 && name == "":
				args = append(args, found[i])
			case name == "rest" && found[i] != "":
				tail = ": " + c.say(found[i])
			}
		}
		return c.get(f.key, args...) + tail
	}
	return phrase
}
