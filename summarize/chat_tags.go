package summarize

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"debrief"
)

// How a transcript is cut for a model.
const (
	linesPerRequest = 80 // utterances: an answer about more is the more often cut off or sloppy
	linesOfContext  = 6  // utterances before them that are sent along, to be read and not tagged
	// chatSure is how sure a model must say it is for a tag; what it holds for less likely than not is a suggestion.
	chatSure = 0.5
)

// ChatTagger tags through a chat endpoint and, when that fails in any way, through the local tagger.
type ChatTagger struct {
	chat  *chat
	local TagMaker
}

// NewChatTagger checks the configuration. local stands in.
func NewChatTagger(c ChatConfig, local TagMaker) (*ChatTagger, error) {
	chat, err := newChat(c)
	if err != nil {
		return nil, err
	}
	if local == nil {
		return nil, fmt.Errorf("make a chat tagger: no local tagger: %w", debrief.ErrInvalid)
	}
	return &ChatTagger{chat, local}, nil
}

// Version names the scheme and the model that Tag asks. Tags a stand-in made name the stand-in, so that a later run asks again.
func (c *ChatTagger) Version() (scheme, model string) {
	return c.chat.Scheme.Ref(), "chat/" + c.chat.Model
}

// Tag asks the model which prompts each utterance answers or asks. Names stay here. An answer counts only whole: with an unknown
// prompt, a quote that is not there, or nothing in it, the local tagger stands in and Note is told. A transcript in which
// nothing usable was said is not sent.
func (c *ChatTagger) Tag(ctx context.Context, rec *debrief.Recording, t *debrief.Transcript) (*debrief.Tags, error) {
	if t.Empty() {
		return c.local.Tag(ctx, rec, t)
	}
	tags, err := c.tag(ctx, rec, t)
	if err == nil {
		return tags, nil
	}
	if !c.chat.standIn(ctx, fmt.Errorf("tagged on this machine: %w", err)) {
		return nil, err
	}
	return c.local.Tag(ctx, rec, t)
}

const tagInstructions = `You label what is said in a debrief around a treatment. Each line has an index, a speaker and a text.
Label a client's line with the prompts it answers, and a coach's line with the prompts it asks. Most lines of small talk, echoes and
logistics have none. A line has at most two. Negative answers count; deferrals do not. Give a confidence from 0 to 1 and, as proof, a quote:
words copied exactly from that line, at least three or the whole line. List only lines that have a prompt. Do not label lines marked as context.
Words like NAME_1 stand for names; leave them as they are.

The prompts:
`

const tagSchema = `{"type":"object","additionalProperties":false,"required":["lines"],"properties":{"lines":{"type":"array","items":
{"type":"object","additionalProperties":false,"required":["index","prompts"],"properties":{"index":{"type":"integer"},"prompts":{"type":"array","items":
{"type":"object","additionalProperties":false,"required":["id","confidence","quote"],"properties":{"id":{"type":"string"},"confidence":{"type":"number"},"quote":{"type":"string"}}}}}}}}}`

type tagAnswer struct {
	Lines []struct {
		Index   int `json:"index"`
		Prompts []struct {
			ID         debrief.PromptID `json:"id"`
			Confidence float64          `json:"confidence"`
			Quote      string           `json:"quote"`
		} `json:"prompts"`
	} `json:"lines"`
}

func (c *ChatTagger) tag(ctx context.Context, rec *debrief.Recording, t *debrief.Transcript) (*debrief.Tags, error) {
	a, err := c.chat.anonymous(rec, t)
	if err != nil {
		return nil, err
	}
	prompts := c.chat.Scheme.For(rec.Phase, rec.Session)
	scheme, model := c.Version()
	out := &debrief.Tags{Recording: rec.ID, Scheme: scheme, Model: model, Input: t.Hash(), Made: c.chat.Now().UTC()}
	for i := range t.Utterances {
		out.Utterances = append(out.Utterances, debrief.UtteranceTags{Index: i, Prompts: []debrief.Tag{}})
	}
	for from := 0; from < len(t.Utterances); from += linesPerRequest {
		to := min(from+linesPerRequest, len(t.Utterances))
		todo := lines(t, a, from, to)
		if len(todo) == 0 {
			continue
		}
		user, err := json.Marshal(map[string][]chatLine{"context": lines(t, a, from-linesOfContext, from), "lines": todo})
		if err != nil {
			return nil, fmt.Errorf("write the question: %w", err)
		}
		err = c.chat.ask(ctx, tagInstructions+promptList(prompts, a), string(user), "tags", tagSchema, func(data []byte) error {
			found, err := checkTags(data, t, a, allowed(prompts), from, to)
			for i, tags := range found {
				out.Utterances[i] = tags
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if out.Count() == 0 {
		return nil, fmt.Errorf("%w: no utterance has a prompt", errAnswer)
	}
	return out, nil
}

// checkTags holds an answer to the scheme and to what was said. The error names the first fault.
func checkTags(data []byte, t *debrief.Transcript, a *alias, known map[debrief.PromptID]bool, from, to int) (map[int]debrief.UtteranceTags, error) {
	var answer tagAnswer
	if err := strictly(data, &answer); err != nil {
		return nil, err
	}
	out := map[int]debrief.UtteranceTags{}
	for _, line := range answer.Lines {
		if line.Index < from || line.Index >= to || !t.Utterances[line.Index].Usable() {
			return nil, fmt.Errorf("%w: line %d was not asked about", errAnswer, line.Index)
		}
		if _, twice := out[line.Index]; twice {
			return nil, fmt.Errorf("%w: line %d stands twice", errAnswer, line.Index)
		}
		if len(line.Prompts) > debrief.MaxTags {
			return nil, fmt.Errorf("%w: line %d has %d prompts", errAnswer, line.Index, len(line.Prompts))
		}
		tags := debrief.UtteranceTags{Index: line.Index, Prompts: []debrief.Tag{}}
		for _, p := range line.Prompts {
			if !known[p.ID] {
				return nil, fmt.Errorf("%w: prompt %.40q is not in the scheme", errAnswer, p.ID)
			}
			if slices.ContainsFunc(slices.Concat(tags.Prompts, tags.Suggested), func(t debrief.Tag) bool { return t.Prompt == p.ID }) {
				return nil, fmt.Errorf("%w: line %d has prompt %s twice", errAnswer, line.Index, p.ID)
			}
			if math.IsNaN(p.Confidence) || p.Confidence <= 0 || p.Confidence > 1 {
				return nil, fmt.Errorf("%w: confidence %g", errAnswer, p.Confidence)
			}
			quote, ok := FindQuote(t, t.Utterances[line.Index].Speaker, line.Index, a.show(p.Quote))
			if !ok {
				return nil, fmt.Errorf("%w: a quote of line %d is not there", errAnswer, line.Index)
			}
			tag := debrief.Tag{Prompt: p.ID, Confidence: p.Confidence, Source: debrief.SourceAPI, Evidence: "“" + quote.Text + "”"}
			if p.Confidence < chatSure {
				tags.Suggested = append(tags.Suggested, tag)
			} else {
				tags.Prompts = append(tags.Prompts, tag)
			}
		}
		out[line.Index] = tags
	}
	return out, nil
}
