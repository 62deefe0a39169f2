package summarize

import (
	"slices"

	"debrief"
)

// maxLater is how many quotes from the follow-up stand beside an insight; the strongest tell.
const maxLater = 2

// insights are what stood out and broke through right after each treatment, and what became of them until its follow-up.
func insights(heard []Heard, mentions []*mention) []debrief.Insight {
	out := []debrief.Insight{}
	for _, x := range heard {
		rec := x.Recording
		if rec.Phase != debrief.Immediate {
			continue
		}
		after := slices.DeleteFunc(slices.Clone(mentions), func(r *mention) bool {
			return r.cite.Session != rec.Session || r.cite.Phase != debrief.Followup
		})
		heardAfter := slices.ContainsFunc(heard, func(h Heard) bool {
			return h.Recording.Session == rec.Session && h.Recording.Phase == debrief.Followup && h.Tags != nil && clientSpeaks(h.Transcript)
		})
		unheard := slices.ContainsFunc(heard, func(h Heard) bool { // what is not transcribed yet may mention it
			return h.Recording.Session == rec.Session && h.Recording.Phase == debrief.Followup && h.Transcript != nil && len(h.Transcript.Partial) > 0
		})
		for _, prompt := range []debrief.PromptID{promptStandout, promptInsight} {
			for _, r := range best(mentions, rec.ID, prompt) {
				if saysNothing(r) {
					continue
				}
				in := debrief.Insight{Citation: r.cite, Prompt: prompt, Fate: debrief.FateWaiting}
				switch {
				case heardAfter:
					in.Fate, in.Later = fateOf(r, after)
					if in.Fate == debrief.FateNotMentioned && unheard {
						in.Fate = debrief.FateWaiting
					}
				case heard[len(heard)-1].Recording.Session > rec.Session:
					in.Fate = debrief.FateUnasked
				}
				out = append(out, in)
			}
		}
	}
	return out
}

// clientSpeaks reports whether the client says anything that can be used: a debrief without it mentions nothing, and leaves out nothing.
func clientSpeaks(t *debrief.Transcript) bool {
	return t != nil && slices.ContainsFunc(t.Utterances, func(u debrief.Utterance) bool { return u.Speaker == debrief.SpeakerClient && u.Usable() })
}

// tellingStems is how many content words make a passage tell something even where it denies: "I wasn't listening and nobody died."
const tellingStems = 3

// saysNothing reports whether the passage only says that there was nothing to tell: "Not really, no." It answers the
// question, and is no insight. What was not so ("he was never angry") is one.
func saysNothing(r *mention) bool {
	if len(r.stems) >= tellingStems {
		return false
	}
	ws := essential(spokenWords(r.cite.Quote.Text))
	for i, w := range ws {
		last := i+1 == len(ws) || ws[i+1].gap == gapSentence
		if w.negates() && (i == 0 || last) {
			return true
		}
	}
	return false
}

// best are the mentions of a recording that say most about a prompt, as a summary chooses them.
func best(mentions []*mention, id debrief.RecordingID, prompt debrief.PromptID) []*mention {
	byQuote := map[debrief.Quote]*mention{}
	var all []candidate
	for _, r := range mentions {
		if r.cite.Recording == id && r.answers(prompt) && len(r.stems) > 0 {
			byQuote[r.cite.Quote] = r
			all = append(all, candidate{r.cite.Quote, r.stems, r.score})
		}
	}
	var out []*mention
	for _, c := range choose(all) {
		out = append(out, byQuote[c.quote])
	}
	return out
}

// fateOf reads from the follow-up what became of an insight.
func fateOf(r *mention, after []*mention) (debrief.Fate, []debrief.Citation) {
	tagged := func(o *mention) bool { return len(o.prompts) > 0 }
	found := slices.DeleteFunc(closest(r, after), func(o *mention) bool {
		s, _ := related(r, o)
		return !tagged(o) && s < surelyRelated // small talk has words in common too
	})
	if slices.ContainsFunc(found, tagged) {
		found = slices.DeleteFunc(found, func(o *mention) bool { return !tagged(o) })
	}
	if len(found) == 0 {
		return debrief.FateNotMentioned, nil
	}
	found = found[:min(len(found), maxLater)]
	fate := debrief.FateMeaningful
	var later []debrief.Citation
	for _, f := range found {
		later = append(later, f.cite)
	}
	// The strongest speaks for what it is; a weaker one only where that one is silent.
	for _, f := range found {
		shared := slices.DeleteFunc(slices.Clone(r.stems), func(s string) bool { return !slices.Contains(f.stems, s) })
		if saysGone(f.cite.Quote.Text, shared) {
			fate = debrief.FateGone
		} else if asserts(f.cite.Quote.Text, changedWords) || saysOtherwise(f.cite.Quote.Text) {
			fate = debrief.FateChanged
		} else {
			continue
		}
		break
	}
	return fate, later
}

// Words by which people say that something left them, or became another. A negation just before turns them
// ("it has not faded"): negatedWithin words are looked back.
var (
	goneWords = stemSet(`gone faded fading fade vanished disappeared evaporated dissolved slipped forgotten worn
		melted lifted`)
	changedWords = stemSet(`changed different differently instead smaller bigger softer quieter fainter louder blurred
		blurry shrunk grown became becoming lighter heavier`)
	stillWords = stemSet(`still again remains stays stayed returned`)
)

const negatedWithin = 3

// asserts reports whether the text contains one of the words without a negation just before it in the same sentence.
func asserts(text string, stems map[string]bool) bool { return containsWord(text, stems, false) }

// denies reports whether the text contains one of the words with a negation just before it.
func denies(text string, stems map[string]bool) bool { return containsWord(text, stems, true) }

func containsWord(text string, stems map[string]bool, negated bool) bool {
	ws := essential(spokenWords(text))
	for i, w := range ws {
		if (stems[w.text] || stems[w.stem()]) && !goesSomewhere(ws, i) && !goesOtherwise(ws, i) && negatedAt(ws, i) == negated {
			return true
		}
	}
	return false
}

// goesSomewhere tells "I haven't gone out to it" from "it hasn't gone".
func goesSomewhere(ws []spokenWord, i int) bool {
	return ws[i].text == "gone" && i+1 < len(ws) && ws[i+1].gap == gapNone && goneWhere[ws[i+1].text]
}

var goneWhere = wordSet(`out to in into on over through back home up down round by for past along off there and`)

// goesOtherwise tells "it has gone a bit flat" from "it has gone".
func goesOtherwise(ws []spokenWord, i int) bool {
	if ws[i].text != "gone" {
		return false
	}
	k := i + 1
	for k < len(ws) && ws[k].gap == gapNone && goneHowMuch[ws[k].text] {
		k++
	}
	return k < len(ws) && ws[k].gap == gapNone && goneHow[ws[k].text]
}

var (
	goneHowMuch = wordSet("a bit little all very rather quite so too")
	goneHow     = wordSet("quiet cold soft flat dark still numb blurry fuzzy hazy stale dull pale grey")
)

func negatedAt(ws []spokenWord, i int) bool {
	for k := i; k > 0 && k > i-negatedWithin && ws[k].gap != gapSentence; k-- {
		if ws[k-1].negates() {
			return true
		}
	}
	return false
}
