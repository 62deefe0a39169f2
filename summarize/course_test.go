package summarize

import (
	"slices"
	"strings"
	"testing"
	"time"

	"debrief"
	"debrief/internal/models"

	"github.com/google/go-cmp/cmp"
)

// line is what a client said, and to which prompts.
type line struct {
	prompts string
	text    string
}

// heardIn makes a recording in which the client says the lines.
func heardIn(session int, phase debrief.Phase, lines ...line) Heard {
	id := debrief.RecordingID(string(phase) + string(rune('0'+session)))
	h := Heard{
		Recording:  &debrief.Recording{ID: id, Client: "c01", Session: session, Phase: phase},
		Transcript: &debrief.Transcript{Recording: id},
		Tags:       &debrief.Tags{Recording: id},
	}
	for i, l := range lines {
		at := debrief.Samples(i) * 100000
		h.Transcript.Utterances = append(h.Transcript.Utterances, debrief.Utterance{
			Span: debrief.Span{Start: at, End: at + 90000}, Speaker: debrief.SpeakerClient, Text: l.text,
		})
		ut := debrief.UtteranceTags{Index: i}
		for _, p := range strings.Fields(l.prompts) {
			ut.Prompts = append(ut.Prompts, debrief.Tag{Prompt: debrief.PromptID(p), Confidence: 0.9, Source: debrief.SourceModel})
		}
		h.Tags.Utterances = append(h.Tags.Utterances, ut)
	}
	return h
}

