package summarize

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"debrief"
)

// maxStatement is how long a written sentence may be, in words. A longer one is a retelling, which no single quote can prove.
const maxStatement = 40

// SummaryMaker makes summaries: a [Summarizer] does.
type SummaryMaker interface {
	Summarize(ctx context.Context, rec *debrief.Recording, t *debrief.Transcript, tags *debrief.Tags) (*debrief.Summary, error)
}

// ChatSummarizer has a chat endpoint write a summary, each sentence with its quote, and, when that fails in any way, the local one.
type ChatSummarizer struct {
	chat  *chat
	local SummaryMaker
}

// NewChatSummarizer checks the configuration. local stands in.
func NewChatSummarizer(c ChatConfig, local SummaryMaker) (*ChatSummarizer, error) {
	chat, err := newChat(c)
	if err != nil {
		return nil, err
	}
	if local == nil {
		return nil, fmt.Errorf("make a chat summarizer: no local summarizer: %w", debrief.ErrInvalid)
	}
	return &ChatSummarizer{chat, local}, nil
}

// Engine names the model that Summarize asks. A summary a stand-in made names the stand-in, so that a later run asks again.
func (c *ChatSummarizer) Engine() string { return "chat/" + c.chat.Model }

// Summarize has the model state what the client said to each prompt. Only the client's tagged utterances are sent, without names.
// A sentence counts only with a quote that is there, and may name no number and no name that the quoted utterance does not; one
// that fails fails the whole answer, because the model that made it up wrote the others too.
func (c *ChatSummarizer) Summarize(ctx context.Context, rec *debrief.Recording, t *debrief.Transcript, tags *debrief.Tags) (*debrief.Summary, error) {
	local, err := c.local.Summarize(ctx, rec, t, tags)
	if err != nil || len(local.Prompts) == 0 {
		return local, err // nothing to write about: what is empty is never sent
	}
	written, err := c.write(ctx, rec, t, tags, local)
	if err == nil {
		return written, nil
	}
	if !c.chat.standIn(ctx, fmt.Errorf("summarised on this machine: %w", err)) {
		return nil, err
	}
	return local, nil
}

const summaryInstructions = `You summarise what a client said in a debrief around a treatment, for the coach. For each prompt you get the client's
own lines. Write one to three short sentences a prompt, in the order the things were said, in the third person ("The client ..."), plainly,
without interpretation, diagnosis or advice. Say nothing the lines do not say. With each sentence give the index of the line it rests on and, as proof,
a quote: words copied exactly from that line, at least three or the whole line. Keep negations, numbers and who did what. Give every prompt at least
one sentence. Words like NAME_1 stand for names; leave them as they are.

The prompts:
`

const summarySchema = `{"type":"object","additionalProperties":false,"required":["prompts"],"properties":{"prompts":{"type":"array","items":
{"type":"object","additionalProperties":false,"required":["id","sentences"],"properties":{"id":{"type":"string"},"sentences":{"type":"array","items":
{"type":"object","additionalProperties":false,"required":["text","index","quote"],"properties":{"text":{"type":"string"},"index":{"type":"integer"},"quote":{"type":"string"}}}}}}}}}`

type summaryAnswer struct {
	Prompts []struct {
		ID        debrief.PromptID `json:"id"`
		Sentences []struct {
			Text  string `json:"text"`
			Index int    `json:"index"`
			Quote string `json:"quote"`
		} `json:"sentences"`
	} `json:"prompts"`
}

// answered are the lines of the client that answer one prompt.
type answered struct {
	ID    debrief.PromptID `json:"id"`
	Lines []chatLine       `json:"lines"`
}

