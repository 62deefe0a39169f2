package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"debrief"
	"debrief/internal/audio"
	"debrief/internal/models"
	"debrief/transcribe"
)

// spoken is one file of the speech set with what is said in it.
type spoken struct {
	file, reference, group string
	pcm                    []int16
}

// speech reads the set, in the order of its manifest.
func speech(ctx context.Context, shared string) ([]spoken, error) {
	dir := filepath.Join(shared, "data", "speech")
	b, err := os.ReadFile(filepath.Join(dir, "manifest.tsv"))
	if err != nil {
		return nil, err
	}
	var out []spoken
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n")[1:] {
		f := strings.Split(line, "\t")
		if len(f) < 6 {
			return nil, fmt.Errorf("manifest line %q: %w", line, debrief.ErrInvalid)
		}
		s := spoken{file: f[0], reference: f[2], group: f[5]}
		if s.pcm, err = audio.ReadFile(ctx, filepath.Join(dir, s.file)); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// bed is what all sections measure: the speech set and the recogniser of this machine.
type bed struct {
	shared string
	models models.Dir
	set    []spoken
	local  *transcribe.Transcriber // with the default number of workers
}

// hear transcribes sound with the bed's recogniser.
func (b *bed) hear(ctx context.Context, s spoken) (*debrief.Transcript, error) {
	return hear(ctx, b.local, s)
}

func hear(ctx context.Context, t *transcribe.Transcriber, s spoken) (*debrief.Transcript, error) {
	tr, err := t.Transcribe(ctx, transcribe.Request{Audio: audio.Memory(s.pcm)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.file, err)
	}
	return tr, nil
}

// hearAll transcribes recordings one after the other.
func (b *bed) hearAll(ctx context.Context, all []spoken) (texts []string, err error) {
	for _, s := range all {
		tr, err := b.hear(ctx, s)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text(tr))
	}
	return texts, nil
}

// seconds is how long recordings are together.
func seconds(all []spoken) float64 {
	sum := 0.0
	for _, s := range all {
		sum += debrief.Samples(len(s.pcm)).Seconds()
	}
	return sum
}

// local opens the recogniser of this machine; close frees it.
func local(workers int) (t *transcribe.Transcriber, closeAll func(), err error) {
	dir, err := models.Find()
	if err != nil {
		return nil, nil, err
	}
	engine, err := transcribe.NewMoonshine(transcribe.MoonshineConfig{Models: dir, Workers: workers})
	if err != nil {
		return nil, nil, err
	}
	t, err = transcribe.New(transcribe.Config{Models: dir, Engine: engine})
	if err != nil {
		return nil, nil, errors.Join(err, engine.Close())
	}
	return t, func() { t.Close(); engine.Close() }, nil
}

func text(tr *debrief.Transcript) string {
	var out []string
	for _, u := range tr.Utterances {
		out = append(out, u.Text)
	}
	return strings.Join(out, " ")
}

// cpu is the processor time this process has used, user and system.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

var totalLine = regexp.MustCompile(`(?m)^(\S+)\s+n=\d+\s+words=(\d+)\s+WER=\s*([\d.]+)%`)

// score runs the set's own scorer over lines of file, reference and text; it returns the
// percentage by group, the whole under ALL-utt.
func (b *bed) score(ctx context.Context, refs []spoken, texts []string) (map[string]float64, error) {
	dir, err := os.MkdirTemp("", "debrief-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	manifest, hyp := "file\tseconds\treference\tsource\tlicence\tgroup\n", ""
	for i, r := range refs {
		manifest += fmt.Sprintf("%s\t%.2f\t%s\t-\t-\t%s\n", r.file, debrief.Samples(len(r.pcm)).Seconds(), r.reference, r.group)
		hyp += r.file + "\t" + texts[i] + "\n"
	}
	m, h := filepath.Join(dir, "manifest.tsv"), filepath.Join(dir, "hyp.tsv")
	if err := errors.Join(os.WriteFile(m, []byte(manifest), 0o600), os.WriteFile(h, []byte(hyp), 0o600)); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, "python3", filepath.Join(b.shared, "data", "speech", "score_wer.py"), m, h).Output()
	if err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	rates := map[string]float64{}
	for _, f := range totalLine.FindAllStringSubmatch(string(out), -1) {
		if rates[f[1]], err = strconv.ParseFloat(f[3], 64); err != nil {
			return nil, err
		}
	}
	if _, ok := rates["ALL-utt"]; !ok {
		return nil, fmt.Errorf("score: no total in %q", out)
	}
	return rates, nil
}
