package summarize

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"debrief"
	"debrief/internal/retry"

	openai "github.com/sashabaranov/go-openai"
)

// ChatConfig is what a chat endpoint is reached with. Any OpenAI-compatible one will do.
type ChatConfig struct {
	BaseURL string // e.g. http://127.0.0.1:8000/v1; empty: api.openai.com
	Key     string
	Model   string // required: models come and go, a built-in name would rot
	Scheme  debrief.Scheme
	// Names returns what the client and people around are called, to be hidden even where nothing shows that it is a name. Without
	// them, after an error, nothing is sent. May be nil.
	Names func(debrief.ClientID) ([]string, error)
	// Note is told why the local way stood in. May be nil.
	Note func(error)
	HTTP *http.Client                                     // default: a client of its own
	Wait func(ctx context.Context, d time.Duration) error // default: sleeps
	Now  func() time.Time                                 // default: time.Now
}

// chat asks a model and holds its answers to their form.
type chat struct {
	ChatConfig
	client *openai.Client
}

func newChat(c ChatConfig) (*chat, error) {
	if c.Model == "" {
		return nil, debrief.WithHint(fmt.Errorf("make a chat client: no model: %w", debrief.ErrInvalid), "name the chat model of your endpoint")
	}
	if err := c.Scheme.Validate(); err != nil {
		return nil, fmt.Errorf("make a chat client: %w", err)
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{}
	}
	if c.Wait == nil {
		c.Wait = retry.Sleep
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Names == nil {
		c.Names = func(debrief.ClientID) ([]string, error) { return nil, nil }
	}
	if c.Note == nil {
		c.Note = func(error) {}
	}
	config := openai.DefaultConfig(c.Key)
	if c.BaseURL != "" {
		config.BaseURL = strings.TrimRight(c.BaseURL, "/")
	}
	config.HTTPClient = &patient{c.HTTP, c.Wait, c.Now}
	return &chat{c, openai.NewClientWithConfig(config)}, nil
}

// errAnswer is the kind of every fault in what a model answered: its form, or what it claims.
var errAnswer = errors.New("the model's answer cannot be used")

// contentAttempts is how often a model is asked for an answer that holds: a second time often does, a third rarely.
const contentAttempts = 2

// ask has the model answer in the schema's form until check accepts it.
func (c *chat) ask(ctx context.Context, system, user, name, schema string, check func(answer []byte) error) error {
	req := openai.ChatCompletionRequest{
		Model: c.Model,
		Messages: []openai.ChatCompletionMessage{
			{Role: openai.ChatMessageRoleSystem, Content: system},
			{Role: openai.ChatMessageRoleUser, Content: user},
		},
		ResponseFormat: &openai.ChatCompletionResponseFormat{
			Type:       openai.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &openai.ChatCompletionResponseFormatJSONSchema{Name: name, Schema: json.RawMessage(schema), Strict: true},
		},
	}
	var last error
	for range contentAttempts {
		answer, err := c.complete(ctx, req)
		if err != nil && !errors.Is(err, errAnswer) {
			return err
		}
		if err == nil {
			err = check(answer)
		}
		if err == nil {
			return nil
		}
		last = err
	}
	return last
}

func (c *chat) complete(ctx context.Context, req openai.ChatCompletionRequest) ([]byte, error) {
	resp, err := c.client.CreateChatCompletion(ctx, req)
	if err != nil {
		return nil, chatError(err)
	}
	if len(resp.Choices) == 0 {
		return nil, fmt.Errorf("%w: it is empty", errAnswer)
	}
	choice := resp.Choices[0]
	switch {
	case choice.Message.Refusal != "":
		return nil, fmt.Errorf("%w: the model refused", errAnswer)
	case choice.FinishReason != openai.FinishReasonStop && choice.FinishReason != "":
		return nil, fmt.Errorf("%w: it ended early (%s)", errAnswer, string(choice.FinishReason))
	case strings.TrimSpace(choice.Message.Content) == "":
		return nil, fmt.Errorf("%w: it is empty", errAnswer)
	}
	return []byte(choice.Message.Content), nil
}

// strictly decodes exactly one JSON value without unknown fields.
func strictly(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", errAnswer, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("%w: something follows the JSON", errAnswer)
	}
	return nil
}

// promptList describes the prompts of a debrief to a model. What a practice wrote itself may name people as a transcript does.
func promptList(prompts []debrief.Prompt, a *alias) string {
	builtin := DefaultScheme()
	var b strings.Builder
	for _, p := range prompts {
		ours, _ := builtin.Prompt(p.ID)
		shown := func(text string) string {
			if text == ours.Question || slices.Contains(ours.Examples, text) {
				return text
			}
			return a.hide(text)
		}
		fmt.Fprintf(&b, "- %s: %s\n", p.ID, shown(p.Question))
		for _, e := range p.Examples {
			fmt.Fprintf(&b, "  an answer: %s\n", shown(e))
		}
	}
	return b.String()
}

// allowed are the ids of the prompts.
func allowed(prompts []debrief.Prompt) map[debrief.PromptID]bool {
	out := map[debrief.PromptID]bool{}
	for _, p := range prompts {
		out[p.ID] = true
	}
	return out
}

// chatLine is an utterance as a model sees it.
type chatLine struct {
	Index   int             `json:"index"`
	Speaker debrief.Speaker `json:"speaker"`
	Text    string          `json:"text"`
}

// lines are the usable utterances from one index to another, without names.
func lines(t *debrief.Transcript, a *alias, from, to int) []chatLine {
	var out []chatLine
	for i := max(from, 0); i < min(to, len(t.Utterances)); i++ {
		if u := &t.Utterances[i]; u.Usable() {
			out = append(out, chatLine{i, u.Speaker, a.hide(u.Text)})
		}
	}
	return out
}

// errNames says that nothing may be sent.
var errNames = errors.New("names cannot be told from other words in a transcript without capitals, so nothing of it is sent")

// anonymous makes the alias under which a transcript may be sent.
func (c *chat) anonymous(rec *debrief.Recording, t *debrief.Transcript) (*alias, error) {
	if !tellsNames(t) {
		return nil, errNames
	}
	known, err := c.Names(rec.Client)
	if err != nil {
		return nil, err
	}
	return newAlias(t, known), nil
}

// standIn reports whether the local way may take over after err: not when the caller gave up.
func (c *chat) standIn(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	c.Note(err)
	return true
}
