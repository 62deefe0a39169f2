package audio

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"debrief"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
)

// TestPredictionLosesNothingToTheLibrarys: sounds pack as small as when every predictor and every
// parameter are tried, and come back.
func TestPredictionLosesNothingToTheLibrarys(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for name, at := range map[string]func(i int) float64{
		"Silence":   func(int) float64 { return 0 },
		"Offset":    func(int) float64 { return -7 },
		"Ramp":      func(i int) float64 { return float64(int16(i)) },
		"Whisper":   func(int) float64 { return 2 * rng.NormFloat64() },
		"Noise":     func(int) float64 { return 3000 * rng.NormFloat64() },
		"FullNoise": func(int) float64 { return float64(int16(rng.Uint32())) },
		"Square":    func(i int) float64 { return 32767 - 65535*float64(i/40%2) },
		"Click":     func(i int) float64 { return 30000 * float64(1-min(1, i%9000)) },
		"Vowel": func(i int) float64 {
			return 9000*math.Sin(float64(i)/20)*math.Sin(float64(i)/8000) + 200*rng.NormFloat64()
		},
	} {
		t.Run(name, func(t *testing.T) {
			pcm := make([]int16, 3*blockSize+777)
			for i := range pcm {
				pcm[i] = int16(max(math.MinInt16, min(math.MaxInt16, at(i))))
			}
			got, err := EncodeFLAC(pcm)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := DecodeFLAC(bytes.NewReader(got)); err != nil || !slices.Equal(back, pcm) {
				t.Fatalf("came back different: %v", err)
			}
			const slack = 1.01 // the sum of residuals is a guess at their code's length
			if want := analysed(t, pcm); float64(len(got)) > slack*float64(want)+8 {
				t.Errorf("%d bytes, the library's analysis needs %d", len(got), want)
			}
		})
	}
}

// analysed is how many bytes the library's own analysis needs.
func analysed(t *testing.T, pcm []int16) int {
	t.Helper()
	var out bytes.Buffer
	enc, err := flac.NewEncoder(&out, &meta.StreamInfo{
		BlockSizeMin: blockSize, BlockSizeMax: blockSize,
		SampleRate: debrief.SampleRate, NChannels: 1, BitsPerSample: 16, NSamples: uint64(len(pcm)),
	})
	if err != nil {
		t.Fatal(err)
	}
	for block := range slices.Chunk(pcm, blockSize) {
		samples := make([]int32, len(block))
		for i, v := range block {
			samples[i] = int32(v)
		}
		if err := enc.WriteFrame(&frame.Frame{
			Header: frame.Header{
				HasFixedBlockSize: true, BlockSize: uint16(len(block)),
				SampleRate: debrief.SampleRate, Channels: frame.ChannelsMono, BitsPerSample: 16,
			},
			Subframes: []*frame.Subframe{{SubHeader: frame.SubHeader{Pred: frame.PredVerbatim}, Samples: samples, NSamples: len(block)}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}
