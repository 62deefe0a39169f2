package audio

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"debrief"
)

// sound makes n samples that are like speech in what matters to codecs: a gliding tone with
// overtones in bursts and pauses, over a floor of noise. The same each time.
func sound(n int) []int16 {
	pcm := make([]int16, n)
	r := rand.New(rand.NewPCG(1, 2))
	phase := 0.0
	for i := range pcm {
		t := float64(i) / debrief.SampleRate
		phase += 2 * math.Pi * (140 + 60*math.Sin(2*math.Pi*0.7*t)) / debrief.SampleRate
		loud := math.Max(0, math.Sin(2*math.Pi*1.3*t))
		v := loud * (0.3*math.Sin(phase) + 0.15*math.Sin(3*phase) + 0.1*math.Sin(7*phase+t))
		pcm[i] = int16(20000*v + 60*r.NormFloat64())
	}
	return pcm
}

// likeness is the correlation of a second from the middle of two signals, at the best shift of
// up to 0.1 s, which codecs delay by: 1 is the same, 0 has nothing to do with it.
func likeness(a, b []int16) float64 {
	const reach = debrief.SampleRate / 10
	n := min(debrief.SampleRate, min(len(a), len(b))-2*reach)
	from := (min(len(a), len(b)) - n) / 2
	best := 0.0
	for shift := -reach; shift <= reach && n > 0; shift++ {
		var ab, aa, bb float64
		for i := from; i < from+n; i += 5 {
			x, y := float64(a[i]), float64(b[i+shift])
			ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
		}
		if aa > 0 && bb > 0 {
			best = max(best, ab/math.Sqrt(aa*bb))
		}
	}
	return best
}

// writeWAV writes a canonical WAV file; header may then be spoiled.
func writeWAV(t testing.TB, pcm []int16, spoil func(header []byte)) string {
	t.Helper()
	header := pcmHeader(int64(2 * len(pcm)))
	if spoil != nil {
		spoil(header[:])
	}
	return writeFile(t, "sound.wav", append(header[:], pcmBytes(pcm)...))
}

func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// setSize spoils the length of the samples in a header.
func setSize(n uint32) func([]byte) {
	return func(h []byte) { binary.LittleEndian.PutUint32(h[40:], n) }
}

// decode reads a whole file.
func decode(ctx context.Context, path string, o Options) ([]int16, *File, error) {
	f, err := Open(ctx, path, o)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	pcm, err := readAll(f)
	return pcm, f, err
}

// readAll reads a stream in pieces of odd lengths.
func readAll(s Stream) ([]int16, error) {
	var pcm []int16
	buf := make([]int16, 1777)
	for {
		n, err := s.Read(buf)
		pcm = append(pcm, buf[:n]...)
		if err == io.EOF {
			return pcm, nil
		}
		if err != nil {
			return pcm, err
		}
	}
}
