package debrief

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

func reviewed() (*Transcript, *Tags) {
	t := &Transcript{Recording: "r"}
	tags := &Tags{Recording: "r", Scheme: "s@1", Model: "m"}
	for i, text := range []string{"How did your body feel?", "My hands were heavy.", "Thank you for watching.", "The boat was slow."} {
		at := Samples(i) * 1000
		t.Utterances = append(t.Utterances, Utterance{Span: Span{at, at + 900}, Speaker: SpeakerClient, Text: text, Confidence: 0.7})
	}
	t.Utterances[0].Speaker = SpeakerCoach
	t.Utterances[2].Flags = []Flag{FlagPhantom, FlagEstimatedTimes}
	tags.Utterances = []UtteranceTags{
		{Index: 0, Prompts: []Tag{{Prompt: "body", Confidence: 0.9, Source: SourceModel}}},
		{Index: 1, Prompts: []Tag{{Prompt: "body", Confidence: 0.8, Source: SourceModel, Evidence: "hands"}}, Suggested: []Tag{{Prompt: "standout", Confidence: 0.4}}},
		{Index: 3, Prompts: []Tag{{Prompt: "imagery", Confidence: 0.8, Source: SourceModel}, {Prompt: "body", Confidence: 0.6, Source: SourceModel}}},
	}
	return t, tags
}

func ids(tags []Tag) []PromptID {
	var out []PromptID
	for _, t := range tags {
		out = append(out, t.Prompt)
	}
	return out
}

func text(s string) *string { return &s }

func TestApplyNothing(t *testing.T) {
	tr, tags := reviewed()
	var none *Review
	if a, b := none.Apply(tr, tags); a != tr || b != tags {
		t.Error("a nil review changed something")
	}
	a, b := (&Review{}).Apply(tr, tags)
	if !reflect.DeepEqual(a, tr) || !reflect.DeepEqual(b, tags) {
		t.Error("an empty review changed something")
	}
	if _, b := (&Review{}).Apply(tr, nil); b != nil {
		t.Error("tags came from nowhere")
	}
}

func TestApplyEdits(t *testing.T) {
	tr, tags := reviewed()
	r := &Review{Edits: []Edit{
		{Anchor: AnchorOf(tr, 1), Text: text("first try"), Author: "ann"},
		{Anchor: AnchorOf(tr, 1), Text: text(" My hands were happy. "), Author: "ann"},
		{Anchor: AnchorOf(tr, 2), Text: text("Thank you."), Author: "ann"},
		{Anchor: AnchorOf(tr, 3), Speaker: SpeakerCoach, Author: "ann"},
	}}
	got, _ := r.Apply(tr, tags)
	if u := got.Utterances[1]; u.Text != "My hands were happy." || u.Confidence != 1 {
		t.Errorf("the last revision does not count: %+v", u)
	}
	if u := got.Utterances[2]; u.Doubtful() || !slices.Equal(u.Flags, []Flag{FlagEstimatedTimes}) {
		t.Errorf("what a person heard is still doubtful: %v", u.Flags)
	}
	if u := got.Utterances[3]; u.Speaker != SpeakerCoach || u.Text != "The boat was slow." || u.Confidence != 0.7 {
		t.Errorf("another speaker changed more than that: %+v", u)
	}
	if fresh, _ := reviewed(); !reflect.DeepEqual(tr, fresh) {
		t.Error("the machine's transcript was changed")
	}
}

// TestEditTakenBack leaves no trace in what counts: doubtful words are as doubtful as they were.
func TestEditTakenBack(t *testing.T) {
	tr, _ := reviewed()
	for i := range tr.Utterances {
		tr.Utterances[i].Words = []Word{{Span: tr.Utterances[i].Span, Text: "w"}}
		r := &Review{Edits: []Edit{{Anchor: AnchorOf(tr, i), Text: text("another")}, {Anchor: AnchorOf(tr, i), Text: text(tr.Utterances[i].Text)}}}
		if got, _ := r.Apply(tr, nil); !reflect.DeepEqual(got, tr) {
			t.Errorf("utterance %d: %+v", i, got.Utterances[i])
		}
	}
}

