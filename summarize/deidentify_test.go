package summarize

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"debrief"

	"github.com/kljensen/snowball/english"
)

func TestHide(t *testing.T) {
	tr := &debrief.Transcript{Utterances: []debrief.Utterance{
		{Speaker: debrief.SpeakerClient, Text: "I saw Gordon's coat. Gordon was there, and Mary Ann, on Tuesday."},
		{Speaker: debrief.SpeakerClient, Text: "Write to jo.b@example.org or call 020 7946 0018, I paid 350 for it. I said gordon again."},
		{Speaker: debrief.SpeakerClient, Text: "Thelonious never came. The boat came, and the lamp, boat after boat. Boat."},
		{Speaker: debrief.SpeakerClient, Text: "Quietness fell in Skipton."},
		{Speaker: debrief.SpeakerClient, Text: "Write to osbert.pym@example.org or @osbert_p. I saw dr klein too."},
	}}
	a := newAlias(tr, []string{"Will Byrne"})
	for _, c := range []struct{ in, want string }{
		{"I saw Gordon's coat. Gordon was there, and Mary Ann, on Tuesday.", "I saw NAME_3's coat. NAME_3 was there, and NAME_4 NAME_5, on Tuesday."},
		{"I said gordon again.", "I said NAME_3 again."},
		{"Fell in Skipton.", "Fell in NAME_6."},
		{"Will will come, Byrne said.", "NAME_1 will come, NAME_2 said."},
		{"Thelonious never came. Boat.", "NAME_7 never came. Boat."},
		{"Write to jo.b@example.org and pay 350.", "Write to NAME_8 and pay 350."},
		{"Osbert wrote.", "NAME_9 wrote."}, // an address teaches nobody that it is a word
		{"We wrote to @osbert_p.", "We wrote to NAME_10"},
		{"Dr. Anholt sang.", "Dr. NAME_11 sang."},
		{"Or call 020 7946 0018 then", "Or call NAME_12 then"},
	} {
		if got := a.hide(c.in); got != c.want {
			t.Errorf("%q:\n got %q\nwant %q", c.in, got, c.want)
		}
	}
	for in, want := range map[string]string{
		"NAME_3 was there":       "Gordon was there",
		"name 3's coat, Name_4.": "Gordon's coat, Mary.",
		"NAME_99 was there":      "NAME_99 was there",
		"call NAME_12":           "call 020 7946 0018",
	} {
		if got := a.show(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// Hidden and shown again, every utterance of the corpus still verifies word for word: nothing is lost on the way.
func TestHiddenTextComesBack(t *testing.T) {
	for i, tr := range corpusTranscripts(t) {
		if i%5 > 0 {
			continue // a fifth of them is some two thousand utterances
		}
		a := newAlias(tr, nil)
		for i, u := range tr.Utterances {
			back := a.show(a.hide(u.Text))
			if q, ok := FindQuote(tr, u.Speaker, i, back); !ok && len(essential(spokenWords(u.Text))) > 0 {
				t.Errorf("%q came back as %q (%q)", u.Text, back, q.Text)
			}
		}
	}
}

// Every client of the corpus has a name in its header. Whoever is called by it, or names somebody inside a sentence, is hidden.
func TestNoNameOfTheCorpusGoesOut(t *testing.T) {
	files, err := filepath.Glob("corpus/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no corpus")
	}
	client := regexp.MustCompile(`^# client: (\p{Lu}\p{L}+)`)
	var names []string
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			if strings.HasPrefix(s.Text(), "# id:") {
				names = append(names, "")
			}
			if m := client.FindStringSubmatch(s.Text()); m != nil {
				names[len(names)-1] = m[1]
			}
		}
	}
	sent := 0
	for i, tr := range corpusTranscripts(t) {
		if !tellsNames(tr) {
			continue
		}
		sent++
		a, told := newAlias(tr, nil), newAlias(tr, []string{names[i]})
		for _, u := range tr.Utterances {
			for _, w := range letterRuns(told.hide(u.Text)) { // as in use, where the name is known; Big Al may get big
				if strings.EqualFold(w.text, names[i]) && (w.capital || !knownWord(w)) {
					t.Errorf("the client's name goes out in %q", u.Text)
				}
			}
			out := a.hide(u.Text)
			for _, w := range letterRuns(out) {
				if w.name() && !plainCapitals[w.text] && w.text != "name" && !english.IsStopWord(w.text) {
					t.Errorf("%q goes out in %q", out[w.start:w.end], out)
				}
				// Don is in don't, and there is a dot at the end of what Dot says: small letters tell nothing.
				if w.capital && strings.EqualFold(w.text, names[i]) {
					t.Errorf("the client's name goes out in %q, though nobody told it", out)
				}
			}
		}
	}
	t.Logf("%d of %d transcripts may be sent", sent, len(names))
	if sent == 0 {
		t.Error("no transcript may be sent")
	}
}

func TestTellsNames(t *testing.T) {
	if tellsNames(oneUtterance("so derek was there and i was happy")) {
		t.Error("a transcript without capitals may be sent")
	}
	if !tellsNames(oneUtterance("So Derek was there and I was happy.")) {
		t.Error("a transcript with capitals may not be sent")
	}
}

func FuzzAlias(f *testing.F) {
	f.Add("I saw Gordon's coat. NAME_1 is no name, jo@example.org is. \xff 12345")
	f.Fuzz(func(t *testing.T, text string) {
		a := newAlias(oneUtterance(text), nil)
		out := a.hide(text)
		gone := map[string]bool{}
		for _, w := range letterRuns(text) {
			gone[w.text] = gone[w.text] || named(w)
		}
		for _, w := range letterRuns(out) {
			if gone[w.text] && w.capital && w.text != "name" {
				t.Errorf("%q goes out in %q", w.text, out)
			}
		}
		_ = a.show(out)
	})
}
