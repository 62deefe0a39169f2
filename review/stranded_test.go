package review_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"debrief"
	"debrief/review"
)

// recut is a store whose transcripts can be made again, cut differently.
type recut struct {
	review.Library
	again atomic.Bool
}

func (r *recut) Load(ctx context.Context, rec *debrief.Recording, doc any) (string, error) {
	version, err := r.Library.Load(ctx, rec, doc)
	if t, ok := doc.(*debrief.Transcript); ok && err == nil && r.again.Load() {
		// Utterances 3 and 4 become one, which answers to neither; all after them move up.
		var out []debrief.Utterance
		for i, u := range t.Utterances {
			if i == 4 {
				last := &out[len(out)-1]
				last.End, last.Text, last.Words, last.Speaker = u.End, last.Text+" "+u.Text, nil, u.Speaker
				last.Start = u.Start - (u.End-u.Start)/2*3
				continue
			}
			out = append(out, u)
		}
		t.Utterances = out
	}
	return version, err
}

func TestStranded(t *testing.T) {
	store := &recut{}
	p := newPage(t, func(c *review.Config) { store.Library = c.Library; c.Library = store })
	must(t, p, `{"kind":"text",`+fourth+`,"text":"My mother was there, young.","seen":"`+fourthText+`"}`)
	must(t, p, `{"kind":"tag",`+fourth+`,"prompt":"body","verdict":"set","seen":""}`)
	store.again.Store(true)
	page := get(t, p, complete).Body.String()
	if !strings.Contains(page, "Corrections without a place") || !strings.Contains(page, "My mother was there, young. · Body set") {
		t.Fatal("what is stranded is not shown")
	}
	at := between(t, page, `class="stranded" `, `>`)
	start, end, u, now := attr(t, at, "data-start"), attr(t, at, "data-end"), attr(t, at, "data-u"), attr(t, at, "data-at")
	seen := between(t, page, `id="t`+u+`">`, `<`)
	where := fmt.Sprintf(`"stranded":{"start":%s,"end":%s}`, start, end)

	let := must(t, p, `{"kind":"settle",`+where+`,"seen":""}`)
	if strings.Contains(let.Aside, "without a place") {
		t.Error("let go, and still shown")
	}
	if code, out := send(t, p, complete, `{"kind":"settle",`+where+`,"seen":""}`); code != http.StatusConflict {
		t.Errorf("let go twice: status %d, %q", code, out.Theirs)
	}
	if back := must(t, p, string(let.Undo)); !strings.Contains(back.Aside, "without a place") {
		t.Error("letting go is not undone")
	}
	placed := must(t, p, `{"kind":"place",`+where+`,"utterance":`+u+`,"start":`+now+`,"seen":"`+seen+`"}`)
	if strings.Contains(placed.Aside, "without a place") || !strings.Contains(placed.Rows[0], ">My mother was there, young.<") || !strings.Contains(placed.Rows[0], `data-p="body`) {
		t.Errorf("put there: %s", placed.Rows[0])
	}
	undone := must(t, p, string(placed.Undo))
	if !strings.Contains(undone.Aside, "without a place") || !strings.Contains(undone.Rows[0], ">"+seen+"<") || strings.Contains(undone.Rows[0], `data-p="body`) {
		t.Errorf("taken back: %s", undone.Rows[0])
	}
	for _, body := range []string{
		`{"kind":"settle","seen":""}`, `{"kind":"settle","stranded":{"start":1,"end":2},"seen":""}`,
		`{"kind":"place","stranded":{"start":1,"end":2},"utterance":` + u + `,"start":` + now + `,"seen":"` + seen + `"}`,
	} {
		if code, _ := send(t, p, complete, body); code != http.StatusBadRequest {
			t.Errorf("%s: status %d", body, code)
		}
	}
}

// TestOldPage changes an utterance on a page that is older than the transcript: the answer says
// where those words are now, and there mine can be kept.
func TestOldPage(t *testing.T) {
	store := &recut{}
	p := newPage(t, func(c *review.Config) { store.Library = c.Library; c.Library = store })
	store.again.Store(true)
	code, out := send(t, p, complete, `{"kind":"text",`+fourth+`,"text":"Mine.","seen":"`+fourthText+`"}`)
	if code != http.StatusConflict || out.Moved.Utterance != 3 || !strings.HasSuffix(out.Theirs, fourthText) {
		t.Fatalf("status %d, moved to %+v, theirs %q", code, out.Moved, out.Theirs)
	}
	kept := must(t, p, fmt.Sprintf(`{"kind":"text","utterance":%d,"start":%d,"text":"Mine.","seen":%q}`, out.Moved.Utterance, out.Moved.Start, out.Theirs))
	if !strings.Contains(kept.Rows[0], ">Mine.<") {
		t.Errorf("row %s", kept.Rows[0])
	}
}

