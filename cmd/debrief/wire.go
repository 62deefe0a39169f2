//go:build !recorder

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"debrief"
	"debrief/internal/audio"
	"debrief/internal/models"
	"debrief/pipeline"
	"debrief/storage"
	"debrief/summarize"
	"debrief/transcribe"

	"github.com/urfave/cli/v2"
)

func salvageFlag() cli.Flag {
	return &cli.BoolFlag{Name: "salvage", Usage: "take what is there of a truncated file"}
}

// engine is a recogniser with what it needs around it.
type engine struct {
	models     models.Dir
	recogniser transcribe.Engine
	language   string
	speakers   transcribe.Speakers
	now        func() time.Time
	close      func() error
}

func openEngine(c *cli.Context) (*engine, error) {
	speakers, err := transcribe.ParseSpeakers(c.String("speakers"))
	if err != nil {
		return nil, err
	}
	dir, err := models.Find()
	if err != nil {
		return nil, err
	}
	e := &engine{models: dir, language: c.String("language"), speakers: speakers, now: time.Now, close: func() error { return nil }}
	switch name := c.String("engine"); name {
	case "local":
		m, err := transcribe.NewMoonshine(transcribe.MoonshineConfig{Models: dir})
		if err != nil {
			return nil, err
		}
		e.recogniser, e.close = m, m.Close
	case "openai":
		api, err := openAPI(c)
		if err != nil {
			return nil, err
		}
		if !c.Bool("quiet") && !c.Bool("dry-run") {
			fmt.Fprintf(c.App.ErrWriter, "note: speech is sent to %s\n", api.Name())
			if w := api.Capabilities().Ending(time.Now()); w != "" {
				fmt.Fprintln(c.App.ErrWriter, "warning: "+w)
			}
		}
		e.recogniser = api
	default:
		return nil, usageError(fmt.Sprintf("unknown engine %q", name), "use --engine local or --engine openai")
	}
	return e, nil
}

// transcriber makes the stage, with a place for the results of chunks or nil.
func (e *engine) transcriber(keep transcribe.Chunks) (*transcribe.Transcriber, error) {
	return transcribe.New(transcribe.Config{
		Models: e.models, Engine: e.recogniser, Chunks: keep, Language: e.language, Now: e.now,
	})
}

// hearing fits the transcriber to the pipeline.
type hearing struct {
	engine  *engine
	library *storage.Library
}

func (h hearing) Transcribe(ctx context.Context, rec *debrief.Recording, in pipeline.AudioReader, progress func(debrief.Samples), spent func(found, now debrief.Spent)) (*debrief.Transcript, error) {
	t, err := h.engine.transcriber(chunks{h.library, rec})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	return t.Transcribe(ctx, transcribe.Request{
		Recording: rec.ID, Input: rec.AudioHash(), Audio: in,
		Speakers: h.engine.speakers, Progress: progress, Spent: spent,
	})
}

func openTagger(scheme debrief.Scheme) (*summarize.Tagger, error) {
	dir, err := models.Find()
	if err != nil {
		return nil, err
	}
	return summarize.NewTagger(summarize.Config{Models: dir, Scheme: scheme})
}

// wired is the whole product: store, engine, tagger and the pipeline over them.
type wired struct {
	pipeline *pipeline.Pipeline
	library  *storage.Library
	engine   *engine
	meaning  pipeline.Meaning
	close    func() error
}

func wire(c *cli.Context) (*wired, error) {
	lib, err := openLibrary(c)
	if err != nil {
		return nil, err
	}
	e, err := openEngine(c)
	if err != nil {
		return nil, err
	}
	m, closeMeaning, err := openMeaning(c, lib)
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	return assemble(c, lib, e, m, func() error { return errors.Join(e.close(), closeMeaning()) })
}

func assemble(c *cli.Context, lib *storage.Library, e *engine, m pipeline.Meaning, end func() error) (*wired, error) {
	p, err := newPipeline(lib, e, m, c.Bool("salvage"))
	if err != nil {
		return nil, errors.Join(err, end())
	}
	return &wired{p, lib, e, m, end}, nil
}

// openMeaning makes what tags and summarises: this machine, or an API over it when a chat model is named.
func openMeaning(c *cli.Context, lib *storage.Library) (pipeline.Meaning, func() error, error) {
	m := pipeline.Meaning{Documents: library{lib}}
	scheme, err := loadScheme(c)
	if err != nil {
		return m, nil, err
	}
	summarizer, err := summarize.NewSummarizer(summarize.SummarizerConfig{Scheme: scheme})
	if err != nil {
		return m, nil, err
	}
	tagger, err := openTagger(scheme)
	if err != nil {
		return m, nil, err
	}
	m.Tagger, m.Summarizer = tagger, summarizer
	if c.String("chat-model") != "" {
		if m, err = openChat(c, lib, scheme, m); err != nil {
			return m, nil, errors.Join(err, tagger.Close())
		}
	}
	return m, tagger.Close, nil
}

func newPipeline(lib *storage.Library, e *engine, m pipeline.Meaning, salvage bool) (*pipeline.Pipeline, error) {
	opts := audio.Options{Salvage: salvage}
	return pipeline.New(pipeline.Config{
		Documents:   library{lib},
		Objects:     library{lib},
		Decode:      func(ctx context.Context, path string) (pipeline.Decoder, error) { return audio.Open(ctx, path, opts) },
		EncodeFLAC:  audio.EncodeFLAC,
		Transcriber: hearing{e, lib},
		Tagger:      m.Tagger,
		Summarizer:  m.Summarizer,
	})
}