func TestNobodySpokeHasNoTag(t *testing.T) {
	tr, tags := reviewed()
	_, got := (&Review{Edits: []Edit{{Anchor: AnchorOf(tr, 3), Text: text("")}}}).Apply(tr, tags)
	if got.Count() != tags.Count()-2 {
		t.Errorf("%d tags are left of %d", got.Count(), tags.Count())
	}
}

func TestApplyDecisions(t *testing.T) {
	for name, c := range map[string]struct {
		index     int
		decisions []Decision
		want      []PromptID
		suggested []PromptID
	}{
		"AcceptASuggestion":   {1, []Decision{{Prompt: "standout", Verdict: Accepted}}, []PromptID{"standout", "body"}, nil},
		"AcceptATag":          {3, []Decision{{Prompt: "body", Verdict: Accepted}}, []PromptID{"body", "imagery"}, nil},
		"RejectATag":          {1, []Decision{{Prompt: "body", Verdict: Rejected}}, nil, []PromptID{"standout"}},
		"RejectASuggestion":   {1, []Decision{{Prompt: "standout", Verdict: Rejected}}, []PromptID{"body"}, nil},
		"SetAnother":          {2, []Decision{{Prompt: "mood", Verdict: Set}}, []PromptID{"mood"}, nil},
		"SetAThird":           {3, []Decision{{Prompt: "mood", Verdict: Set}}, []PromptID{"mood", "imagery"}, nil},
		"SetThree":            {3, []Decision{{Prompt: "a", Verdict: Set}, {Prompt: "b", Verdict: Set}, {Prompt: "c", Verdict: Set}}, []PromptID{"a", "b", "c"}, nil},
		"TheLastDecisionWins": {1, []Decision{{Prompt: "body", Verdict: Rejected}, {Prompt: "body", Verdict: Set}}, []PromptID{"body"}, []PromptID{"standout"}},
	} {
		t.Run(name, func(t *testing.T) {
			tr, tags := reviewed()
			for i := range c.decisions {
				c.decisions[i].Anchor, c.decisions[i].Author = AnchorOf(tr, c.index), "ann"
			}
			_, got := (&Review{Decisions: c.decisions}).Apply(tr, tags)
			i := slices.IndexFunc(got.Utterances, func(u UtteranceTags) bool { return u.Index == c.index })
			if i < 0 {
				t.Fatal("no tags")
			}
			if g := ids(got.Utterances[i].Prompts); !slices.Equal(g, c.want) {
				t.Errorf("tags %v, want %v", g, c.want)
			}
			if g := ids(got.Utterances[i].Suggested); !slices.Equal(g, c.suggested) {
				t.Errorf("suggestions %v, want %v", g, c.suggested)
			}
			if _, fresh := reviewed(); !reflect.DeepEqual(tags, fresh) {
				t.Error("the machine's tags were changed")
			}
		})
	}
}

func TestAnchorsSurviveANewTranscript(t *testing.T) {
	tr, _ := reviewed()
	r := &Review{Edits: []Edit{{Anchor: AnchorOf(tr, 1), Text: text("My hands, heavy.")}, {Anchor: AnchorOf(tr, 3), Text: text("The boat.")}}}
	again := &Transcript{Utterances: []Utterance{
		{Span: Span{1050, 1950}, Speaker: SpeakerClient, Text: "my hands were heavy"}, // cut a little differently
		{Span: Span{2000, 9000}, Speaker: SpeakerClient, Text: "thank you the boat and much more"},
	}}
	got, _ := r.Apply(again, nil)
	if got.Utterances[0].Text != "My hands, heavy." || got.Utterances[1].Text != again.Utterances[1].Text {
		t.Errorf("got %q, %q", got.Utterances[0].Text, got.Utterances[1].Text)
	}
	if s := r.Stranded(again); len(s) != 1 || s[0].Utterance != 3 {
		t.Errorf("stranded %v, want the edit of the boat", s)
	}
}

