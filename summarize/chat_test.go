package summarize

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"debrief"

	"github.com/google/go-cmp/cmp"
	openai "github.com/sashabaranov/go-openai"
)

// reply is what the scripted endpoint does with one request.
type reply func(w http.ResponseWriter, question string)

// script is an endpoint that plays replies in order, the last one for ever, and keeps what it was sent.
type script struct {
	replies []reply
	mu      sync.Mutex // the server may still write when its client has had enough
	bodies  []string
	waited  []time.Duration
	notes   []error
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.bodies = append(s.bodies, string(body))
	n := len(s.bodies)
	s.mu.Unlock()
	var req openai.ChatCompletionRequest
	if err := json.Unmarshal(body, &req); err != nil || len(req.Messages) != 2 {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	s.replies[min(n, len(s.replies))-1](w, req.Messages[1].Content)
}

// sent is what the endpoint was sent so far.
func (s *script) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bodies)
}

// config reaches the script; pauses are noted and not waited for.
func (s *script) config(t *testing.T) ChatConfig {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return ChatConfig{
		BaseURL: server.URL + "/v1", Key: "k", Model: "m", Scheme: DefaultScheme(),
		Note: func(err error) { s.notes = append(s.notes, err) },
		Wait: func(ctx context.Context, d time.Duration) error { s.waited = append(s.waited, d); return ctx.Err() },
		Now:  func() time.Time { return noon },
	}
}

func says(content string) reply { return ends(content, "stop") }

func ends(content, reason string) reply {
	return func(w http.ResponseWriter, _ string) {
		json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"finish_reason": reason, "message": map[string]string{"role": "assistant", "content": content}}}})
	}
}

