//go:build !recorder

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"debrief"
	"debrief/pipeline"
	"debrief/storage"
	"debrief/summarize"
	"debrief/transcribe"

	"github.com/urfave/cli/v2"
)

// api is where and as whom to ask, from the usual environment names. It is read only when the
// user chose an API: a key that happens to be set sends nothing.
type api struct {
	key  transcribe.Secret
	base string
}

func readAPI() (api, error) {
	a := api{transcribe.Secret(os.Getenv("OPENAI_API_KEY")), os.Getenv("OPENAI_BASE_URL")}
	if a.key == "" && a.base == "" {
		return a, usageError("--engine openai needs a key", "set OPENAI_API_KEY, or OPENAI_BASE_URL for a compatible server")
	}
	return a, nil
}

// openAPI makes the API's transcription engine.
func openAPI(c *cli.Context) (*transcribe.OpenAI, error) {
	a, err := readAPI()
	if err != nil {
		return nil, err
	}
	if c.String("model") == "" {
		return nil, usageError("--engine openai needs a model", "name it with --model or DEBRIEF_MODEL")
	}
	return transcribe.NewOpenAI(transcribe.OpenAIConfig{
		BaseURL: a.base, Key: a.key, Model: c.String("model"),
		Language: c.String("language"), Vocabulary: c.StringSlice("vocabulary"),
	})
}

// openChat puts the API's chat model over the local stages, which stand in when it fails.
func openChat(c *cli.Context, lib *storage.Library, scheme debrief.Scheme, local pipeline.Meaning) (pipeline.Meaning, error) {
	if c.String("engine") != "openai" {
		return local, usageError("--chat-model sends what was said to an API", "say so with --engine openai as well")
	}
	a, err := readAPI()
	if err != nil {
		return local, err
	}
	config := summarize.ChatConfig{
		BaseURL: a.base, Key: string(a.key), Model: c.String("chat-model"), Scheme: scheme,
		// What the client is called is hidden before anything is sent.
		Names: func(id debrief.ClientID) ([]string, error) {
			known, _, err := lib.LoadClient(c.Context, id)
			if errors.Is(err, debrief.ErrNotFound) {
				return nil, nil
			}
			if err != nil {
				return nil, fmt.Errorf("read the client's name: %w", err)
			}
			return strings.Fields(known.Name), nil
		},
		Note: func(why error) { fmt.Fprintf(c.App.ErrWriter, "note: done on this machine instead: %v\n", why) },
	}
	tagger, err := summarize.NewChatTagger(config, local.Tagger)
	if err != nil {
		return local, err
	}
	summarizer, err := summarize.NewChatSummarizer(config, local.Summarizer)
	return pipeline.Meaning{Documents: local.Documents, Tagger: tagger, Summarizer: summarizer}, err
}
