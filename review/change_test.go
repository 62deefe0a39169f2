package review_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"debrief"
	"debrief/review"
	"debrief/review/demo"
)

// reply is what a change is answered with.
type reply struct {
	Rows    []string
	Aside   string
	Undo    json.RawMessage
	Theirs  string
	Moved   struct{ Utterance, Start int }
	Problem string
}

func send(t testing.TB, h http.Handler, path, body string, headers ...string) (int, reply) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path+"/review", strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var out reply
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatalf("answer: %v", err)
		}
	}
	return w.Code, out
}

// must sends a change that has to be taken.
func must(t testing.TB, h http.Handler, body string) reply {
	t.Helper()
	code, out := send(t, h, complete, body)
	if code != http.StatusOK {
		t.Fatalf("%s: status %d, theirs %q, problem %q", body, code, out.Theirs, out.Problem)
	}
	return out
}

// Utterance 4 of the complete recording, as the demo has it.
const (
	fourth     = `"utterance":4,"start":387840`
	fourthText = `My mother was there. She was young, younger than me, and she had no idea what she was doing.`
)

func TestText(t *testing.T) {
	p := newPage(t, nil)
	if found := get(t, p, "/search?q=younger+than+me&client=maya").Body.String(); !strings.Contains(found, "1 passage") {
		t.Error("search does not find the words")
	}
	out := must(t, p, `{"kind":"text",`+fourth+`,"text":"  My mother\n was there. ","seen":"`+fourthText+`"}`)
	if !strings.Contains(out.Rows[0], ">My mother was there.<") || !strings.Contains(out.Rows[0], "Edited by coach, 20 Nov 2026") || !strings.Contains(out.Rows[0], fourthText) {
		t.Errorf("row %s", out.Rows[0])
	}
	if !strings.Contains(out.Aside, "the words were edited") {
		t.Error("the summary still says what the words no longer prove")
	}
	if page := get(t, p, complete).Body.String(); !strings.Contains(page, "My mother was there.</p>") {
		t.Error("the page has the old words")
	}
	if hits := get(t, p, "/search?q=younger+than+me&client=maya").Body.String(); !strings.Contains(hits, "Nothing found") {
		t.Error("search finds words that were edited away")
	}
	code, clash := send(t, p, complete, `{"kind":"text",`+fourth+`,"text":"Mine","seen":"`+fourthText+`"}`)
	if code != http.StatusConflict || clash.Theirs != "My mother was there." {
		t.Errorf("an edit of words that are no longer there: status %d, theirs %q", code, clash.Theirs)
	}
	if same := must(t, p, `{"kind":"text",`+fourth+`,"text":"My mother was there.","seen":"`+fourthText+`"}`); string(same.Undo) != "" {
		t.Errorf("the same words a second time are undone by %s", same.Undo)
	}
	undone := must(t, p, string(out.Undo))
	if !strings.Contains(undone.Rows[0], ">"+fourthText+"</p>") {
		t.Errorf("undone: %s", undone.Rows[0])
	}
}

// TestTextYields has an edit give way to somebody else's: the history has both.
func TestTextYields(t *testing.T) {
	p := newPage(t, nil)
	must(t, p, `{"kind":"text",`+fourth+`,"text":"Theirs.","seen":"`+fourthText+`"}`)
	out := must(t, p, `{"kind":"text",`+fourth+`,"text":"Mine.","seen":"Theirs.","yields":true}`)
	if !strings.Contains(out.Rows[0], ">Theirs.</p>") || !strings.Contains(between(t, out.Rows[0], "<ol>", "</ol>"), "Mine.") || string(out.Undo) != "" {
		t.Errorf("row %s, undone by %s", out.Rows[0], out.Undo)
	}
	if code, clash := send(t, p, complete, `{"kind":"text",`+fourth+`,"text":"Mine.","seen":"`+fourthText+`","yields":true}`); code != http.StatusConflict || clash.Theirs != "Theirs." {
		t.Errorf("gave way to words never seen: status %d, theirs %q", code, clash.Theirs)
	}
}

func TestSpeaker(t *testing.T) {
	p := newPage(t, nil)
	out := must(t, p, `{"kind":"speaker",`+fourth+`,"speaker":"coach","seen":"client"}`)
	if history := between(t, out.Rows[0], "<ol>", "</ol>"); !strings.Contains(history, "As heard, Client") || !strings.Contains(history, "Speaker: Coach") {
		t.Errorf("history %s", history)
	}
	if len(out.Rows) != 2 || !strings.Contains(out.Rows[0], `class="u coach turn"`) || strings.Contains(out.Rows[1], "turn") {
		t.Errorf("rows %q", out.Rows)
	}
	undone := must(t, p, string(out.Undo))
	if !strings.Contains(undone.Rows[0], `class="u client"`) {
		t.Errorf("undone: %s", undone.Rows[0])
	}
}

