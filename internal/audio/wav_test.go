package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"testing"

	"debrief"
)

// chunk makes a RIFF chunk.
func chunk(name string, body []byte) []byte {
	b := append([]byte(name), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// riff makes a WAV file of chunks.
func riff(chunks ...[]byte) []byte {
	body := slices.Concat(append([][]byte{[]byte("WAVE")}, chunks...)...)
	return chunk("RIFF", body)
}

// format makes the body of a format chunk.
func format(coding, channels uint16, rate uint32, bits uint16) []byte {
	b := make([]byte, 16)
	binary.LittleEndian.PutUint16(b[0:], coding)
	binary.LittleEndian.PutUint16(b[2:], channels)
	binary.LittleEndian.PutUint32(b[4:], rate)
	binary.LittleEndian.PutUint16(b[14:], bits)
	return b
}

func TestParseWAV(t *testing.T) {
	pcm := bytes.Repeat([]byte{1, 2}, 50)
	native := chunk("fmt ", format(1, 1, 16000, 16))
	extensible := make([]byte, 40)
	copy(extensible, format(0xfffe, 1, 16000, 16))
	extensible[24] = 1
	for name, test := range map[string]struct {
		file   []byte
		native bool
		offset int64
		size   int64
		damage bool
	}{
		"Plain":                {riff(native, chunk("data", pcm)), true, 44, 100, false},
		"ListBehind":           {riff(native, chunk("data", pcm), chunk("LIST", []byte("odd"))), true, 44, 100, false},
		"OddChunkBefore":       {riff(chunk("bext", []byte("odd")), native, chunk("data", pcm)), true, 56, 100, false},
		"Extensible":           {riff(chunk("fmt ", extensible), chunk("data", pcm)), true, 68, 100, false},
		"OtherRate":            {riff(chunk("fmt ", format(1, 1, 44100, 16)), chunk("data", pcm)), false, 44, 100, false},
		"Stereo":               {riff(chunk("fmt ", format(1, 2, 16000, 16)), chunk("data", pcm)), false, 44, 100, false},
		"HalfASampleIsLeftOut": {riff(native, chunk("data", pcm[:99])), true, 44, 98, false},
		"NoSamples":            {riff(native, chunk("data", nil)), true, 44, 0, false},
		"CutOff":               {riff(native, chunk("data", pcm))[:100], true, 44, 56, true},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := parseWAV(bytes.NewReader(test.file), int64(len(test.file)))
			if err != nil {
				t.Fatal(err)
			}
			if w.native() != test.native || w.offset != test.offset || w.size != test.size || (w.damage != "") != test.damage {
				t.Errorf("%+v, native %v", w, w.native())
			}
		})
	}
}

func TestFileThatShrinks(t *testing.T) {
	path := writeWAV(t, sound(10*second), nil)
	f, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(path, 5*second); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the error stays
		if _, err := readAll(f); !errors.Is(err, debrief.ErrTruncated) {
			t.Errorf("%v, want ErrTruncated", err)
		}
	}
}

func FuzzParseWAV(f *testing.F) {
	pcm := bytes.Repeat([]byte{1, 2}, 50)
	native := chunk("fmt ", format(1, 1, 16000, 16))
	f.Add(riff(native, chunk("data", pcm)))
	f.Add(riff(chunk("fmt ", format(3, 2, 48000, 32)), chunk("data", pcm)))
	f.Add(riff(chunk("ds64", make([]byte, 28)), native, []byte("data\xff\xff\xff\xff"), pcm))
	f.Add(riff(native, []byte("data\x00\x00\x00\x00"), pcm))
	f.Fuzz(func(t *testing.T, data []byte) {
		size := int64(len(data))
		w, err := parseWAV(bytes.NewReader(data), size)
		if err != nil {
			if !errors.Is(err, debrief.ErrBadAudio) && !errors.Is(err, debrief.ErrTruncated) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		if w.size < 0 || w.size%2 != 0 || w.offset < 0 || w.size > 0 && w.offset+w.size > size {
			t.Fatalf("%d bytes at %d of a file of %d", w.size, w.offset, size)
		}
		sniff(bytes.NewReader(data), size)
		oggComplete(bytes.NewReader(data), size)
	})
}
