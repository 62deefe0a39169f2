// Command train makes the tagger's model from its corpus: go run ./internal/train.
//
// With -cv it measures instead: it leaves out some hands of the corpus at a time, trains on the others and
// tags those. It reads nothing but the corpus, the built-in scheme and the sentence
// encoder, and the same corpus gives the same file on the same machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"debrief/internal/models"
	"debrief/internal/tagnet"
	"debrief/summarize"
	"debrief/summarize/corpus"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// encoders is how many texts are embedded at once: one for each core of the machine it was timed on.
const encoders = 2

func run(ctx context.Context, args []string) error {
	recipe := tagnet.DefaultRecipe(len(summarize.DefaultScheme().Prompts))
	flags := flag.NewFlagSet("train", flag.ContinueOnError)
	out := flags.String("out", "summarize/tagger.model", "file to write the model to")
	cv := flags.Bool("cv", false, "measure by leaving out hands of the corpus; writes no model")
	hands := flags.String("hands", "", "with -cv: only these hands, joined by commas")
	cache := flags.String("cache", "", "file to keep embeddings in between runs")
	worst := flags.Int("worst", 0, "with -cv: print so many lines whose labels were least expected")
	flags.IntVar(&recipe.Members, "members", recipe.Members, "networks in the ensemble")
	flags.IntVar(&recipe.Epochs, "epochs", recipe.Epochs, "passes over the corpus")
	if err := flags.Parse(args); err != nil {
		return err
	}
	debriefs, err := corpus.Read()
	if err != nil {
		return err
	}
	recordings, err := load(ctx, debriefs, *cache)
	if err != nil {
		return err
	}
	if *cv {
		var only []string
		if *hands != "" {
			only = strings.Split(*hands, ",")
		}
		return crossValidate(ctx, recipe, recordings, only, *worst)
	}
	e, err := learn(ctx, recipe, recordings)
	if err != nil {
		return err
	}
	return write(*out, e)
}

func load(ctx context.Context, debriefs []corpus.Debrief, cache string) ([]recording, error) {
	dir, err := models.Find()
	if err != nil {
		return nil, err
	}
	var es []*summarize.Encoder
	for range encoders {
		e, err := summarize.NewEncoder(dir)
		if err != nil {
			return nil, err
		}
		defer e.Close()
		es = append(es, e)
	}
	return prepare(ctx, debriefs, es, cache)
}

// leastRecordings is in how many recordings a word must occur to be learned: below it the model
// grows and nothing else.
const leastRecordings = 5

// learn trains on the recordings, each epoch in other versions.
func learn(ctx context.Context, recipe tagnet.Recipe, recordings []recording) (*tagnet.Ensemble, error) {
	scheme := summarize.DefaultScheme()
	l := numbered(scheme)
	examples := make([][]tagnet.Example, len(recordings))
	for i := range recordings {
		for v := range recordings[i].versions {
			x, err := recordings[i].example(scheme, l, v)
			if err != nil {
				return nil, err
			}
			examples[i] = append(examples[i], x)
		}
	}
	texts := make([][]string, len(recordings))
	for i, r := range recordings {
		for _, v := range r.versions {
			for _, u := range v.utterances {
				texts[i] = append(texts[i], u.Text)
			}
		}
	}
	return tagnet.Train(ctx, recipe, tagnet.NewVocabulary(texts, leastRecordings), func(rng *rand.Rand) []tagnet.Example {
		out := make([]tagnet.Example, len(examples))
		for i, versions := range examples {
			v := 0
			if rng.Float64() >= shareAsWritten {
				v = 1 + rng.IntN(len(versions)-1)
			}
			out[i] = vary(rng, versions[v])
		}
		return out
	})
}

func handsOf(recordings []recording) []string {
	var out []string
	for _, r := range recordings {
		if h := r.Hand(); !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}

// write puts the model in place whole: a half-written one would be built into the program.
func write(path string, e *tagnet.Ensemble) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".tagger-*")
	if err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	defer os.Remove(f.Name()) // does nothing once it has its name
	if err := errors.Join(e.Write(f), f.Chmod(modelMode), f.Close()); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	return nil
}

// modelMode lets everybody read the model, as the other files of a repository.
const modelMode = 0o644