func fails(status int, code string, header ...string) reply {
	return func(w http.ResponseWriter, _ string) {
		w.Header().Set("Content-Type", "application/json")
		if len(header) == 2 {
			w.Header().Set(header[0], header[1])
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"message":"no","type":%q,"code":%q}}`, code, code)
	}
}

const goodTags = `{"lines":[{"index":1,"prompts":[{"id":"imagery","confidence":0.9,"quote":"a boat, and NAME_1 was rowing"}]},{"index":2,"prompts":[{"id":"body","confidence":0.8,"quote":"My hands were heavy."}]}]}`

// rower names two people, one of them only at the beginning of a sentence.
func rower() (*debrief.Recording, *debrief.Transcript) {
	tr := &debrief.Transcript{Recording: "r"}
	for i, said := range []struct {
		who  debrief.Speaker
		text string
	}{
		{debrief.SpeakerCoach, "What did you see?"},
		{debrief.SpeakerClient, "There was a boat, and Gordon was rowing it for three hours."},
		{debrief.SpeakerClient, "My hands were heavy. Thelonious never came, not once."},
		{debrief.SpeakerClient, "Thank you for watching."},
	} {
		at := debrief.Samples(i) * 100000
		tr.Utterances = append(tr.Utterances, debrief.Utterance{Span: debrief.Span{Start: at, End: at + 90000}, Speaker: said.who, Text: said.text})
	}
	tr.Utterances[3].Flags = []debrief.Flag{debrief.FlagPhantom}
	return &debrief.Recording{ID: "r", Client: "c01", Session: 1, Phase: debrief.Immediate}, tr
}

func tagByChat(t *testing.T, s *script, c ChatConfig) *debrief.Tags {
	t.Helper()
	local := &settled{model: "local"}
	tagger, err := NewChatTagger(c, local)
	if err != nil {
		t.Fatal(err)
	}
	rec, tr := rower()
	tags, err := tagger.Tag(t.Context(), rec, tr)
	if err != nil {
		t.Fatal(err)
	}
	if fell := tags.Model == "local"; fell != (len(s.notes) > 0) || fell != (local.calls > 0) {
		t.Errorf("model %s, %d notes, %d local calls", tags.Model, len(s.notes), local.calls)
	}
	return tags
}

func TestChatTags(t *testing.T) {
	s := &script{replies: []reply{says(goodTags)}}
	tags := tagByChat(t, s, s.config(t))
	if tags.Model != "chat/m" || tags.Scheme != "ketamine-debrief@1" || len(tags.Utterances) != 4 || len(s.sent()) != 1 {
		t.Fatalf("tags %+v after %d requests; %v", tags, len(s.sent()), s.notes)
	}
	want := []debrief.Tag{{Prompt: "imagery", Confidence: 0.9, Source: debrief.SourceAPI, Evidence: "“a boat, and Gordon was rowing”"}}
	if diff := cmp.Diff(want, tags.Utterances[1].Prompts); diff != "" {
		t.Error(diff)
	}
}

// What the model holds for less likely than not is for the coach to decide.
func TestChatSuggests(t *testing.T) {
	s := &script{replies: []reply{says(strings.Replace(goodTags, "0.8", "0.3", 1))}}
	tags := tagByChat(t, s, s.config(t))
	if u := tags.Utterances[2]; len(u.Prompts) != 0 || len(u.Suggested) != 1 || u.Suggested[0].Prompt != "body" || len(tags.Utterances[1].Prompts) != 1 {
		t.Errorf("tags %+v", tags.Utterances)
	}
}

func TestChatSendsNoNameAndNothingDoubtful(t *testing.T) {
	s := &script{replies: []reply{says(goodTags)}}
	c := s.config(t)
	c.Names = func(debrief.ClientID) ([]string, error) { return []string{"Marguerite Boat"}, nil }
	tagByChat(t, s, c)
	body := strings.ToLower(strings.Join(s.sent(), ""))
	for _, secret := range []string{"gordon", "thelonious", "boat", "watching", "c01"} {
		// "boat" goes as well: it may be meant as the client's family name.
		if strings.Contains(body, secret) {
			t.Errorf("%q was sent: %s", secret, body)
		}
	}
	if !strings.Contains(body, "name_") || !strings.Contains(body, "my hands were heavy") {
		t.Errorf("the question is not there: %s", body)
	}
}

func TestChatSendsNothingWithoutTheNames(t *testing.T) {
	s := &script{replies: []reply{says(goodTags)}}
	c := s.config(t)
	c.Names = func(debrief.ClientID) ([]string, error) { return nil, errors.New("the document was damaged") }
	if tags := tagByChat(t, s, c); tags.Model != "local" || len(s.sent()) > 0 {
		t.Errorf("%d requests, tags by %s", len(s.sent()), tags.Model)
	}
}

func TestChatSendsNoNameOfAPrompt(t *testing.T) {
	s := &script{replies: []reply{says(goodTags)}}
	c := s.config(t)
	c.Scheme.Prompts = append(slices.Clone(c.Scheme.Prompts), debrief.Prompt{
		ID: "garden", Name: "Garden", Phase: debrief.Immediate, Question: "What of the garden, and Eberhard?",
		Examples: []string{"The garden was full, and Eberhard sang.", "Philippa dug it."},
	})
	tagByChat(t, s, c)
	body := strings.Join(s.sent(), "")
	if strings.Contains(body, "Eberhard") || strings.Contains(body, "Philippa") || !strings.Contains(body, "What of the garden") {
		t.Errorf("sent: %s", body)
	}
}

func TestChatTagsFallBack(t *testing.T) {
	tag := func(index int, id, confidence, quote string) string {
		return fmt.Sprintf(`{"lines":[{"index":%d,"prompts":[{"id":%q,"confidence":%s,"quote":%q}]}]}`, index, id, confidence, quote)
	}
	for name, c := range map[string]struct {
		reply    reply
		requests int
	}{
		"NotJSON":         {says("Sure! Here are the tags."), 2},
		"CutOff":          {says(goodTags[:40]), 2},
		"TwoValues":       {says(goodTags + goodTags), 2},
		"UnknownField":    {says(`{"lines":[],"thoughts":"hm"}`), 2},
		"NoTags":          {says(`{"lines":[]}`), 1},
		"EmptyAnswer":     {says("  "), 2},
		"NoChoices":       {func(w http.ResponseWriter, _ string) { io.WriteString(w, `{"choices":[]}`) }, 2},
		"UnknownPrompt":   {says(tag(2, "weather", "0.9", "My hands were heavy.")), 2},
		"OtherPhase":      {says(tag(2, "mood", "0.9", "My hands were heavy.")), 2},
		"InventedIndex":   {says(tag(9, "body", "0.9", "My hands were heavy.")), 2},
		"DoubtfulLine":    {says(tag(3, "body", "0.9", "Thank you for watching.")), 2},
		"InventedQuote":   {says(tag(2, "body", "0.9", "My hands were on fire.")), 2},
		"OtherLinesQuote": {says(tag(1, "body", "0.9", "My hands were heavy.")), 2},
		"InventedName":    {says(tag(1, "imagery", "0.9", "a boat, and NAME_7 was rowing")), 2},
		"NoQuote":         {says(tag(2, "body", "0.9", "")), 2},
		"PromptTwice":     {says(strings.Replace(tag(2, "body", "0.9", "My hands were heavy."), `"prompts":[`, `"prompts":[{"id":"body","confidence":0.4,"quote":"My hands were heavy."},`, 1)), 2},
		"Confidence":      {says(tag(2, "body", "7", "My hands were heavy.")), 2},
		"LineTwice":       {says(strings.Replace(goodTags, `"index":2`, `"index":1`, 1)), 2},
		"Refusal": {func(w http.ResponseWriter, _ string) {
			io.WriteString(w, `{"choices":[{"finish_reason":"stop","message":{"role":"assistant","refusal":"I cannot help."}}]}`)
		}, 2},
		"Length":        {ends(goodTags, "length"), 2},
		"Filter":        {ends(goodTags, "content_filter"), 2},
		"RateLimit":     {fails(429, "rate_limit_exceeded"), 3},
		"Quota":         {fails(429, "insufficient_quota"), 1},
		"Key":           {fails(401, "invalid_api_key"), 1},
		"ServerError":   {fails(500, "server_error"), 3},
		"NotAnAPI":      {func(w http.ResponseWriter, _ string) { w.WriteHeader(502); io.WriteString(w, "<html>") }, 3},
		"ConnectionCut": {func(w http.ResponseWriter, _ string) { panic(http.ErrAbortHandler) }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{replies: []reply{c.reply}}
			tags := tagByChat(t, s, s.config(t))
			if tags.Model != "local" {
				t.Fatalf("the answer was taken: %+v", tags.Utterances)
			}
			if len(s.sent()) != c.requests {
				t.Errorf("%d requests, want %d; %v", len(s.sent()), c.requests, s.notes)
			}
			if note := s.notes[0].Error(); strings.Contains(note, "heavy") || strings.Contains(note, "Gordon") {
				t.Errorf("the note holds what was said: %s", note)
			}
		})
	}
}

func TestChatErrorsHaveTheirKind(t *testing.T) {
	for name, c := range map[string]struct {
		reply reply
		want  error
	}{
		"Quota":       {fails(429, "insufficient_quota"), debrief.ErrQuota},
		"RateLimit":   {fails(429, "rate_limit_exceeded"), debrief.ErrUnavailable},
		"Key":         {fails(401, "invalid_api_key"), debrief.ErrRefused},
		"ServerError": {fails(503, "server_error"), debrief.ErrUnavailable},
		"BadAnswer":   {says("no"), errAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{replies: []reply{c.reply}}
			tagByChat(t, s, s.config(t))
			if !errors.Is(s.notes[0], c.want) {
				t.Errorf("note %v, want %v", s.notes[0], c.want)
			}
		})
	}
}

func TestChatRecovers(t *testing.T) {
	for name, first := range map[string]reply{
		"RateLimit":     fails(429, "rate_limit_exceeded", "Retry-After", "7"),
		"RateLimitDate": fails(429, "rate_limit_exceeded", "Retry-After", noon.Add(7*time.Second).Format(http.TimeFormat)),
		"ServerError":   fails(500, "server_error"),
		"ConnectionCut": func(w http.ResponseWriter, _ string) { panic(http.ErrAbortHandler) },
		"BadAnswer":     says("no"),
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{replies: []reply{first, says(goodTags)}}
			tags := tagByChat(t, s, s.config(t))
			if tags.Model != "chat/m" || len(s.sent()) != 2 || s.sent()[0] != s.sent()[1] {
				t.Errorf("model %s after %d requests; %v", tags.Model, len(s.sent()), s.notes)
			}
			if strings.HasPrefix(name, "RateLimit") && (len(s.waited) != 1 || s.waited[0] != 7*time.Second) {
				t.Errorf("waited %v, the server asked for 7 s", s.waited)
			}
		})
	}
	t.Run("TooLongAPause", func(t *testing.T) {
		s := &script{replies: []reply{fails(429, "rate_limit_exceeded", "Retry-After", "3600"), says(goodTags)}}
		if tags := tagByChat(t, s, s.config(t)); tags.Model != "local" || len(s.waited) > 0 {
			t.Errorf("model %s, waited %v: an hour is not waited for", tags.Model, s.waited)
		}
	})
}

// silent is an endpoint that takes the request and never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestChatTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		began := time.Now()
		tags := tagByChat(t, s, ChatConfig{Model: "m", Scheme: DefaultScheme(), HTTP: &http.Client{Transport: silent{}}, Note: func(err error) { s.notes = append(s.notes, err) }})
		if tags.Model != "local" || !errors.Is(s.notes[0], debrief.ErrUnavailable) {
			t.Errorf("model %s, notes %v", tags.Model, s.notes)
		}
		if took := time.Since(began); took < chatAttempts*chatTimeout || took > chatAttempts*chatTimeout+time.Minute {
			t.Errorf("gave up after %v", took)
		}
	})
}

func TestChatStopsWhenTheCallerDoes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &script{replies: []reply{func(w http.ResponseWriter, _ string) { cancel(); fails(500, "x")(w, "") }}}
	local := &settled{model: "local"}
	tagger, err := NewChatTagger(s.config(t), local)
	if err != nil {
		t.Fatal(err)
	}
	rec, tr := rower()
	if _, err := tagger.Tag(ctx, rec, tr); err == nil || local.calls > 0 || len(s.sent()) != 1 {
		t.Errorf("error %v, %d local calls, %d requests", err, local.calls, len(s.sent()))
	}
}

func TestChatIsNotAsked(t *testing.T) {
	for name, change := range map[string]func(*debrief.Transcript){
		"NothingSaid": func(tr *debrief.Transcript) { tr.Utterances = nil },
		"OnlyDoubtful": func(tr *debrief.Transcript) {
			for i := range tr.Utterances {
				tr.Utterances[i].Flags = []debrief.Flag{debrief.FlagNoSpeech}
			}
		},
		"NoCapitals": func(tr *debrief.Transcript) {
			for i := range tr.Utterances {
				tr.Utterances[i].Text = strings.ToLower(tr.Utterances[i].Text)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{replies: []reply{says(goodTags)}}
			local := &settled{model: "local"}
			tagger, err := NewChatTagger(s.config(t), local)
			if err != nil {
				t.Fatal(err)
			}
			rec, tr := rower()
			change(tr)
			if _, err := tagger.Tag(t.Context(), rec, tr); err != nil || len(s.sent()) > 0 || local.calls != 1 {
				t.Errorf("error %v, %d requests, %d local calls", err, len(s.sent()), local.calls)
			}
		})
	}
}

// A long debrief goes in parts, each with the lines before it as context.
func TestChatTagsInParts(t *testing.T) {
	tr := &debrief.Transcript{}
	for i := range linesPerRequest + 5 {
		at := debrief.Samples(i) * 1000
		tr.Utterances = append(tr.Utterances, debrief.Utterance{Span: debrief.Span{Start: at, End: at + 900}, Speaker: debrief.SpeakerClient, Text: "My hands were heavy."})
	}
	answer := func(w http.ResponseWriter, question string) {
		var q struct{ Context, Lines []chatLine }
		if err := json.Unmarshal([]byte(question), &q); err != nil {
			t.Error(err)
		}
		if want := map[bool]int{true: 0, false: linesOfContext}[q.Lines[0].Index == 0]; len(q.Context) != want {
			t.Errorf("%d lines of context, want %d", len(q.Context), want)
		}
		says(fmt.Sprintf(`{"lines":[{"index":%d,"prompts":[{"id":"body","confidence":1,"quote":"My hands were heavy."}]}]}`, q.Lines[0].Index))(w, "")
	}
	s := &script{replies: []reply{answer}}
	tagger, err := NewChatTagger(s.config(t), &settled{})
	if err != nil {
		t.Fatal(err)
	}
	tags, err := tagger.Tag(t.Context(), &debrief.Recording{Phase: debrief.Immediate, Session: 1}, tr)
	if err != nil || len(s.sent()) != 2 || tags.Count() != 2 || len(tags.Utterances[linesPerRequest].Prompts) != 1 {
		t.Errorf("%v, %d requests, %d tags", err, len(s.sent()), tags.Count())
	}
}

func TestNewChatRefuses(t *testing.T) {
	for name, c := range map[string]ChatConfig{"NoModel": {Scheme: DefaultScheme()}, "NoScheme": {Model: "m"}} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewChatTagger(c, &settled{}); err == nil {
				t.Error("no error")
			}
		})
	}
}
