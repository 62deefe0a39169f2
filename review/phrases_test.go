package review_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"debrief"
	"debrief/review"
	"debrief/review/demo"
	"debrief/summarize"

	"golang.org/x/net/html"
)

// bracketed are strings of the catalogue on a page of [review.Page.Bracket]; ours are tags that
// hold nothing a person reads in the language of the page, or words people said.
var (
	bracketed = regexp.MustCompile(`⟦[^⟦⟧]*⟧`)
	ours      = []string{"script", "style", "code", "q", "kbd", "s"}
	readOut   = []string{"title", "aria-label", "placeholder", "alt", "aria-valuetext", "data-say", "data-of"}
)

// TestEveryWordIsInTheCatalogue looks at the demo's pages with every string of the catalogue in
// brackets: outside of them stand only what people said, wrote and called things.
func TestEveryWordIsInTheCatalogue(t *testing.T) {
	scheme := marked(summarize.DefaultScheme())
	store, err := demo.New(scheme)
	if err != nil {
		t.Fatal(err)
	}
	p := pageOver(t, store, func(c *review.Config) {
		c.Scheme, c.Intake, c.Demo = scheme, demo.NewWork(noon), true
		c.Limits = review.UploadLimits{Bytes: 1 << 30, Chunk: 1 << 20, Types: []string{".wav"}}
	})
	p.Bracket()
	p.Survey()
	data := said(t, store)
	paths := []string{"/", "/clients/maya", "/clients/tomas", "/clients/c04", "/clients/maya/course", "/clients/tomas/course", "/clients/c04/course",
		"/search", "/search?q=garden", "/search?q=watching", "/search?q=zeppelin", "/upload", "/nothing", complete, "/clients/maya/recordings/01DEMQ00000000000000000008"}
	for n := range 8 {
		paths = append(paths, state(n+1))
	}
	for _, path := range paths {
		w := get(t, p, path)
		for _, foreign := range unbracketed(t, w, data) {
			t.Errorf("%s shows %q, which is not from the catalogue", path, foreign)
		}
	}
}

// marked is a scheme whose words look as if they came from the catalogue: they are data of their own.
func marked(s debrief.Scheme) debrief.Scheme {
	s.Prompts = slices.Clone(s.Prompts)
	for i := range s.Prompts {
		s.Prompts[i].Name, s.Prompts[i].Question = "⟦"+s.Prompts[i].Name+"⟧", "⟦"+s.Prompts[i].Question+"⟧"
	}
	return s
}