func TestTag(t *testing.T) {
	p := newPage(t, nil)
	const suggestion = `"utterance":12,"start":`
	page := get(t, p, complete).Body.String()
	_, row, _ := strings.Cut(page, `id="u12"`)
	_, row, _ = strings.Cut(row, `data-at="`)
	start, _, _ := strings.Cut(row, `"`)
	at := suggestion + start
	out := must(t, p, `{"kind":"tag",`+at+`,"prompt":"alignment","verdict":"accepted","seen":"suggested"}`)
	if !strings.Contains(out.Rows[0], `data-p="alignment imagery"`) {
		t.Errorf("accepted: %s", out.Rows[0])
	}
	undone := must(t, p, string(out.Undo))
	if !strings.Contains(undone.Rows[0], `chip suggested`) || !strings.Contains(undone.Rows[0], `data-p="imagery"`) {
		t.Errorf("undone: %s", undone.Rows[0])
	}
	out = must(t, p, `{"kind":"tag",`+at+`,"prompt":"alignment","verdict":"rejected","seen":"suggested"}`)
	if strings.Contains(out.Rows[0], "suggested") {
		t.Errorf("rejected: %s", out.Rows[0])
	}
	code, clash := send(t, p, complete, `{"kind":"tag",`+at+`,"prompt":"alignment","verdict":"accepted","seen":"suggested"}`)
	if code != http.StatusConflict || clash.Theirs != "rejected" {
		t.Errorf("accepted what was rejected: status %d, theirs %q", code, clash.Theirs)
	}
	out = must(t, p, `{"kind":"tag",`+fourth+`,"prompt":"body","verdict":"set","seen":""}`)
	if !strings.Contains(out.Rows[0], `data-p="body standout"`) {
		t.Errorf("set: %s", out.Rows[0])
	}
	undone = must(t, p, string(out.Undo))
	if !strings.Contains(undone.Rows[0], `data-p="standout"`) {
		t.Errorf("undone: %s", undone.Rows[0])
	}
}

// What changes what counts as said or tagged is told, so that it is tagged and summarised anew; a note changes neither.
func TestChangesAreTold(t *testing.T) {
	told := 0
	h := newPage(t, func(c *review.Config) {
		c.Changed = func(client debrief.ClientID, id debrief.RecordingID) {
			if strings.HasSuffix(complete, string(client)+"/recordings/"+string(id)) {
				told++
			}
		}
	})
	must(t, h, `{"kind":"text",`+fourth+`,"seen":"`+fourthText+`","text":"She was young."}`)
	must(t, h, `{"kind":"note",`+fourth+`,"text":"Ask."}`)
	if code, _ := send(t, h, complete, `{"kind":"text",`+fourth+`,"seen":"something else","text":"x"}`); code != http.StatusConflict || told != 1 {
		t.Errorf("status %d, told %d times, want once", code, told)
	}
}

// A server that was started anew knows of no change: whoever opens a recording has it caught up with what was corrected.
func TestCatchesUp(t *testing.T) {
	store := newStore(t)
	opened := func() (told int) {
		h := pageOver(t, store, func(c *review.Config) { c.Changed = func(debrief.ClientID, debrief.RecordingID) { told++ } })
		if answer := get(t, h, complete); answer.Code != http.StatusOK {
			t.Fatalf("status %d", answer.Code)
		}
		return told
	}
	if n := opened(); n != 0 {
		t.Errorf("nothing was corrected, and it was told %d times", n)
	}
	must(t, pageOver(t, store, nil), `{"kind":"text",`+fourth+`,"seen":"`+fourthText+`","text":"She was young."}`)
	if n := opened(); n != 1 {
		t.Errorf("a correction was told %d times to the next server", n)
	}
}

func TestNotes(t *testing.T) {
	p := newPage(t, nil)
	out := must(t, p, `{"kind":"note",`+fourth+`,"text":"ask about the photograph","private":true}`)
	if !strings.Contains(out.Rows[0], "note private") || !strings.Contains(out.Rows[0], "ask about the photograph") {
		t.Errorf("row %s", out.Rows[0])
	}
	out = must(t, p, `{"kind":"note","text":"<b>calm</b> session"}`)
	if !strings.Contains(out.Aside, "&lt;b&gt;calm&lt;/b&gt; session") {
		t.Errorf("aside %s", out.Aside)
	}
	if hits := get(t, p, "/search?q=photograph&client=maya").Body.String(); strings.Contains(hits, "ask about") {
		t.Error("search shows a private note")
	}
}

