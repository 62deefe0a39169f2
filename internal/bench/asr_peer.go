package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"debrief"
	"debrief/internal/bench/figure"

	"github.com/go-audio/audio"
	"github.com/go-audio/wav"
)

// peerScript has sherpa-onnx recognise files with the published weights of the same model.
//
//go:embed peer.js
var peerScript string

// peerFolder is where scripts/bench-peer.sh puts sherpa-onnx-node and the published weights.
const peerFolder = "bench/peer"

// asrPeer compares the processor time of this recogniser, speech islands and voices included,
// with sherpa-onnx's, which is handed each file whole and has nothing else to do.
func asrPeer(ctx context.Context, b *bed) ([]figure.Figure, error) {
	if _, err := os.Stat(filepath.Join(peerFolder, "tokens.txt")); err != nil {
		return nil, debrief.WithHint(fmt.Errorf("find sherpa-onnx: %w", err), "run scripts/bench-peer.sh")
	}
	dir, err := os.MkdirTemp("", "debrief-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	args := []string{"-e", peerScript, peerFolder}
	for i, s := range b.set {
		path := filepath.Join(dir, fmt.Sprintf("%03d.wav", i))
		if err := writeWAV(path, s.pcm); err != nil {
			return nil, err
		}
		args = append(args, path)
	}
	var ratios, mine, theirs []float64
	var texts []string
	for range rounds {
		before := cpu()
		if _, err := b.hearAll(ctx, b.set); err != nil {
			return nil, err
		}
		ours := (cpu() - before).Seconds()
		var peer struct {
			CPU   float64  `json:"cpu"` // seconds
			Texts []string `json:"texts"`
		}
		cmd := exec.CommandContext(ctx, "node", args...)
		cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(peerFolder, "node_modules"),
			libraryPath()+"="+filepath.Join(peerFolder, "node_modules", platformPackage()))
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err == nil {
			err = json.Unmarshal(out, &peer)
		}
		if err != nil || len(peer.Texts) != len(b.set) {
			return nil, fmt.Errorf("run sherpa-onnx: %d texts of %d files: %w", len(peer.Texts), len(b.set), err)
		}
		texts = peer.Texts
		ratios = append(ratios, peer.CPU/ours)
		mine, theirs = append(mine, seconds(b.set)/ours), append(theirs, seconds(b.set)/peer.CPU)
	}
	rates, err := b.score(ctx, b.set, texts)
	if err != nil {
		return nil, err
	}
	const unit = "x real time per CPU second"
	return []figure.Figure{
		figure.AtLeast("speed over sherpa-onnx, same weights", median(ratios), 1.3, "x"),
		figure.Told("  this recogniser", median(mine), unit, fmt.Sprintf("median of %d rounds in turn", rounds)),
		figure.Told("  sherpa-onnx", median(theirs), unit, ""),
		figure.Told("  word error rate of sherpa-onnx", rates["ALL-utt"], "%", ""),
	}, nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// platformPackage is the npm package with sherpa-onnx's library for this machine.
func platformPackage() string {
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	return "sherpa-onnx-" + runtime.GOOS + "-" + arch
}

func libraryPath() string {
	if runtime.GOOS == "darwin" {
		return "DYLD_LIBRARY_PATH"
	}
	return "LD_LIBRARY_PATH"
}

func writeWAV(path string, pcm []int16) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := wav.NewEncoder(f, debrief.SampleRate, 16, 1, 1)
	data := make([]int, len(pcm))
	for i, s := range pcm {
		data[i] = int(s)
	}
	err = w.Write(&audio.IntBuffer{Format: &audio.Format{NumChannels: 1, SampleRate: debrief.SampleRate}, Data: data, SourceBitDepth: 16})
	if err == nil {
		err = w.Close()
	}
	return err
}