func TestNoteChangedAndTakenAway(t *testing.T) {
	p := newPage(t, nil)
	made := must(t, p, `{"kind":"note",`+fourth+`,"text":"ask about the photograph","private":true}`)
	n := attr(t, made.Rows[0], "data-note")
	changed := must(t, p, `{"kind":"note",`+fourth+`,"note":`+n+`,"text":"ask about the photo","private":false,"seen":"ask about the photograph"}`)
	if !strings.Contains(changed.Rows[0], "ask about the photo<") || strings.Contains(changed.Rows[0], "note private") || strings.Contains(changed.Rows[0], "photograph") {
		t.Errorf("changed: %s", changed.Rows[0])
	}
	code, clash := send(t, p, complete, `{"kind":"note",`+fourth+`,"note":`+n+`,"text":"","seen":"ask about the photograph"}`)
	if code != http.StatusConflict || clash.Theirs != "ask about the photo" {
		t.Errorf("taken away what somebody changed: status %d, theirs %q", code, clash.Theirs)
	}
	gone := must(t, p, `{"kind":"note",`+fourth+`,"note":`+n+`,"text":"","seen":"ask about the photo"}`)
	if strings.Contains(gone.Rows[0], "ask about") {
		t.Errorf("taken away, and still there: %s", gone.Rows[0])
	}
	code, clash = send(t, p, complete, `{"kind":"note",`+fourth+`,"note":`+n+`,"text":"mine","seen":"ask about the photo"}`)
	if code != http.StatusConflict || clash.Theirs != "removed" {
		t.Errorf("changed what was taken away: status %d, theirs %q", code, clash.Theirs)
	}
	if back := must(t, p, string(gone.Undo)); !strings.Contains(back.Rows[0], "ask about the photo<") {
		t.Errorf("brought back: %s", back.Rows[0])
	}
	whole := must(t, p, `{"kind":"note","text":"a calm session"}`)
	if undone := must(t, p, string(whole.Undo)); strings.Contains(undone.Aside, "a calm session") {
		t.Error("a note on the recording is not undone")
	}
	for _, body := range []string{`{"kind":"note","note":99,"text":"x"}`, `{"kind":"note","note":-1,"text":""}`} {
		if code, _ := send(t, p, complete, body); code != http.StatusBadRequest {
			t.Errorf("%s: status %d", body, code)
		}
	}
}

// TestPrivateNoteIsTheAuthors has another person look at the same recording.
func TestPrivateNoteIsTheAuthors(t *testing.T) {
	var same review.Config
	p := newPage(t, func(c *review.Config) { same = *c })
	made := must(t, p, `{"kind":"note",`+fourth+`,"text":"for me alone","private":true}`)
	same.Author = "somebody else"
	other, err := review.New(same)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(get(t, other, complete).Body.String(), "for me alone") {
		t.Error("somebody else reads a private note")
	}
	code, out := send(t, other, complete, `{"kind":"note",`+fourth+`,"note":`+attr(t, made.Rows[0], "data-note")+`,"text":"","seen":""}`)
	if code != http.StatusBadRequest || strings.Contains(out.Theirs, "alone") {
		t.Errorf("somebody else takes it away: status %d, theirs %q", code, out.Theirs)
	}
}

// TestPrivateNoteIsForgotten looks into the store: words of a private note that was changed or
// taken away are in it no more, and yet both can be undone.
func TestPrivateNoteIsForgotten(t *testing.T) {
	var same review.Config
	p := newPage(t, func(c *review.Config) { same = *c })
	kept := func() string {
		var r debrief.Review
		if _, err := same.Library.Load(t.Context(), &debrief.Recording{ID: "01DEMQ00000000000000000005", Client: "maya"}, &r); err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(r.Notes)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	made := must(t, p, `{"kind":"note",`+fourth+`,"text":"first words","private":true}`)
	n := attr(t, made.Rows[0], "data-note")
	changed := must(t, p, `{"kind":"note",`+fourth+`,"note":`+n+`,"text":"other words","private":true,"seen":"first words"}`)
	if got := kept(); strings.Contains(got, "first") || !strings.Contains(got, "other") {
		t.Errorf("changed, and the store has %s", got)
	}
	gone := must(t, p, `{"kind":"note",`+fourth+`,"note":`+attr(t, changed.Rows[0], "data-note")+`,"text":"","private":true,"seen":"other words"}`)
	if got := kept(); strings.Contains(got, "words") {
		t.Errorf("taken away, and the store has %s", got)
	}
	must(t, p, string(gone.Undo))
	back := must(t, p, string(changed.Undo))
	if !strings.Contains(back.Rows[0], "first words") || strings.Contains(kept(), "other words") {
		t.Errorf("undone: %s, and the store has %s", back.Rows[0], kept())
	}
	shared := must(t, p, `{"kind":"note","text":"for all"}`)
	must(t, p, `{"kind":"note","note":`+attr(t, between(t, shared.Aside, `<div class="note" `, ">")+`"`, "data-note")+`,"text":"for me","private":true,"seen":"for all"}`)
	if got := kept(); strings.Contains(got, "for all") {
		t.Errorf("made private, and the store has %s", got)
	}
}

func TestHiddenComesBack(t *testing.T) {
	p := newPage(t, nil)
	line := `"kind":"sentence",` + fourth + `,"prompt":"standout","quote":"` + fourthText + `"`
	must(t, p, `{`+line+`,"text":"Her mother, young.","seen":"`+fourthText+`"}`)
	must(t, p, `{`+line+`,"hidden":true,"seen":"Her mother, young."}`)
	page := get(t, p, complete).Body.String()
	if !strings.Contains(page, "1 sentence is hidden") || !strings.Contains(page, `data-full="Her mother, young."`) {
		t.Fatal("a hidden sentence cannot be found again")
	}
	back := must(t, p, `{`+line+`,"text":"Her mother, young.","seen":""}`)
	if !strings.Contains(back.Aside, `class="said">Her mother, young.`) || strings.Contains(back.Aside, "is hidden") {
		t.Errorf("shown again: %s", back.Aside)
	}
}

func between(t testing.TB, s, before, after string) string {
	t.Helper()
	_, rest, ok := strings.Cut(s, before)
	out, _, ok2 := strings.Cut(rest, after)
	if !ok || !ok2 {
		t.Fatalf("nothing between %q and %q", before, after)
	}
	return out
}

func attr(t testing.TB, s, name string) string {
	t.Helper()
	return between(t, s, name+`="`, `"`)
}