// said gathers what people of the demo said, wrote, and called themselves and their files; the longest first.
func said(t *testing.T, store *demo.Store) []string {
	t.Helper()
	ctx := context.Background()
	data := []string{"moonshine-tiny", "coach"}
	clients, err := store.Clients(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range clients {
		c, err := store.Client(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, string(id), c.Name)
		recs, err := store.Recordings(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		var told []review.Told
		for i := range recs {
			data = append(data, recs[i].Device)
			var tr debrief.Transcript
			var tags debrief.Tags
			if _, err := store.Load(ctx, &recs[i], &tr); err == nil {
				if _, err := store.Load(ctx, &recs[i], &tags); err == nil {
					told = append(told, review.Told{Recording: &recs[i], Transcript: &tr, Tags: &tags})
				}
				for _, u := range tr.Utterances {
					data = append(data, u.Text)
				}
			}
			var r debrief.Review
			if _, err := store.Load(ctx, &recs[i], &r); err == nil {
				for _, e := range r.Edits {
					data = append(data, *e.Text)
				}
				for _, n := range r.Notes {
					data = append(data, n.Text)
				}
			}
		}
		whole, err := course(t)(ctx, id, told)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range whole.Threads { // single words of what was said
			data = append(data, one.Words...)
		}
		for _, one := range whole.Moods {
			data = append(data, one.Numbers...)
		}
	}
	jobs, _ := demo.NewWork(noon).Jobs()
	for _, j := range jobs {
		data = append(data, j.File)
	}
	data = slices.DeleteFunc(data, func(s string) bool { return s == "" })
	slices.SortFunc(data, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(data)
}

// unbracketed are the texts and labels of a page that have a word left when the catalogue's strings and the data are taken away.
func unbracketed(t *testing.T, w *httptest.ResponseRecorder, data []string) []string {
	t.Helper()
	doc, err := html.ParseWithOptions(w.Body, html.ParseOptionEnableScripting(false)) // what stands there without scripts is read as well
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	check := func(text string) {
		if foreign(text, data) {
			out = append(out, strings.TrimSpace(text))
		}
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && slices.Contains(ours, n.Data) {
			return
		}
		if n.Type == html.TextNode {
			check(n.Data)
		}
		for _, a := range n.Attr {
			if slices.Contains(readOut, a.Key) {
				check(a.Val)
			}
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(doc)
	return out
}

// foreign reports whether a word is left; a single letter is a key.
func foreign(text string, data []string) bool {
	for bracketed.MatchString(text) { // from the inside outwards
		text = bracketed.ReplaceAllString(text, " ")
	}
	for _, d := range data {
		text = strings.ReplaceAll(text, d, " ")
	}
	return slices.ContainsFunc(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) }), func(word string) bool { return len([]rune(word)) > 1 })
}

func TestForeignWords(t *testing.T) {
	for text, want := range map[string]bool{
		"⟦Treatment ⟧2⟦, ⟧⟦Follow-up⟧": false,
		"⟦Nothing for ⟧42s⟦: ⟧paused":  true,
		"Maya: 0:12":                   false,
		"⟦Accept⟧ (A)":                 false,
		"Save":                         true,
	} {
		if got := foreign(text, []string{"Maya"}); got != want {
			t.Errorf("%q: foreign %v, want %v", text, got, want)
		}
	}
}

// TestPhrasesOfTheStages: what the stages write into documents is known to the page, and what
// nobody knows is shown as it stands.
func TestPhrasesOfTheStages(t *testing.T) {
	p := newPage(t, nil)
	p.Bracket()
	known := func(phrase string) {
		t.Helper()
		if foreign(p.Say(phrase), []string{"coach", "Body", "garden"}) {
			t.Errorf("%q is shown as %q", phrase, p.Say(phrase))
		}
	}
	for _, reason := range debrief.GapReasons() {
		known(reason)
	}
	for _, evidence := range []string{debrief.EvidenceAsks, debrief.EvidenceNearest} {
		known(fmt.Sprintf(evidence, "Body"))
	}
	for _, evidence := range []string{debrief.EvidenceShown, debrief.EvidenceAsked} {
		known(fmt.Sprintf(evidence, debrief.SamplesOf(4000)))
	}
	known(debrief.EvidenceContinues)
	for _, verdict := range []debrief.Verdict{debrief.Accepted, debrief.Set} {
		known(decided(verdict))
	}
	for _, empty := range empties(t) {
		known(empty)
	}
	for phrase, want := range map[string]string{"because of the moon": "because of the moon", "": "", "“a garden: in bloom”": "“a garden: in bloom”"} {
		if got := p.Say(phrase); got != want {
			t.Errorf("%q is shown as %q", phrase, got)
		}
	}
}

// decided is the evidence of a tag after a verdict of the coach.
func decided(v debrief.Verdict) string {
	tr := &debrief.Transcript{Utterances: []debrief.Utterance{{Span: debrief.Span{End: 16000}, Speaker: debrief.SpeakerClient, Text: "My feet."}}}
	tags := &debrief.Tags{Utterances: []debrief.UtteranceTags{{Prompts: []debrief.Tag{{Prompt: "body", Source: debrief.SourceModel, Evidence: debrief.EvidenceContinues}}}}}
	r := &debrief.Review{Decisions: []debrief.Decision{{Anchor: debrief.AnchorOf(tr, 0), Prompt: "body", Verdict: v, Author: "coach"}}}
	_, out := r.Apply(tr, tags)
	return out.Utterances[0].Prompts[0].Evidence
}

// empties are all reasons for an empty summary.
func empties(t *testing.T) []string {
	t.Helper()
	s, err := summarize.NewSummarizer(summarize.SummarizerConfig{Scheme: summarize.DefaultScheme()})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, heard := range [][]debrief.Utterance{
		nil,
		{{Speaker: debrief.SpeakerClient, Text: "You.", Flags: []debrief.Flag{debrief.FlagPhantom}}},
		{{Speaker: debrief.SpeakerCoach, Text: "How are you?"}},
		{{Speaker: debrief.SpeakerClient, Text: "It rained."}},
	} {
		sum, err := s.Summarize(context.Background(), &debrief.Recording{Session: 1, Phase: debrief.Followup}, &debrief.Transcript{Utterances: heard}, &debrief.Tags{})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, sum.Empty)
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) != 4 || out[0] == "" {
		t.Fatalf("reasons: %q", out)
	}
	return out
}