func TestApplySummary(t *testing.T) {
	q := func(i int, s string) Quote {
		return Quote{Span: Span{Samples(i) * 1000, Samples(i)*1000 + 900}, Utterance: i, Text: s}
	}
	sum := &Summary{
		Prompts: []PromptSummary{
			{Prompt: "body", Sentences: []Sentence{{Text: "Heavy hands.", Quote: q(1, "My hands were heavy.")}}},
			{Prompt: "imagery", Sentences: []Sentence{{Text: "A boat.", Quote: q(3, "The boat was slow.")}}},
		},
		Open: []PromptID{"mood", "standout"},
	}
	at := time.Unix(0, 0)
	r := &Review{Summary: []SummaryEdit{
		{Prompt: "body", Quote: q(1, "My hands were heavy."), Text: "Her hands were heavy.", At: at},
		{Prompt: "imagery", Quote: q(3, "The boat was slow."), Hidden: true, At: at},
		{Prompt: "standout", Quote: q(3, "The boat was slow."), At: at},
	}}
	got := r.ApplySummary(sum)
	want := []PromptSummary{
		{Prompt: "body", Sentences: []Sentence{{Text: "Her hands were heavy.", Quote: q(1, "My hands were heavy.")}}},
		{Prompt: "standout", Sentences: []Sentence{{Text: "The boat was slow.", Quote: q(3, "The boat was slow.")}}},
	}
	if !reflect.DeepEqual(got.Prompts, want) || !slices.Equal(got.Open, []PromptID{"mood"}) {
		t.Errorf("got %+v, open %v", got.Prompts, got.Open)
	}
	if sum.Prompts[0].Sentences[0].Text != "Heavy hands." || len(sum.Open) != 2 {
		t.Error("the machine's summary was changed")
	}
}

func TestSharedNotes(t *testing.T) {
	r := &Review{Notes: []Note{{Text: "mine", Private: true}, {Text: "ours"}}}
	if got := r.SharedNotes(); len(got) != 1 || got[0].Text != "ours" {
		t.Errorf("got %v", got)
	}
	var none *Review
	if none.SharedNotes() != nil {
		t.Error("a nil review has notes")
	}
}

func TestNotesThatCount(t *testing.T) {
	at := func(i int) *int { return &i }
	r := &Review{Notes: []Note{
		{Text: "kept"},
		{Text: "first", Private: false},
		{Text: "second", Replaces: at(1), Private: true}, // from now on for the author alone
		{Text: "gone"},
		{Replaces: at(3)},
		{Text: "mine", Private: true},
		{Replaces: at(5)},
		{Text: "mine", Private: true, Replaces: at(6)}, // undone
	}}
	current := r.CurrentNotes()
	if len(current) != 3 || current[0].Text != "kept" || current[2].Text != "second" || current[7].Text != "mine" {
		t.Errorf("current %+v", current)
	}
	if shared := r.SharedNotes(); len(shared) != 1 || shared[0].Text != "kept" {
		t.Errorf("shared %+v: neither a private note nor what one was before may leave", shared)
	}
	var none *Review
	if len(none.SharedNotes()) != 0 || len(none.CurrentNotes()) != 0 {
		t.Error("notes of nothing")
	}
}

func TestStrandedUntilSettled(t *testing.T) {
	tr, _ := reviewed()
	lost := Anchor{Span: Span{50_000, 60_000}, Utterance: 9}
	r := &Review{Edits: []Edit{{Anchor: lost, Text: text("a")}, {Anchor: Anchor{Span: lost.Span, Utterance: 8}, Text: text("b")}}}
	if got := r.Stranded(tr); !slices.Equal(got, []Anchor{lost}) {
		t.Errorf("stranded %v, want one for both edits of the same stretch", got)
	}
	r.Settled = append(r.Settled, Settled{Anchor: lost})
	if got := r.Stranded(tr); len(got) != 0 {
		t.Errorf("settled, and stranded: %v", got)
	}
	r.Settled = append(r.Settled, Settled{Anchor: lost, Back: true})
	if got := r.Stranded(tr); len(got) != 1 {
		t.Errorf("taken back: %v", got)
	}
}
