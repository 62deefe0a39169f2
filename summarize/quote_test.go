package summarize

import (
	"strings"
	"testing"

	"debrief"
)

func oneUtterance(text string) *debrief.Transcript {
	return &debrief.Transcript{Utterances: []debrief.Utterance{
		{Span: debrief.Span{Start: 16000, End: 176000}, Speaker: debrief.SpeakerClient, Text: text},
	}}
}

func TestFindQuote(t *testing.T) {
	for name, c := range map[string]struct{ said, quote, want string }{
		"Exact":             {"The boat. I keep coming back to that boat.", "I keep coming back to that boat.", "I keep coming back to that boat."},
		"Case":              {"The boat. I keep coming back.", "THE BOAT. i keep coming back", "The boat. I keep coming back."},
		"TypographicQuotes": {"I don't know why, it's gone.", "I don’t know why, it’s gone", "I don't know why, it's gone."},
		"WrittenOut":        {"I don't know why it's gone.", "I do not know why it is gone", "I don't know why it's gone."},
		"NoApostrophe":      {"We're sure I'd said I don't know my father's boat.", "were sure id said i dont know my fathers boat", "We're sure I'd said I don't know my father's boat."},
		"ApostropheLost":    {"its fine i dont mind it at all", "It's fine, I don't mind it at all.", "its fine i dont mind it at all"},
		"FillersSaid":       {"It was, um, like, very warm, you know.", "it was very warm", "It was, um, like, very warm"},
		"FillersQuoted":     {"It was very warm.", "It was, um, very warm", "It was very warm."},
		"Stutter":           {"I was, I was falling down.", "i was falling down", "I was falling down."},
		"OneShortSentence":  {"How? Flat. Not worse, just flat.", "Flat.", "Flat."},
		"LostArticle":       {"I was walking along the bottom of a lake that day.", "I was walking along bottom of a lake that day", "I was walking along the bottom of a lake that day."},
		"Misspelling":       {"My jaw is still loose and I am breathing better tonight.", "My jaw is still loose and I am breathhing better tonight", "My jaw is still loose and I am breathing better tonight."},
		"ClauseAfterBut":    {"It was not sad but it was very heavy.", "it was very HEAVY", "it was very heavy."},
		"ClauseAfterComma":  {"No, I felt quite safe.", "I felt quite safe", "I felt quite safe"},
	} {
		t.Run(name, func(t *testing.T) {
			q, ok := FindQuote(oneUtterance(c.said), debrief.SpeakerClient, 0, c.quote)
			if !ok || q.Text != c.want {
				t.Fatalf("got %q (%v), want %q", q.Text, ok, c.want)
			}
			if q.Start < 16000 || q.End > 176000 || q.Start >= q.End {
				t.Errorf("times %v lie outside the utterance", q.Span)
			}
		})
	}
}

func TestFindQuoteRefuses(t *testing.T) {
	for name, c := range map[string]struct{ said, quote string }{
		"Empty":                {"I was calm.", "  "},
		"OnlyFillers":          {"Um, I was calm.", "um, uh"},
		"Invented":             {"I was calm.", "I was on a beach"},
		"PartOfAWord":          {"My heart was heavy.", "art was heavy"},
		"TooShort":             {"I was there and I was calm about it.", "I was"},
		"DroppedNot":           {"I was not afraid of him at all that day.", "I was afraid of him at all that day"},
		"AddedNot":             {"I was afraid of him on that day at home.", "I was not afraid of him on that day at home"},
		"NotLeftOutBefore":     {"Not worse than before, just flat.", "worse than before"},
		"ContractedNotSplit":   {"They don't love me at all.", "love me at all"},
		"NotWithoutApostrophe": {"they dont love me at all", "love me at all"},
		"ApostropheAdded":      {"They were sad about it all.", "They we're sad about it all."},
		"HalfARepeat":          {"And no one walks in, if you're in, you're in.", "And no one walks in, if in, you're in."},
		"NotLeftOutAfter":      {"I could not sleep in there.", "well I could"},
		"SupposedOnly":         {"If I was better I would call her.", "I was better"},
		"HalfANumber":          {"It was three hundred people or more.", "hundred people or more"},
		"HalfAHyphenation":     {"I was twenty-three years old then.", "three years old then"},
		"HalfAName":            {"I saw Mary Ann Lee at the gate.", "Ann Lee at the gate"},
		"ChangedNumber":        {"I would call it a six now, it was three.", "I would call it a seven now, it was three"},
		"ChangedPerson":        {"I understood that he was never angry with me.", "I understood that she was never angry with me"},
		"ChangedName":          {"And then there was Derek by the shed, smiling at me.", "And then there was Dereck by the shed, smiling at me"},
		"ChangedTense":         {"She loved me all of that time and I knew it.", "She loves me all of that time and I knew it"},
		"OtherWord":            {"My hands were like warm sand in the sun that day.", "My hands were like cold sand in the sun that day"},
		"TwoPlaces":            {"I was calm. The lake was green and cold.", "I was green and cold"},
	} {
		t.Run(name, func(t *testing.T) {
			if q, ok := FindQuote(oneUtterance(c.said), debrief.SpeakerClient, 0, c.quote); ok {
				t.Errorf("passed as %q", q.Text)
			}
		})
	}
}