func TestSummary(t *testing.T) {
	p := newPage(t, nil)
	line := `"kind":"sentence",` + fourth + `,"prompt":"standout","quote":"` + fourthText + `"`
	hidden := must(t, p, `{`+line+`,"hidden":true,"seen":"`+fourthText+`"}`)
	// It stands below, folded up, among those that can be brought back.
	if shown, folded, _ := strings.Cut(hidden.Aside, "hidden-lines"); strings.Contains(shown, fourthText) || !strings.Contains(folded, fourthText) {
		t.Error("hidden, and still shown, or not to be brought back")
	}
	back := must(t, p, string(hidden.Undo))
	if !strings.Contains(back.Aside, fourthText) {
		t.Error("hiding is not undone")
	}
	out := must(t, p, `{`+line+`,"text":"Her mother appeared, young.","seen":"`+fourthText+`"}`)
	if !strings.Contains(out.Aside, "Her mother appeared, young.") || !strings.Contains(out.Aside, fourthText) {
		t.Errorf("reworded without its proof: %s", out.Aside)
	}
	if code, _ := send(t, p, complete, `{`+line+`,"text":"Other","seen":"`+fourthText+`"}`); code != http.StatusConflict {
		t.Errorf("reworded what was reworded: status %d", code)
	}
	pinned := must(t, p, `{`+line+`,"seen":""}`)
	if !strings.Contains(pinned.Aside, "Her mother appeared, young.") || string(pinned.Undo) != "" {
		t.Errorf("pinned what is in the summary, undone by %s: %s", pinned.Undo, pinned.Aside)
	}
	must(t, p, `{`+line+`,"hidden":true,"seen":"Her mother appeared, young."}`)
	if code, clash := send(t, p, complete, `{`+line+`,"text":"Other","seen":"Her mother appeared, young."}`); code != http.StatusConflict || clash.Theirs != "hidden" {
		t.Errorf("reworded what somebody else has hidden: status %d, theirs %q", code, clash.Theirs)
	}
	if code, clash := send(t, p, complete, string(out.Undo)); code != http.StatusConflict || clash.Theirs != "hidden" {
		t.Errorf("a rewording of what is hidden was taken back: status %d, theirs %q", code, clash.Theirs)
	}
	must(t, p, `{`+line+`,"text":"Her mother appeared, young.","seen":""}`)
	code, _ := send(t, p, complete, `{"kind":"sentence",`+fourth+`,"prompt":"standout","quote":"I saw a dragon","seen":""}`)
	if code != http.StatusConflict {
		t.Errorf("a quote nobody said: status %d", code)
	}
}

func TestChangeRefused(t *testing.T) {
	p := newPage(t, nil)
	for name, c := range map[string]struct {
		body string
		code int
	}{
		"NotJSON":          {`{`, 400},
		"UnknownKind":      {`{"kind":"burn",` + fourth + `}`, 400},
		"NoUtterance":      {`{"kind":"text","text":"x"}`, 400},
		"UtteranceTooHigh": {`{"kind":"text","utterance":999,"text":"x"}`, 400},
		"UtteranceBelow":   {`{"kind":"text","utterance":-1,"text":"x"}`, 400},
		"OtherTranscript":  {`{"kind":"text","utterance":4,"start":1,"text":"x","seen":"y"}`, 409},
		"UnknownPrompt":    {`{"kind":"tag",` + fourth + `,"prompt":"nope","verdict":"set"}`, 400},
		"UnknownVerdict":   {`{"kind":"tag",` + fourth + `,"prompt":"body","verdict":"maybe"}`, 400},
		"UnknownSpeaker":   {`{"kind":"speaker",` + fourth + `,"speaker":"ghost","seen":"client"}`, 400},
		"EmptyNote":        {`{"kind":"note","text":"  "}`, 400},
		"TooLong":          {`{"kind":"note","text":"` + strings.Repeat("a", 30_000) + `"}`, 400},
		"MuchTooLong":      {`{"kind":"note","text":"` + strings.Repeat("a", 100_000) + `"}`, 400},
	} {
		t.Run(name, func(t *testing.T) {
			if code, _ := send(t, p, complete, c.body); code != c.code {
				t.Errorf("status %d, want %d", code, c.code)
			}
		})
	}
	if code, _ := send(t, p, complete, `{"kind":"note","text":"x"}`, "Sec-Fetch-Site", "cross-site"); code != http.StatusForbidden {
		t.Errorf("from another site: status %d", code)
	}
	if code, _ := send(t, p, complete, `{"kind":"note","text":"x"}`, "Origin", "https://evil.example"); code != http.StatusForbidden {
		t.Errorf("from another origin: status %d", code)
	}
}

