package models

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"debrief"
	"debrief/internal/moonshine"
)

// sources are the files Prepare reads, as scripts/setup.sh lays them out from the packages of
// scripts/models.lock.
const (
	srcEncoder = "moonshine/encoder_model.onnx"
	srcMerged  = "moonshine/decoder_model_merged.onnx"
	srcLlama   = "llama/llama-tokenizer.js"
	srcSilero  = "silero/silero_vad.onnx"
	srcUSE     = "use-lite"
	srcRuntime = "runtime"
)

// Prepare makes the folder to from the packages' files in the folder from. Either everything
// is there at the end, or nothing has changed: the files are made in a folder beside to, which
// then takes its place. Existing prepared files are replaced. The error wraps
// [debrief.ErrModel] when a source file is missing or not what it should be.
func Prepare(ctx context.Context, from, to string) error {
	to, err := filepath.Abs(to)
	if err != nil {
		return fmt.Errorf("prepare models: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("prepare models: %w", err)
	}
	work, err := os.MkdirTemp(filepath.Dir(to), "."+filepath.Base(to)+"-")
	if err != nil {
		return fmt.Errorf("prepare models: %w", err)
	}
	defer os.RemoveAll(work)
	p := preparation{from: from, to: Dir{work}}
	for _, step := range []func() error{p.runtime, p.speech, p.tokens, p.voice, p.sentences} {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("prepare models: %w", err)
		}
		if err := step(); err != nil {
			return fmt.Errorf("prepare models: %w", err)
		}
	}
	if err := p.to.record(); err != nil {
		return fmt.Errorf("prepare models: %w", err)
	}
	return swap(work, to)
}

// swap puts the folder work in the place of the folder to.
func swap(work, to string) error {
	if err := os.Chmod(work, 0o755); err != nil {
		return fmt.Errorf("put models in place: %w", err)
	}
	old := work + "-old"
	err := os.Rename(to, old)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("put models in place: %w", err)
	}
	if err := os.Rename(work, to); err != nil {
		_ = os.Rename(old, to) // what was there is better than nothing
		return fmt.Errorf("put models in place: %w", err)
	}
	return os.RemoveAll(old)
}

type preparation struct {
	from string
	to   Dir
}

func (p *preparation) read(name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(p.from, filepath.FromSlash(name)))
	if err != nil {
		return nil, debrief.WithHint(fmt.Errorf("%w: %w", debrief.ErrModel, err), "run make setup, which lays the packages' files out")
	}
	return b, nil
}

func (p *preparation) write(name string, b []byte) error {
	path := p.to.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(b); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

func (p *preparation) copy(from, to string) error {
	b, err := p.read(from)
	if err != nil {
		return err
	}
	return p.write(to, b)
}

func (p *preparation) runtime() error {
	return p.copy(srcRuntime+"/"+filepath.Base(runtimeFile()), runtimeFile())
}

// voice rewrites the voice activity detector.
func (p *preparation) voice() error {
	published, err := p.read(srcSilero)
	if err != nil {
		return err
	}
	silero, err := moonshine.PrepareVAD(published)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", srcSilero, debrief.ErrModel, err)
	}
	return p.write(sileroFile, silero)
}

// speech rewrites the recogniser.
func (p *preparation) speech() error {
	encoder, err := p.read(srcEncoder)
	if err != nil {
		return err
	}
	merged, err := p.read(srcMerged)
	if err != nil {
		return err
	}
	made, err := moonshine.Prepare(encoder, merged)
	if err != nil {
		return fmt.Errorf("%s, %s: %w: %w", srcEncoder, srcMerged, debrief.ErrModel, err)
	}
	for name, b := range made {
		if err := p.write(moonDir+"/"+name, b); err != nil {
			return err
		}
	}
	return nil
}

// tokenTable is where llama-tokenizer-js keeps the vocabulary: base64 of one piece a line, in order of ids.
var tokenTable = regexp.MustCompile(`llama_vocab_base64 = "([A-Za-z0-9+/=]+)"`)

// tokenCount is the number of pieces; Moonshine's 768 further ids are special and never text.
const tokenCount = 32000

func (p *preparation) tokens() error {
	js, err := p.read(srcLlama)
	if err != nil {
		return err
	}
	found := tokenTable.FindSubmatch(js)
	if found == nil {
		return fmt.Errorf("%s: no vocabulary in it: %w", srcLlama, debrief.ErrModel)
	}
	table, err := base64.StdEncoding.DecodeString(string(found[1]))
	if err != nil {
		return fmt.Errorf("%s: %w: %w", srcLlama, debrief.ErrModel, err)
	}
	if n := len(bytes.Split(table, []byte("\n"))); n != tokenCount {
		return fmt.Errorf("%s: %d tokens instead of %d: %w", srcLlama, n, tokenCount, debrief.ErrModel)
	}
	return p.write(moonTokens, []byte(strings.TrimSuffix(string(table), "\n")+"\n"))
}

// sentences writes the sentence encoder's graph around the published weights.
func (p *preparation) sentences() error {
	modelJSON, err := p.read(srcUSE + "/model.json")
	if err != nil {
		return err
	}
	weights, err := readTFJS(modelJSON, func(shard string) ([]byte, error) { return p.read(srcUSE + "/" + filepath.Base(shard)) })
	if err != nil {
		return fmt.Errorf("%s: %w: %w", srcUSE, debrief.ErrModel, err)
	}
	model, err := sentenceEncoder(weights)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", srcUSE, debrief.ErrModel, err)
	}
	if err := p.write(useEncoder, model.Marshal()); err != nil {
		return err
	}
	return p.copy(srcUSE+"/vocab.json", useVocab)
}