func newCourse(t testing.TB, e Embedder, heard ...Heard) *debrief.Course {
	t.Helper()
	c, err := NewCourses(CourseConfig{Scheme: DefaultScheme(), Embedder: e, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	course, err := c.Build(t.Context(), "c01", heard)
	if err != nil {
		t.Fatal(err)
	}
	return course
}

// gardener is a small course with one of everything.
func gardener() []Heard {
	return []Heard{
		heardIn(1, debrief.Preparation,
			line{"intention.gain", "I would like to dig my garden again without counting the minutes."},
			line{"intention.release", "I check the stove and the locks, three times, every night."}),
		heardIn(1, debrief.Immediate,
			line{"imagery", "There was a copper kettle on the wall and a heron beside the kettle."},
			line{"standout", "The heron was guarding the kettle and was never angry with anybody."},
			line{"breakthrough", "I understood that my uncle's silence was kindness, and the silence had no blame."},
			line{"breakthrough", "And the ladder means that I may climb down."},
			line{"", "Could I have a kettle of tea?"}),
		heardIn(1, debrief.Followup,
			line{"still_meaningful", "The heron with its kettle has not faded at all."},
			line{"still_meaningful", "My uncle's silence is different now, that kindness became smaller."},
			line{"mood", "This morning was a three, I would call it a six now."},
			line{"mood", "I slept for two hours, about four o'clock."},
			line{"small_changes", "I could write to my cousin in Galway on a postcard."},
			line{"old_patterns", "Checking the stove and the locks seems silly, I walked right past the stove."}),
		heardIn(2, debrief.Preparation,
			line{"intention.release", "The stove and the locks again, I check them until I cry."}),
		heardIn(2, debrief.Immediate,
			line{"alignment", "The first time it was a copper heron on a wall, this was all harbour."},
			line{"imagery", "A harbour with lanterns."}),
		heardIn(2, debrief.Followup,
			line{"small_changes", "The postcard to my cousin went off to Galway, stamp and all."},
			line{"old_patterns", "The worrying about rent has not gone."}),
	}
}

func TestCourseThreads(t *testing.T) {
	course := newCourse(t, nil, gardener()...)
	find := func(word string) *debrief.Thread {
		for i, th := range course.Threads {
			if slices.Contains(th.Words, word) {
				return &course.Threads[i]
			}
		}
		t.Fatalf("no thread of %q in %v", word, course.Threads)
		return nil
	}
	heron := find("heron")
	if !slices.Contains(heron.Words, "kettle") {
		t.Errorf("heron and kettle always come together: %v", heron.Words)
	}
	if n := len(heron.Citations); n != 4 {
		t.Errorf("heron has %d quotes, want 4", n)
	}
	for _, c := range heron.Citations {
		if strings.Contains(c.Quote.Text, "tea") {
			t.Errorf("small talk is in a thread: %q", c.Quote.Text)
		}
	}
	for _, th := range course.Threads {
		if slices.Contains(th.Words, "ladder") || slices.Contains(th.Words, "harbour") {
			t.Errorf("%v was said in one recording only", th.Words)
		}
		for i := 1; i < len(th.Citations); i++ {
			a, b := th.Citations[i-1], th.Citations[i]
			if a.Session > b.Session || a.Recording == b.Recording && a.Quote.Start > b.Quote.Start {
				t.Errorf("quotes of %v are out of order", th.Words)
			}
		}
	}
}

func TestCourseInsightSurvival(t *testing.T) {
	course := newCourse(t, nil, gardener()...)
	got := map[string]debrief.Fate{}
	for _, in := range course.Insights {
		got[strings.Fields(in.Quote.Text)[1]] = in.Fate
		if (len(in.Later) > 0) != (!slices.Contains([]debrief.Fate{debrief.FateNotMentioned, debrief.FateWaiting, debrief.FateUnasked}, in.Fate)) {
			t.Errorf("%s with %d later quotes: %q", in.Fate, len(in.Later), in.Quote.Text)
		}
	}
	want := map[string]debrief.Fate{"heron": debrief.FateMeaningful, "understood": debrief.FateChanged, "the": debrief.FateNotMentioned}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFates(t *testing.T) {
	insight := line{"breakthrough", "The heron guards the kettle."}
	for said, want := range map[string]debrief.Fate{
		"The heron and the kettle are gone.":                  debrief.FateGone,
		"The heron and the kettle have faded.":                debrief.FateGone,
		"The heron and the kettle have not faded.":            debrief.FateMeaningful,
		"The heron never vanished, nor did the kettle.":       debrief.FateMeaningful,
		"The heron looks different, and so does the kettle.":  debrief.FateChanged,
		"The heron is not any different, and the kettle too.": debrief.FateMeaningful,
		"The heron, the kettle. It has all gone.":             debrief.FateGone,
		"I've forgotten the heron and its kettle.":            debrief.FateGone,
		"I had soup.": debrief.FateNotMentioned,
		// What has gone is something else, or nobody says that it has.
		"The ache has gone, the heron and the kettle are there.":                      debrief.FateMeaningful,
		"I had forgotten how near the heron is, and the kettle.":                      debrief.FateMeaningful,
		"My headache disappeared when I thought of the heron and the kettle.":         debrief.FateMeaningful,
		"The fear of the heron and the kettle has faded.":                             debrief.FateMeaningful,
		"The heron lifted me over the kettle.":                                        debrief.FateMeaningful,
		"Have the heron and the kettle faded? Not one bit.":                           debrief.FateMeaningful,
		"If the heron and the kettle vanished I would miss them.":                     debrief.FateMeaningful,
		"My aunt said the heron and the kettle had vanished.":                         debrief.FateMeaningful,
		"I don't think for one minute that the heron and the kettle have ever faded.": debrief.FateMeaningful,
		"I have forgotten the most of it, but not the heron and the kettle.":          debrief.FateMeaningful,
		"The heron has gone quiet, and the kettle.":                                   debrief.FateChanged,
		"The kettle and the heron have gone a bit flat.":                              debrief.FateChanged,
	} {
		course := newCourse(t, nil, heardIn(1, debrief.Immediate, insight), heardIn(1, debrief.Followup, line{"still_meaningful", said}))
		if got := course.Insights[0].Fate; got != want {
			t.Errorf("%q: %s, want %s", said, got, want)
		}
	}
	for said, want := range map[string]debrief.Fate{
		"The heron and the kettle, I drew them on the tram.": debrief.FateMeaningful,
		"Is there tea in the kettle?":                        debrief.FateNotMentioned,
	} {
		course := newCourse(t, nil, heardIn(1, debrief.Immediate, insight), heardIn(1, debrief.Followup, line{"mood", "Calm."}, line{"", said}))
		if got := course.Insights[0].Fate; got != want {
			t.Errorf("untagged %q: %s, want %s", said, got, want)
		}
	}
	waiting := newCourse(t, nil, heardIn(1, debrief.Immediate, insight))
	if got := waiting.Insights[0].Fate; got != debrief.FateWaiting {
		t.Errorf("before the follow-up the fate is %s", got)
	}
	followup := heardIn(1, debrief.Followup, line{"still_meaningful", "I had soup."})
	followup.Transcript.Partial = []debrief.Span{{Start: 200000, End: 400000}}
	if got := newCourse(t, nil, heardIn(1, debrief.Immediate, insight), followup).Insights[0].Fate; got != debrief.FateWaiting {
		t.Errorf("with a follow-up half transcribed the fate is %s", got)
	}
	followup.Transcript.Partial, followup.Transcript.Utterances[0].Flags = nil, []debrief.Flag{debrief.FlagLowConfidence}
	if got := newCourse(t, nil, heardIn(1, debrief.Immediate, insight), followup).Insights[0].Fate; got != debrief.FateWaiting {
		t.Errorf("with a follow-up nobody can make out the fate is %s", got)
	}
	unasked := newCourse(t, nil, heardIn(1, debrief.Immediate, insight), heardIn(2, debrief.Followup, line{"still_meaningful", "The heron, the kettle."}))
	if got := unasked.Insights[0].Fate; got != debrief.FateUnasked {
		t.Errorf("without its own follow-up the fate is %s", got)
	}
}

func TestWhatDeniesAnInsightIsNone(t *testing.T) {
	for said, want := range map[string]int{
		"I'd have to say no. I wish I had something for you.": 0,
		"Not that I'd want to swear to.":                      0,
		"No, nothing.":                                        0,
		"He was never angry.":                                 1,
		"I was not listening and nobody died.":                1,
		"The quiet.":                                          1,
	} {
		if course := newCourse(t, nil, heardIn(1, debrief.Immediate, line{"breakthrough", said})); len(course.Insights) != want {
			t.Errorf("%q: %d insights, want %d", said, len(course.Insights), want)
		}
	}
}

func TestPrepSaysNothingTwice(t *testing.T) {
	prep := newCourse(t, nil, gardener()...).Prep
	seen, topics := map[debrief.Citation]bool{}, []string{}
	for _, l := range prep.Lines {
		if seen[l.Cites] {
			t.Errorf("twice: %q", l.Cites.Quote.Text)
		}
		seen[l.Cites] = true
		topics = append(topics, l.Topic)
	}
	if topics = slices.Compact(topics); !slices.Equal(topics, []string{"insight", "thread", "small change", "mood", "old pattern"}) {
		t.Errorf("topics %v", topics)
	}
}

func TestCourseMoodIsOnlyWhatWasSaid(t *testing.T) {
	course := newCourse(t, nil, gardener()...)
	if len(course.Moods) != 2 {
		t.Fatalf("%d moods, want the two of session 1: session 2 has none and gets none", len(course.Moods))
	}
	if m := course.Moods; !slices.Equal(m[0].Numbers, []string{"three", "six"}) || !slices.Equal(m[0].Values, []int{3, 6}) || m[1].Numbers != nil || m[1].Values != nil {
		t.Errorf("numbers %+v and %+v", m[0], m[1])
	}
}

func TestRatings(t *testing.T) {
	for said, want := range map[string][]string{
		"I'd say a six, it was a three when I came in.": {"six", "three"},
		"Seven out of ten.":                             {"seven"},
		"7/10 I suppose":                                {"7"},
		"From a 2 to a 4, maybe 5.":                     {"2", "4", "5"},
		"I slept two hours":                             nil,
		"About three there was a bad bit":               nil,
		"I have two sons and a cat":                     nil,
		"This one was hard.":                            nil,
		"A hundred.":                                    nil,
		"I'm like a twenty-three":                       nil,
		"Two out of three days were fine.":              nil,
		"Four out of five nights.":                      nil,
		"On a scale of one to ten, a four.":             {"four"},
		"It was not a six.":                             nil,
		"Not great, a four.":                            {"four"},
		"It's not a six, it's a seven.":                 {"seven"},
		"My wife said it's a nine.":                     nil,
		"I just said it's a nine.":                      {"nine"},
		"A ten out of ten.":                             {"ten"},
	} {
		if got := ratings(said); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", said, got, want)
		}
	}
}

func TestCourseChangesAndPatterns(t *testing.T) {
	course := newCourse(t, nil, gardener()...)
	if c := course.Changes[0]; len(c.Later) != 1 || !strings.HasPrefix(c.Later[0].Quote.Text, "The postcard") {
		t.Errorf("the postcard was not come back to: %+v", c.Later)
	}
	stove, rent := course.Patterns[0], course.Patterns[1]
	if stove.StillThere || len(stove.Returned) != 1 || stove.Returned[0].Session != 2 {
		t.Errorf("the stove, called silly, came back before the second treatment: %+v", stove)
	}
	if !rent.StillThere || rent.Returned != nil {
		t.Errorf("the worrying has not gone, so it cannot return: %+v", rent)
	}
}

func TestCourseAlignment(t *testing.T) {
	course := newCourse(t, nil, gardener()...)
	if len(course.Alignments) != 1 {
		t.Fatalf("%d alignments", len(course.Alignments))
	}
	a := course.Alignments[0]
	if a.Earlier != 1 || a.Refers == nil || !strings.HasPrefix(a.Refers.Quote.Text, "There was a copper kettle") {
		t.Errorf("refers to session %d, %+v", a.Earlier, a.Refers)
	}
}

func TestEarlierSession(t *testing.T) {
	for said, want := range map[string]int{
		"The first one was all noise.":                        1,
		"In the second treatment I was lost.":                 2,
		"Last time I sank.":                                   3,
		"The first thing I saw.":                              0,
		"The fifth one is to come.":                           0,
		"The first session was noise, the second one a boat.": 0,
		"Today was slow.":                                     0,
	} {
		if got := earlierSession(said, 4); got != want {
			t.Errorf("%q: %d, want %d", said, got, want)
		}
	}
}

func TestCourseCoverageAndPrep(t *testing.T) {
	course := newCourse(t, nil, gardener()...)
	if len(course.Treatments) != 2 {
		t.Fatalf("%d treatments", len(course.Treatments))
	}
	for _, c := range course.Treatments[0].Phases[1].Coverage {
		switch want := map[debrief.PromptID]int{"imagery": 1, "standout": 1, "breakthrough": 2}[c.Prompt]; {
		case c.Utterances != want:
			t.Errorf("%s is covered by %d utterances, want %d", c.Prompt, c.Utterances, want)
		case (c.Best != nil) != (want > 0):
			t.Errorf("%s: best quote %v", c.Prompt, c.Best)
		}
	}
	if len(course.Prep.Open) != prepOpen || !slices.Contains(course.Prep.Open, debrief.OpenAsk{Session: 2, Phase: debrief.Immediate, Prompt: "body"}) {
		t.Errorf("open: %v", course.Prep.Open)
	}
	if slices.Contains(course.Prep.Open, debrief.OpenAsk{Session: 1, Phase: debrief.Followup, Prompt: "alignment"}) {
		t.Error("the first treatment has nothing to be aligned with")
	}
	if course.Prep.Session != 3 {
		t.Errorf("prepares treatment %d, want 3", course.Prep.Session)
	}
	topics := map[string]int{}
	for _, l := range course.Prep.Lines {
		topics[l.Topic]++
	}
	for _, topic := range []string{"thread", "small change", "old pattern"} {
		if topics[topic] == 0 {
			t.Errorf("no line on %s", topic)
		}
	}
}

func TestAnAnswerInAnotherPhaseIsNotOpen(t *testing.T) {
	open := func(followup ...line) bool {
		course := newCourse(t, nil, heardIn(2, debrief.Immediate, followup...), heardIn(2, debrief.Followup, line{"still_meaningful mood", "The heron."}))
		return slices.Contains(course.Prep.Open, debrief.OpenAsk{Session: 2, Phase: debrief.Followup, Prompt: "alignment"})
	}
	all := line{"standout body imagery breakthrough", "A harbour."}
	if !open(all) {
		t.Error("nobody said how the treatment fits, and it is not open")
	}
	if open(all, line{"alignment", "The first time it was a heron, this was all harbour."}) {
		t.Error("how the treatment fits was said right after it, and is open")
	}
}

func TestPrepBeforeTheTreatmentKnowsItsHopes(t *testing.T) {
	course := newCourse(t, nil, append(gardener(), heardIn(3, debrief.Preparation, line{"intention.gain", "A summer of digging, that is all I hope for."}))...)
	if course.Prep.Session != 3 {
		t.Errorf("prepares treatment %d, want 3", course.Prep.Session)
	}
	if l := course.Prep.Lines[0]; l.Topic != "hope" || l.Cites.Session != 3 {
		t.Errorf("first line is %+v", l)
	}
}

// Before a follow-up there is no mood, change or pattern of the treatment yet: those of the one before are what a coach asks after.
func TestPrepBeforeTheFollowUp(t *testing.T) {
	course := newCourse(t, nil, append(gardener(), heardIn(3, debrief.Immediate, line{"breakthrough", "The lantern was mine to carry all along."}))...)
	got := map[string][]int{}
	for _, l := range course.Prep.Lines {
		got[l.Topic] = append(got[l.Topic], l.Cites.Session)
	}
	delete(got, "thread")
	want := map[string][]int{"hope": nil, "insight": {3, 1, 1, 1}, "small change": {2}, "mood": {1, 1}, "old pattern": {2, 2}}
	delete(want, "hope")
	if diff := cmp.Diff(want, got); diff != "" || course.Prep.Session != 4 {
		t.Errorf("prepares treatment %d; %s", course.Prep.Session, diff)
	}
}

func TestCourseMissingTreatmentShows(t *testing.T) {
	course := newCourse(t, nil, heardIn(3, debrief.Immediate, line{"imagery", "A harbour."}))
	if len(course.Treatments) != 3 {
		t.Fatalf("%d treatments, want 3: what was not recorded shows", len(course.Treatments))
	}
	for _, ph := range course.Treatments[0].Phases {
		if ph.Recordings != nil || ph.Coverage != nil {
			t.Errorf("treatment 1 has %+v", ph)
		}
	}
}

func TestCourseOfNothing(t *testing.T) {
	if c := newCourse(t, nil); len(c.Treatments) > 0 || len(c.Prep.Lines) > 0 || c.Prep.Session != 1 {
		t.Errorf("a course of no recordings is %+v", c)
	}
	notYet := heardIn(1, debrief.Immediate)
	notYet.Transcript, notYet.Tags = nil, nil
	if c := newCourse(t, nil, notYet); len(c.Treatments) != 1 || len(c.Prep.Lines) > 0 {
		t.Errorf("a recording not transcribed yet makes %+v", c)
	}
}

// The course must not depend on the order in which a store lists recordings, and every line must be the client's words.
func TestCourseIsDeterministicAndCitesOnlyTheClient(t *testing.T) {
	heard := gardener()
	want := newCourse(t, nil, heard...)
	slices.Reverse(heard)
	if diff := cmp.Diff(want, newCourse(t, nil, heard...)); diff != "" {
		t.Errorf("another order, another course:\n%s", diff)
	}
	check := func(c debrief.Citation) {
		i := slices.IndexFunc(heard, func(h Heard) bool { return h.Recording.ID == c.Recording })
		if i < 0 {
			t.Fatalf("cites recording %q", c.Recording)
		}
		if q, ok := FindQuote(heard[i].Transcript, debrief.SpeakerClient, c.Quote.Utterance, c.Quote.Text); !ok || q != c.Quote {
			t.Errorf("%q does not verify", c.Quote.Text)
		}
	}
	for _, th := range want.Threads {
		for _, c := range th.Citations {
			check(c)
		}
	}
	for _, l := range want.Prep.Lines {
		check(l.Cites)
	}
	for _, in := range want.Insights {
		check(in.Citation)
		for _, c := range in.Later {
			check(c)
		}
	}
}

func TestNewCoursesRefusesABadScheme(t *testing.T) {
	if _, err := NewCourses(CourseConfig{}); err == nil {
		t.Error("no error")
	}
}

// The voiced samples, compared with the real encoder: the boat returns, and what was understood is still there hours later.
func TestCourseOfTheSamples(t *testing.T) {
	dir, err := models.Find()
	if err != nil {
		t.Fatal(err)
	}
	encoder, err := NewEncoder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer encoder.Close()
	var heard []Heard
	for name, phase := range map[string]debrief.Phase{"c01_s2_immediate": debrief.Immediate, "c01_s2_followup": debrief.Followup} {
		rec, tr, tags := sampleDebrief(t, name, phase)
		rec.ID = debrief.RecordingID(name)
		heard = append(heard, Heard{rec, tr, tags})
	}
	course := newCourse(t, encoder, heard...)
	if len(course.Threads) == 0 || !slices.Contains(course.Threads[0].Words, "boat") {
		t.Errorf("the first thread is not the boat: %+v", course.Threads)
	}
	fates := map[debrief.Fate]int{}
	for _, in := range course.Insights {
		fates[in.Fate]++
		if strings.Contains(in.Quote.Text, "never angry") && in.Fate != debrief.FateMeaningful {
			t.Errorf("%q is %s at the follow-up", in.Quote.Text, in.Fate)
		}
		if strings.Contains(in.Quote.Text, "how safe it was") && in.Fate != debrief.FateNotMentioned {
			t.Errorf("%q is %s at the follow-up, from %+v", in.Quote.Text, in.Fate, in.Later)
		}
	}
	if fates[debrief.FateMeaningful] == 0 || fates[debrief.FateNotMentioned] == 0 {
		t.Errorf("fates %v", fates)
	}
	if m := course.Moods[0]; !slices.Equal(m.Numbers, []string{"three", "six"}) {
		t.Errorf("mood numbers %v in %q", m.Numbers, m.Quote.Text)
	}
}
