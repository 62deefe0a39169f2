package audio

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"debrief"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
)

// MaxSegment is the longest segment that is encoded or decoded at once: ten minutes, 19 MB of
// samples. Segments are written far shorter; the bound is against a hostile object, of which a
// few bytes may unpack to 65535 samples.
const MaxSegment = 10 * 60 * debrief.Samples(debrief.SampleRate)

// blockSize is the number of samples in a FLAC frame, libFLAC's own default for this rate.
const blockSize = 4096

// EncodeFLAC packs samples as FLAC: 16 kHz, mono, 16 bit, with totals and MD5. The same samples
// give the same bytes. Nothing, or more than [MaxSegment], is [debrief.ErrInvalid].
func EncodeFLAC(pcm []int16) ([]byte, error) {
	if len(pcm) == 0 || len(pcm) > int(MaxSegment) {
		return nil, fmt.Errorf("encode FLAC: %d samples, want 1-%d: %w", len(pcm), MaxSegment, debrief.ErrInvalid)
	}
	// Everything the header tells is known before the first frame. The encoder would fill it in
	// afterwards only with a seekable writer, and would then count the short last block as the
	// smallest, against the format (RFC 9639, 8.2).
	info := &meta.StreamInfo{
		BlockSizeMin: blockSize, BlockSizeMax: blockSize,
		SampleRate: debrief.SampleRate, NChannels: 1, BitsPerSample: 16,
		NSamples: uint64(len(pcm)), MD5sum: md5.Sum(pcmBytes(pcm)),
	}
	var out bytes.Buffer
	out.Grow(len(pcm) * 3 / 2) // speech packs to about 0.6 of two bytes a sample
	enc, err := flac.NewEncoder(&out, info)
	if err != nil {
		return nil, fmt.Errorf("encode FLAC: %w", err)
	}
	enc.EnablePredictionAnalysis(false) // see subframe
	samples := make([]int32, blockSize)
	for ; len(pcm) > 0; pcm = pcm[min(len(pcm), blockSize):] {
		block := samples[:min(len(pcm), blockSize)]
		for i := range block {
			block[i] = int32(pcm[i])
		}
		err := enc.WriteFrame(&frame.Frame{
			Header: frame.Header{
				HasFixedBlockSize: true, BlockSize: uint16(len(block)),
				SampleRate: debrief.SampleRate, Channels: frame.ChannelsMono, BitsPerSample: 16,
			},
			Subframes: []*frame.Subframe{subframe(block)},
		})
		if err != nil {
			return nil, fmt.Errorf("encode FLAC: %w", err)
		}
	}
	if err := enc.Close(); err != nil {
		return nil, fmt.Errorf("encode FLAC: %w", err)
	}
	return out.Bytes(), nil
}

// DecodeFLAC unpacks one segment of at most [MaxSegment] and checks it against its totals and
// MD5. Anything but 16 kHz mono 16 bit, and any damage, is [debrief.ErrBadAudio]; an object
// that ends early is [debrief.ErrTruncated]. Errors of r itself are passed on.
func DecodeFLAC(r io.Reader) ([]int16, error) {
	watched := &watchedReader{r: r}
	d, err := openFLAC(watched)
	if err != nil {
		return nil, watched.or(err)
	}
	want := d.stream.Info.NSamples
	if want > uint64(MaxSegment) {
		return nil, fmt.Errorf("decode FLAC: %d samples are too long for a segment: %w", want, debrief.ErrBadAudio)
	}
	pcm := make([]int16, 0, want)
	for {
		block, err := d.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, watched.or(err)
		}
		if len(pcm)+len(block) > int(MaxSegment) {
			return nil, fmt.Errorf("decode FLAC: too long for a segment: %w", debrief.ErrBadAudio)
		}
		pcm = append(pcm, block...)
	}
	return pcm, nil
}

// PCMHash is the SHA-256 of the samples as little-endian 16 bit, in hex: [debrief.Segment.PCM].
func PCMHash(pcm []int16) string {
	sum := sha256.Sum256(pcmBytes(pcm))
	return hex.EncodeToString(sum[:])
}

func pcmBytes(pcm []int16) []byte {
	b := make([]byte, 2*len(pcm))
	for i, s := range pcm {
		binary.LittleEndian.PutUint16(b[2*i:], uint16(s))
	}
	return b
}

