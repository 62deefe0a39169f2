package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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
		if s.pcm, err = decode(ctx, filepath.Join(dir, s.file)); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func decode(ctx context.Context, path string) ([]int16, error) {
	f, err := audio.Open(ctx, path, audio.Options{})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var pcm []int16
	block := make([]int16, 1<<15)
	for {
		n, err := f.Read(block)
		pcm = append(pcm, block[:n]...)
		if errors.Is(err, io.EOF) {
			return pcm, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// sound is samples in memory as a stream.
type sound struct{ pcm []int16 }

func (s *sound) Read(dst []int16) (int, error) {
	if len(s.pcm) == 0 {
		return 0, io.EOF
	}
	n := copy(dst, s.pcm)
	s.pcm = s.pcm[n:]
	return n, nil
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
func score(ctx context.Context, shared string, refs []spoken, texts []string) (map[string]float64, error) {
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
	out, err := exec.CommandContext(ctx, "python3", filepath.Join(shared, "data", "speech", "score_wer.py"), m, h).Output()
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

// asrFiles transcribes each file of the set by itself.
func asrFiles(ctx context.Context, shared string) ([]figure, error) {
	set, err := speech(ctx, shared)
	if err != nil {
		return nil, err
	}
	t, done, err := local(0)
	if err != nil {
		return nil, err
	}
	defer done()
	texts, seconds, used, err := transcribeAll(ctx, t, set)
	if err != nil {
		return nil, err
	}
	rates, err := score(ctx, shared, set, texts)
	if err != nil {
		return nil, err
	}
	figures := []figure{
		atMost("word error rate, files", rates["ALL-utt"], 9.8, "%"),
		atLeast("speed, files", seconds/used.Seconds(), 15, "x real time per CPU second"),
	}
	delete(rates, "ALL-utt")
	for _, group := range slices.Sorted(maps.Keys(rates)) {
		figures = append(figures, told("  of which "+group, rates[group], "%", ""))
	}
	return figures, nil
}

func transcribeAll(ctx context.Context, t *transcribe.Transcriber, set []spoken) (texts []string, seconds float64, used time.Duration, err error) {
	before := cpu()
	for _, s := range set {
		tr, err := t.Transcribe(ctx, transcribe.Request{Audio: &sound{s.pcm}})
		if err != nil {
			return nil, 0, 0, fmt.Errorf("%s: %w", s.file, err)
		}
		texts = append(texts, text(tr))
		seconds += debrief.Samples(len(s.pcm)).Seconds()
	}
	return texts, seconds, cpu() - before, nil
}