// TestManyAtOnce has many people change one recording at the same time: nobody's work is lost.
func TestManyAtOnce(t *testing.T) {
	store := newStore(t)
	p := pageOver(t, store, nil)
	const people = 6
	var g sync.WaitGroup
	for i := range people {
		g.Go(func() {
			if code, _ := send(t, p, complete, `{"kind":"note","text":"note `+string(rune('a'+i))+`"}`); code != http.StatusOK {
				t.Errorf("note %d: status %d", i, code)
			}
		})
	}
	g.Wait()
	rec, _, err := store.Recording(context.Background(), demo.Maya, "01DEMQ00000000000000000005")
	if err != nil {
		t.Fatal(err)
	}
	var r debrief.Review
	if _, err := store.Load(context.Background(), rec, &r); err != nil || len(r.Notes) != people {
		t.Errorf("%d notes kept of %d: %v", len(r.Notes), people, err)
	}
}

func shoutChange(t testing.TB, h http.Handler, body string) (*http.Request, *browser) {
	t.Helper()
	return shout(t, h, "POST "+complete+"/review HTTP/1.1", []byte(body))
}

// FuzzChange has a coach do two things to a recording, whose transcript may be made again between
// them, and take back what was done: whatever is refused has changed nothing.
func FuzzChange(f *testing.F) {
	machine := &recut{}
	p, store := hostilePage(f, newStore(f), func(c *review.Config) { machine.Library, c.Library = c.Library, machine })
	p.Survey()
	mine := `{"kind":"text",` + fourth + `,"text":"Mine.","seen":"` + fourthText + `"}`
	for _, other := range []string{
		`{"kind":"text",` + fourth + `,"text":"Other","seen":"Mine."}`,
		`{"kind":"tag",` + fourth + `,"prompt":"body","verdict":"set","seen":""}`,
		`{"kind":"sentence",` + fourth + `,"prompt":"standout","quote":"My mother","seen":""}`,
		`{"kind":"sentence",` + fourth + `,"prompt":"standout","quote":"Mine","hidden":true,"seen":"x"}`,
		`{"kind":"note","text":"x","private":true}`,
		`{"kind":"note",` + fourth + `,"note":0,"text":"","seen":"x"}`,
		`{"kind":"speaker",` + fourth + `,"speaker":"unknown","seen":"client"}`,
		`{"kind":"settle","stranded":{"start":387840,"end":484800},"back":true}`,
		`{"kind":"place","utterance":5,"start":484800,"stranded":{"start":387840,"end":484800},"seen":""}`,
		`{"kind":"place",` + fourth + `,"stranded":{"start":-9223372036854775808,"end":9223372036854775807},"seen":""}`,
		`[]`,
	} {
		for _, again := range []bool{false, true} {
			f.Add(mine, other, again)
			f.Add(other, other, again)
		}
	}
	// What was done to the fourth utterance has no place once the transcript was made again.
	if _, b := shoutChange(f, p, mine); b.Code != http.StatusOK {
		f.Fatal(b.Body)
	}
	machine.again.Store(true)
	strand := between(f, get(f, p, "http://localhost"+complete).Body.String(), `class="stranded" `, `>`)
	where := fmt.Sprintf(`"stranded":{"start":%s,"end":%s}`, attr(f, strand, "data-start"), attr(f, strand, "data-end"))
	now := between(f, get(f, p, "http://localhost"+complete).Body.String(), `id="t`+attr(f, strand, "data-u")+`">`, `<`)
	f.Add(mine, `{"kind":"settle",`+where+`,"seen":""}`, true)
	f.Add(mine, fmt.Sprintf(`{"kind":"place",%s,"utterance":%s,"start":%s,"seen":%q}`, where, attr(f, strand, "data-u"), attr(f, strand, "data-at"), now), true)
	f.Fuzz(func(t *testing.T, first, second string, again bool) {
		store.reset(0)
		machine.again.Store(false)
		for _, body := range []string{first, second} {
			before := store.review("01DEMQ00000000000000000005")
			r, b := shoutChange(t, p, body)
			harmless(t, r, body+first, b, false)
			after := store.review("01DEMQ00000000000000000005")
			if b.Code != http.StatusOK && before != after {
				t.Errorf("%q is refused with %d, and has changed something", body, b.Code)
			}
			if b.Code == http.StatusOK && before == after {
				t.Errorf("%q is taken, and has changed nothing", body)
			}
			var out reply
			if b.Code == http.StatusOK && json.Unmarshal(b.Body.Bytes(), &out) == nil && out.Undo != nil {
				r, b := shoutChange(t, p, string(out.Undo))
				if harmless(t, r, body+first, b, false); b.Code != http.StatusOK {
					t.Errorf("%q cannot be undone with %s: status %d %s", body, out.Undo, b.Code, b.Body)
				}
				shoutChange(t, p, body)
			}
			r, b = shout(t, p, "GET "+complete+" HTTP/1.1", nil)
			harmless(t, r, first+second, b, false)
			machine.again.Store(again)
		}
	})
}