func (c *ChatSummarizer) write(ctx context.Context, rec *debrief.Recording, t *debrief.Transcript, tags *debrief.Tags, local *debrief.Summary) (*debrief.Summary, error) {
	a, err := c.chat.anonymous(rec, t)
	if err != nil {
		return nil, err
	}
	var prompts []debrief.Prompt
	var todo []answered
	for _, p := range local.Prompts {
		prompt, err := c.chat.Scheme.Prompt(p.Prompt)
		if err != nil {
			return nil, err
		}
		prompts = append(prompts, prompt)
		todo = append(todo, answered{p.Prompt, clientLines(t, tags, a, p.Prompt)})
	}
	user, err := json.Marshal(map[string][]answered{"prompts": todo})
	if err != nil {
		return nil, fmt.Errorf("write the question: %w", err)
	}
	out := newSummary(rec, t, tags, c.Engine(), c.chat.Now())
	out.Open = local.Open
	err = c.chat.ask(ctx, summaryInstructions+promptList(prompts, a), string(user), "summary", summarySchema, func(data []byte) error {
		out.Prompts, err = checkSummary(data, t, a, todo)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func clientLines(t *debrief.Transcript, tags *debrief.Tags, a *alias, id debrief.PromptID) []chatLine {
	var out []chatLine
	for _, ut := range tags.Utterances {
		if tagConfidence(ut, id) > 0 && ut.Index >= 0 && ut.Index < len(t.Utterances) && t.Utterances[ut.Index].Speaker == debrief.SpeakerClient {
			out = append(out, lines(t, a, ut.Index, ut.Index+1)...)
		}
	}
	return out
}

// checkSummary holds an answer to what was asked and to what was said. The error names the first fault.
func checkSummary(data []byte, t *debrief.Transcript, a *alias, asked []answered) ([]debrief.PromptSummary, error) {
	var answer summaryAnswer
	if err := strictly(data, &answer); err != nil {
		return nil, err
	}
	byID := map[debrief.PromptID]debrief.PromptSummary{}
	for _, p := range answer.Prompts {
		at := slices.IndexFunc(asked, func(q answered) bool { return q.ID == p.ID })
		if at < 0 {
			return nil, fmt.Errorf("%w: prompt %.40q was not asked about", errAnswer, p.ID)
		}
		if _, twice := byID[p.ID]; twice || len(p.Sentences) == 0 || len(p.Sentences) > sentencesPerPrompt {
			return nil, fmt.Errorf("%w: prompt %s has %d sentences, or stands twice", errAnswer, p.ID, len(p.Sentences))
		}
		ps := debrief.PromptSummary{Prompt: p.ID}
		for _, s := range p.Sentences {
			if !slices.ContainsFunc(asked[at].Lines, func(l chatLine) bool { return l.Index == s.Index }) {
				return nil, fmt.Errorf("%w: line %d does not answer %s", errAnswer, s.Index, p.ID)
			}
			quote, ok := FindQuote(t, debrief.SpeakerClient, s.Index, a.show(s.Quote))
			if !ok {
				return nil, fmt.Errorf("%w: a quote of line %d is not there", errAnswer, s.Index)
			}
			text := strings.TrimSpace(a.show(s.Text))
			if err := fairStatement(text, t.Utterances[s.Index].Text); err != nil {
				return nil, err
			}
			ps.Sentences = append(ps.Sentences, debrief.Sentence{Text: text, Quote: quote})
		}
		slices.SortStableFunc(ps.Sentences, func(x, y debrief.Sentence) int { return int(x.Quote.Start - y.Quote.Start) })
		byID[p.ID] = ps
	}
	var out []debrief.PromptSummary
	for _, q := range asked { // in the scheme's order
		ps, ok := byID[q.ID]
		if !ok {
			return nil, fmt.Errorf("%w: nothing about %s", errAnswer, q.ID)
		}
		out = append(out, ps)
	}
	return out, nil
}

// fairStatement checks what can be checked of a written sentence against the utterance it rests on: it is of a length one
// quote can prove, and every number and name in it was said there.
func fairStatement(text, said string) error {
	words := allWords(text)
	if len(words) == 0 || len(words) > maxStatement {
		return fmt.Errorf("%w: a sentence of %d words", errAnswer, len(words))
	}
	if placeholderForm.MatchString(text) {
		return fmt.Errorf("%w: a sentence names somebody nobody named", errAnswer)
	}
	heard := map[string]bool{}
	for _, w := range allWords(said) {
		heard[stripped(w.text)] = true
	}
	for _, w := range words {
		if (w.number() && !looseNumbers[w.text] || w.name() && !plainCapitals[w.text]) && !heard[stripped(w.text)] {
			return fmt.Errorf("%w: a sentence has a number or a name its line has not", errAnswer)
		}
	}
	return nil
}

// looseNumbers count nothing in most sentences: "one of them", "at first".
var looseNumbers = wordSet("one once first second both")
