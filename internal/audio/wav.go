package audio

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"os"

	"debrief"
)

// wavHeader is the part of a WAV header that matters (Microsoft RIFF; RF64: EBU Tech 3306).
type wavHeader struct {
	coding      uint16 // format tag, the real one behind WAVE_FORMAT_EXTENSIBLE
	channels    uint16
	rate        uint32 // Hz
	bits        uint16
	offset      int64  // of the first sample, bytes
	size        int64  // of the samples that are there, bytes
	damage      string // how header and file disagree, "" when they agree
	placeholder bool   // the length was never filled in
}

const (
	codingPCM        = 1
	codingExtensible = 0xfffe
)

// native reports whether the samples can be taken as they are.
func (w wavHeader) native() bool {
	return w.coding == codingPCM && w.channels == 1 && w.rate == debrief.SampleRate && w.bits == 16
}

// maxChunks bounds the chunks in front of the samples. Files seen have fewer than ten.
const maxChunks = 1000

// parseWAV finds the samples of a WAV file of size bytes. A recorder that was cut off leaves a
// length of 0, of 2^32-1, or, with go-audio/wav, lengths of 42; a copy that was cut off leaves
// more length than file. All of these are damage, not errors: size is what is there.
func parseWAV(r io.ReaderAt, size int64) (wavHeader, error) {
	var w wavHeader
	head, err := readAt(r, 0, 12)
	if err != nil {
		return w, err
	}
	if len(head) < 12 {
		return w, truncated("the header is cut off")
	}
	riff := int64(binary.LittleEndian.Uint32(head[4:]))
	wide := int64(-1) // data length of an RF64 file
	for at, n := int64(12), 0; n < maxChunks; n++ {
		chunk, err := readAt(r, at, 8)
		if err != nil {
			return w, err
		}
		if len(chunk) < 8 {
			return w, truncated("the header is cut off")
		}
		length := int64(binary.LittleEndian.Uint32(chunk[4:]))
		body := at + 8
		switch string(chunk[:4]) {
		case "ds64":
			b, err := readAt(r, body, 16)
			if err != nil {
				return w, err
			}
			if len(b) == 16 {
				if n := binary.LittleEndian.Uint64(b[8:]); n <= math.MaxInt64 {
					wide = int64(n)
				}
			}
		case "fmt ":
			if err := w.parseFormat(r, body, length); err != nil {
				return w, err
			}
		case "data":
			if w.rate == 0 {
				return w, damaged("the header does not say how the samples are coded")
			}
			if length == math.MaxUint32 && wide >= 0 {
				length = wide
			}
			w.measure(body, length, riff, size)
			return w, nil
		}
		at = body + length + length&1 // chunks begin at even offsets
	}
	return w, damaged("there are no samples in the file")
}

func (w *wavHeader) parseFormat(r io.ReaderAt, at, length int64) error {
	b, err := readAt(r, at, int(min(length, 40)))
	if err != nil {
		return err
	}
	if len(b) < 16 {
		return truncated("the header is cut off")
	}
	w.coding = binary.LittleEndian.Uint16(b)
	w.channels = binary.LittleEndian.Uint16(b[2:])
	w.rate = binary.LittleEndian.Uint32(b[4:])
	w.bits = binary.LittleEndian.Uint16(b[14:])
	if w.coding == codingExtensible && len(b) >= 26 {
		w.coding = binary.LittleEndian.Uint16(b[24:])
	}
	if w.channels == 0 || w.rate == 0 {
		return damaged("the header names no channel or no sample rate")
	}
	return nil
}

// measure compares the length in the header with the file.
func (w *wavHeader) measure(offset, length, riff, size int64) {
	w.offset = offset
	there := max(0, size-offset)
	switch {
	case (length == 0 || length == math.MaxUint32 || offset+length > riff+8 && riff < size-8 && offset+length < size) && there > 0:
		w.damage, w.placeholder = "the recorder never wrote the length into the header", true
		w.size = there
	case length > there:
		w.damage = "the header promises more samples than the file holds"
		w.size = there
	default:
		w.size = length
	}
	w.size -= w.size % 2
}

// wavDecoder reads native samples.
type wavDecoder struct {
	file   *os.File
	r      *bufio.Reader
	buf    []byte
	size   int64 // bytes
	left   int64 // bytes
	damage string
}

// readBuffer is what is read from a file at once, in bytes; a second of samples.
const readBuffer = 32 << 10

func newWAVDecoder(f *os.File, w wavHeader) *wavDecoder {
	return &wavDecoder{
		file:   f,
		r:      bufio.NewReaderSize(io.NewSectionReader(f, w.offset, w.size), readBuffer),
		size:   w.size,
		left:   w.size,
		damage: w.damage,
	}
}

func (d *wavDecoder) Read(dst []int16) (int, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	n := min(len(dst), int(min(d.left/2, readBuffer/2)))
	if cap(d.buf) < 2*n {
		d.buf = make([]byte, 2*n)
	}
	b := d.buf[:2*n]
	if _, err := io.ReadFull(d.r, b); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return 0, truncated("the file became shorter while it was read")
		}
		return 0, fileError(err)
	}
	d.left -= int64(len(b))
	for i := range n {
		dst[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return n, nil
}

func (d *wavDecoder) Close() error {
	d.file.Close() // opened for reading: nothing can be lost
	return nil
}

func (d *wavDecoder) total() debrief.Samples { return debrief.Samples(d.size / 2) }

func (d *wavDecoder) notes() []string {
	if d.damage == "" {
		return nil
	}
	return []string{d.damage}
}