func TestFindQuoteOnlyInTheSpeakersUtterances(t *testing.T) {
	tr := oneUtterance("The boat was very slow.")
	for name, change := range map[string]func(*debrief.Utterance){
		"Coach":    func(u *debrief.Utterance) { u.Speaker = debrief.SpeakerCoach },
		"Unknown":  func(u *debrief.Utterance) { u.Speaker = debrief.SpeakerUnknown },
		"Doubtful": func(u *debrief.Utterance) { u.Flags = []debrief.Flag{debrief.FlagNoSpeech} },
	} {
		t.Run(name, func(t *testing.T) {
			other := *tr
			other.Utterances = append([]debrief.Utterance(nil), tr.Utterances...)
			change(&other.Utterances[0])
			if _, ok := FindQuote(&other, debrief.SpeakerClient, 0, "The boat was very slow."); ok {
				t.Error("passed")
			}
		})
	}
	for _, index := range []int{-1, 1} {
		if _, ok := FindQuote(tr, debrief.SpeakerClient, index, "The boat was very slow."); ok {
			t.Errorf("passed in utterance %d, which is not there", index)
		}
	}
}

func TestQuoteTimes(t *testing.T) {
	tr := oneUtterance("The boat was slow. I heard oars.")
	u := &tr.Utterances[0]
	guess, _ := FindQuote(tr, debrief.SpeakerClient, 0, "I heard oars.")
	if guess.Start < 90000 || guess.End != u.End {
		t.Errorf("without words the times %v should be the last part of the utterance", guess.Span)
	}
	at := u.Start
	for _, w := range strings.Fields("The boat was slow. I heard oars.") {
		u.Words = append(u.Words, debrief.Word{Span: debrief.Span{Start: at, End: at + 1000}, Text: w})
		at += 2000
	}
	exact, _ := FindQuote(tr, debrief.SpeakerClient, 0, "I heard oars.")
	if want := (debrief.Span{Start: 24000, End: 29000}); exact.Span != want {
		t.Errorf("with words %v, want %v", exact.Span, want)
	}
	u.Text = "The little boat was slow. I heard oars."
	edited, _ := FindQuote(tr, debrief.SpeakerClient, 0, "I heard oars.")
	if edited.Span == exact.Span || edited.End != u.End {
		t.Errorf("the words' times %v were used for an edited text", edited.Span)
	}
}

func FuzzFindQuote(f *testing.F) {
	f.Add("I was not afraid, um, of him.", "of him")
	f.Add("The, the boat. I keep coming back…", "the boat i keep")
	f.Add("\xff’s 3.5-4", "3.5")
	f.Fuzz(func(t *testing.T, said, quote string) {
		tr := oneUtterance(said)
		q, ok := FindQuote(tr, debrief.SpeakerClient, 0, quote)
		if !ok {
			return
		}
		if !strings.Contains(said, q.Text) || q.Text == "" {
			t.Fatalf("quote %q is no passage of %q", q.Text, said)
		}
		if again, ok := FindQuote(tr, debrief.SpeakerClient, 0, q.Text); !ok || again.Text != q.Text {
			t.Errorf("the quote found, %q, does not verify again: %q", q.Text, again.Text)
		}
	})
}