// watchedReader remembers an error of the reader below a decoder, which would otherwise be
// taken for damage of the audio.
type watchedReader struct {
	r   io.Reader
	err error
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

func (w *watchedReader) or(err error) error {
	if w.err != nil {
		return w.err
	}
	return err
}

// flacReader decodes frame after frame and checks totals and MD5 at the end.
type flacReader struct {
	stream *flac.Stream
	md5    hash.Hash
	done   uint64 // samples
}

func openFLAC(r io.Reader) (*flacReader, error) {
	stream, err := flac.New(r)
	if err != nil {
		return nil, flacError(err)
	}
	if !isNative(stream.Info) {
		return nil, damaged(fmt.Sprintf("FLAC of %d Hz, %d channels and %d bits where 16 kHz, mono and 16 bits belong",
			stream.Info.SampleRate, stream.Info.NChannels, stream.Info.BitsPerSample))
	}
	return &flacReader{stream: stream, md5: md5.New()}, nil
}

// next returns the samples of the next frame, io.EOF after the last one.
func (d *flacReader) next() ([]int16, error) {
	info := d.stream.Info
	// A known total ends the stream: tags that follow the audio are not damage.
	if info.NSamples > 0 && d.done == info.NSamples {
		return nil, d.check()
	}
	f, err := d.stream.ParseNext()
	if err == io.EOF {
		if d.done < info.NSamples {
			return nil, truncated(fmt.Sprintf("%d of %d samples are there", d.done, info.NSamples))
		}
		return nil, d.check()
	}
	if err != nil {
		return nil, flacError(err)
	}
	if f.Channels != frame.ChannelsMono || f.BitsPerSample != 16 && f.BitsPerSample != 0 {
		return nil, damaged("a FLAC frame differs from the stream's header")
	}
	pcm := make([]int16, len(f.Subframes[0].Samples))
	for i, s := range f.Subframes[0].Samples {
		pcm[i] = int16(s)
	}
	d.md5.Write(pcmBytes(pcm))
	d.done += uint64(len(pcm))
	if info.NSamples > 0 && d.done > info.NSamples {
		return nil, damaged("the FLAC stream holds more samples than its header says")
	}
	return pcm, nil
}

// check compares the MD5 of the decoded samples; an encoder that cannot know it writes zeros.
func (d *flacReader) check() error {
	want := d.stream.Info.MD5sum
	if want != [16]byte{} && !bytes.Equal(d.md5.Sum(nil), want[:]) {
		return damaged("the samples do not match the checksum of the FLAC stream")
	}
	return io.EOF
}

func flacError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return truncated("the FLAC stream is cut off")
	}
	return damaged("the FLAC stream is damaged")
}

func isNative(info *meta.StreamInfo) bool {
	return info.SampleRate == debrief.SampleRate && info.NChannels == 1 && info.BitsPerSample == 16
}

// nativeFLAC reads the header only.
func nativeFLAC(f *os.File) bool {
	stream, err := flac.New(io.NewSectionReader(f, 0, 1<<62))
	return err == nil && isNative(stream.Info)
}

// flacDecoder reads a file of canonical FLAC.
type flacDecoder struct {
	file    *os.File
	r       *flacReader
	rest    []int16
	salvage bool
	passed  []string
}

func newFLACDecoder(f *os.File, salvage bool) (*flacDecoder, error) {
	r, err := openFLAC(f)
	if err != nil {
		return nil, err
	}
	return &flacDecoder{file: f, r: r, salvage: salvage}, nil
}

func (d *flacDecoder) Read(dst []int16) (int, error) {
	for len(d.rest) == 0 {
		block, err := d.r.next()
		if err != nil && err != io.EOF && d.salvage {
			d.passed = append(d.passed, err.Error())
			err = io.EOF
		}
		if err != nil {
			return 0, err
		}
		d.rest = block
	}
	n := copy(dst, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

func (d *flacDecoder) Close() error {
	d.file.Close() // opened for reading: nothing can be lost
	return nil
}

func (d *flacDecoder) total() debrief.Samples { return debrief.Samples(d.r.stream.Info.NSamples) }

func (d *flacDecoder) notes() []string { return d.passed }
