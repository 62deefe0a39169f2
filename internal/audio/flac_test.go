package audio

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os/exec"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/mewkiz/flac"
	"pgregory.net/rapid"

	"debrief"
)

func TestFLACRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(1, 40), rapid.IntRange(4090, 4100), rapid.IntRange(1, 3*blockSize)).Draw(t, "samples")
		pcm := make([]int16, n)
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0: // silence or any constant
			v := rapid.Int16().Draw(t, "value")
			for i := range pcm {
				pcm[i] = v
			}
		case 1: // full scale, the worst for predictors
			for i := range pcm {
				pcm[i] = math.MaxInt16
				if i%2 == 0 {
					pcm[i] = math.MinInt16
				}
			}
		case 2:
			copy(pcm, sound(n))
		case 3:
			copy(pcm, rapid.SliceOfN(rapid.Int16(), min(n, 50), min(n, 50)).Draw(t, "noise"))
		}
		data, err := EncodeFLAC(pcm)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeFLAC(iotest.OneByteReader(bytes.NewReader(data)))
		if err != nil || !slices.Equal(got, pcm) {
			t.Fatalf("decoded %d samples (%v), encoded %d", len(got), err, len(pcm))
		}
	})
}

func TestEncodeFLACHeader(t *testing.T) {
	pcm := sound(2*blockSize + 5)
	data, err := EncodeFLAC(pcm)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := flac.New(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	info := stream.Info
	if info.NSamples != uint64(len(pcm)) || info.MD5sum == [16]byte{} || info.BlockSizeMin != blockSize || info.BlockSizeMax != blockSize ||
		info.SampleRate != 16000 || info.NChannels != 1 || info.BitsPerSample != 16 {
		t.Errorf("header %+v", *info)
	}
	again, err := EncodeFLAC(pcm)
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("encoded twice: other bytes, %v", err)
	}
	if ratio := float64(len(data)) / float64(2*len(pcm)); ratio > 0.75 {
		t.Errorf("packed to %.2f, want 0.75 at most", ratio)
	}
}

// TestReferenceDecoder lets the format's own tool judge what is written.
func TestReferenceDecoder(t *testing.T) {
	tool, err := exec.LookPath("flac")
	if err != nil {
		t.Fatal("the flac tool is not installed: run make setup")
	}
	for _, n := range []int{1, 15, blockSize, blockSize + 1, 60 * second} {
		pcm := sound(n)
		data, err := EncodeFLAC(pcm)
		if err != nil {
			t.Fatal(err)
		}
		path := writeFile(t, "a.flac", data)
		if out, err := exec.Command(tool, "--test", "--silent", "--warnings-as-errors", path).CombinedOutput(); err != nil {
			t.Errorf("%d samples: flac --test: %v\n%s", n, err, out)
		}
		raw, err := exec.Command(tool, "--decode", "--silent", "--stdout", "--force-raw-format", "--endian=little", "--sign=signed", path).Output()
		if err != nil || !bytes.Equal(raw, pcmBytes(pcm)) {
			t.Errorf("%d samples: flac --decode gives %d bytes, %v", n, len(raw), err)
		}
	}
}

func TestFLACErrors(t *testing.T) {
	pcm := sound(3 * blockSize)
	good, err := EncodeFLAC(pcm)
	if err != nil {
		t.Fatal(err)
	}
	spoil := func(at int) []byte {
		b := slices.Clone(good)
		b[at] ^= 1
		return b
	}
	// Header fields, see RFC 9639, 8.2: total samples end at byte 26, the MD5 begins there.
	longer := slices.Clone(good)
	longer[24]++
	huge := slices.Clone(good)
	huge[21] |= 0x0f
	for name, test := range map[string]struct {
		data []byte
		kind error
	}{
		"EmptyIsErrTruncated":         {nil, debrief.ErrTruncated},
		"HeaderCutIsErrTruncated":     {good[:20], debrief.ErrTruncated},
		"FrameCutIsErrTruncated":      {good[:len(good)-3], debrief.ErrTruncated},
		"LastFrameGoneIsErrTruncated": {longer, debrief.ErrTruncated},
		"FrameDamagedIsErrBadAudio":   {spoil(len(good) / 2), debrief.ErrBadAudio},
		"MD5DiffersIsErrBadAudio":     {spoil(27), debrief.ErrBadAudio},
		"NoFLACIsErrBadAudio":         {[]byte("this is no FLAC stream at all, whatever it is"), debrief.ErrBadAudio},
		"TooLongIsErrBadAudio":        {huge, debrief.ErrBadAudio},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := DecodeFLAC(bytes.NewReader(test.data)); !errors.Is(err, test.kind) {
				t.Errorf("%v, want %v", err, test.kind)
			}
		})
	}
	t.Run("TagsBehindTheAudioDoNotMatter", func(t *testing.T) {
		got, err := DecodeFLAC(io.MultiReader(bytes.NewReader(good), bytes.NewReader([]byte("TAG of some player"))))
		if err != nil || !slices.Equal(got, pcm) {
			t.Errorf("%d samples, %v", len(got), err)
		}
	})
	t.Run("ReadersErrorIsPassedOn", func(t *testing.T) {
		for _, at := range []int{2, 30, len(good) / 2} {
			r := io.MultiReader(bytes.NewReader(good[:at]), iotest.ErrReader(debrief.ErrUnavailable))
			if _, err := DecodeFLAC(r); !errors.Is(err, debrief.ErrUnavailable) || errors.Is(err, debrief.ErrBadAudio) {
				t.Errorf("broken after %d bytes: %v, want ErrUnavailable alone", at, err)
			}
		}
	})
	t.Run("NothingToEncodeIsErrInvalid", func(t *testing.T) {
		if _, err := EncodeFLAC(nil); !errors.Is(err, debrief.ErrInvalid) {
			t.Error(err)
		}
		if _, err := EncodeFLAC(make([]int16, MaxSegment+1)); !errors.Is(err, debrief.ErrInvalid) {
			t.Error(err)
		}
	})
}

func TestPCMHash(t *testing.T) {
	// sha256sum of the bytes 01 00 ff ff 00 80
	const want = "3c6f0f726602cf24f3356832d0c60d6a02cc142f981cc57addf3ea5c7808d127"
	if got := PCMHash([]int16{1, -1, math.MinInt16}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func FuzzDecodeFLAC(f *testing.F) {
	for _, n := range []int{1, 100, blockSize + 10} {
		data, err := EncodeFLAC(sound(n))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	constant, err := EncodeFLAC(make([]int16, 3*blockSize))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(constant)
	f.Fuzz(func(t *testing.T, data []byte) {
		pcm, err := DecodeFLAC(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, debrief.ErrBadAudio) && !errors.Is(err, debrief.ErrTruncated) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		if len(pcm) == 0 {
			return
		}
		again, err := EncodeFLAC(pcm)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := DecodeFLAC(bytes.NewReader(again)); err != nil || !slices.Equal(back, pcm) {
			t.Errorf("round trip of %d samples: %d, %v", len(pcm), len(back), err)
		}
	})
}

func BenchmarkEncodeFLAC(b *testing.B) {
	pcm := sound(60 * second)
	for b.Loop() {
		if _, err := EncodeFLAC(pcm); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
}

func BenchmarkDecodeFLAC(b *testing.B) {
	data, err := EncodeFLAC(sound(60 * second))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := DecodeFLAC(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
}
