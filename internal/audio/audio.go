// Package audio turns files of any kind into the one form debrief works on, 16 kHz mono
// 16-bit samples, and stored segments back into something a browser can play.
//
// Start at [Open] for a file from outside, [EncodeFLAC] and [DecodeFLAC] for a stored
// segment, [Join] to hear a stored recording from front to back and [NewWAV] to seek in it.
// WAV and FLAC that are 16 kHz mono already are read here; everything else goes through an
// ffmpeg child process. Nothing here writes a file, opens a network connection or takes a
// damaged file for a short one: see [debrief.ErrTruncated].
package audio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"debrief"
)

// Stream is canonical audio, read once from front to back: 16 kHz, mono.
type Stream interface {
	// Read fills dst with up to len(dst) samples. Fewer is normal. io.EOF comes alone, with 0.
	Read(dst []int16) (n int, err error)
}

type memory []int16

// Memory is samples as a stream.
func Memory(pcm []int16) Stream { return (*memory)(&pcm) }

func (m *memory) Read(dst []int16) (int, error) {
	if len(*m) == 0 {
		return 0, io.EOF
	}
	n := copy(dst, *m)
	*m = (*m)[n:]
	return n, nil
}

// Options change how a file is opened. The zero value is the careful one.
type Options struct {
	Salvage bool   // take what can be decoded of a truncated or damaged file instead of an error
	FFmpeg  string // command that decodes what Go does not; "" is "ffmpeg" from PATH
}

// firstBlock is decoded inside [Open], in samples: enough to make a decoder show that it
// cannot read a file before anything is stored of it.
const firstBlock = 4096

// decoder is one way to read a file.
type decoder interface {
	Stream
	io.Closer
	// total is the length the file claims, 0 when it does not tell.
	total() debrief.Samples
	// notes lists what was passed over because of Options.Salvage.
	notes() []string
}

// File is an open audio file. It is not safe for concurrent use.
type File struct {
	dec    decoder
	path   string
	format string
	first  []int16
	err    error
}

// Open opens the file at path, whatever its name ends in, and decodes its first block. The
// context ends a decoder process that is still running; Close must be called all the same.
//
// Errors of Open and Read name the file and carry a hint: [debrief.ErrNotFound],
// [debrief.ErrDenied], [debrief.ErrBadAudio] (empty, a directory, no audio format, damaged),
// [debrief.ErrTruncated] (may come at the end only), [debrief.ErrNoAudio] (a sound file
// without a sample) and [debrief.ErrUnavailable] (ffmpeg is needed and missing).
func Open(ctx context.Context, path string, o Options) (*File, error) {
	f := &File{path: path}
	info, err := os.Stat(path) // before opening it: opening a pipe waits for a writer
	if err != nil {
		return nil, f.fault(fileError(err))
	}
	if err := checkKind(info); err != nil {
		return nil, f.fault(err)
	}
	src, err := os.Open(path)
	if err != nil {
		return nil, f.fault(fileError(err))
	}
	kept := false // by the decoder
	defer func() {
		if !kept {
			src.Close()
		}
	}()
	if f.dec, kept, err = f.choose(ctx, src, info.Size(), o); err != nil {
		return nil, f.fault(err)
	}
	f.first = make([]int16, firstBlock)
	n, err := f.dec.Read(f.first)
	f.first = f.first[:n]
	if err == io.EOF {
		err = fault(debrief.ErrNoAudio, "the file is sound but holds no sample", "record again, or leave the file out")
	}
	if err != nil {
		f.dec.Close()
		return nil, f.fault(err)
	}
	return f, nil
}

// choose picks the decoder by content. It reports whether the decoder keeps src.
func (f *File) choose(ctx context.Context, src *os.File, size int64, o Options) (decoder, bool, error) {
	kind, err := sniff(src, size)
	if err != nil {
		return nil, false, err
	}
	f.format = kind.name
	job := ffmpegJob{path: f.path, kind: kind, salvage: o.Salvage, command: o.FFmpeg}
	switch kind.name {
	case "wav":
		w, err := parseWAV(src, size)
		if err != nil {
			return nil, false, err
		}
		if w.damage != "" && !o.Salvage {
			return nil, false, truncated(w.damage)
		}
		if w.native() {
			return newWAVDecoder(src, w), true, nil
		}
		job.ignoreLength, job.damage = w.placeholder, w.damage
	case "flac":
		if nativeFLAC(src) {
			d, err := newFLACDecoder(src, o.Salvage)
			return d, err == nil, err
		}
	case "ogg":
		if !oggComplete(src, size) {
			job.damage = "the last page of the stream is missing"
			if !o.Salvage {
				return nil, false, truncated(job.damage)
			}
		}
	}
	d, err := startFFmpeg(ctx, job)
	if err != nil {
		return nil, false, err
	}
	return d, false, nil
}

// Read returns the next samples. After an error it returns that error again.
func (f *File) Read(dst []int16) (int, error) {
	if len(f.first) > 0 {
		n := copy(dst, f.first)
		f.first = f.first[n:]
		return n, nil
	}
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.dec.Read(dst)
	if err != nil && err != io.EOF {
		err = f.fault(err)
	}
	f.err = err
	return n, err
}

// Close ends the decoder. It may be called at any time, and twice.
func (f *File) Close() error { return f.dec.Close() }

// Format names what the content is: wav, flac, mp3, mp4, ogg, webm, ...
func (f *File) Format() string { return f.format }

// Total is the length the file claims, for showing progress: exact for WAV and FLAC at 16 kHz
// mono, rounded to 10 ms otherwise, 0 when the file does not tell.
func (f *File) Total() debrief.Samples { return f.dec.total() }

// Warnings lists what was passed over because of [Options.Salvage]. It is complete once Read
// has returned io.EOF.
func (f *File) Warnings() []string { return f.dec.notes() }

// fault names the file in an error; context errors stay what they are.
func (f *File) fault(err error) error {
	return debrief.WithHint(fmt.Errorf("read %s: %w", f.path, err), debrief.Hint(err))
}

// fault makes an error of a kind with its reason and what a person can do.
func fault(kind error, reason, hint string) error {
	return debrief.WithHint(fmt.Errorf("%s: %w", reason, kind), hint)
}

// truncated is the error of a file that ends too early.
func truncated(reason string) error {
	return fault(debrief.ErrTruncated, reason,
		"copy the file again from the recorder; if it is all there is, take what it holds with --salvage")
}

// damaged is the error of a file that is audio but cannot be decoded whole.
func damaged(reason string) error {
	return fault(debrief.ErrBadAudio, reason,
		"copy the file again from the recorder; if it is all there is, take what it holds with --salvage")
}

func checkKind(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fault(debrief.ErrBadAudio, "it is a directory", "name the audio files in it")
	case !info.Mode().IsRegular():
		return fault(debrief.ErrBadAudio, "it is not a regular file", "save the audio to a file first")
	case info.Size() == 0:
		return fault(debrief.ErrBadAudio, "the file is empty", "copy it again from the recorder; 0 bytes came across")
	}
	return nil
}

// fileError translates what the file system says.
func fileError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err // the path is named once, in front
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault(debrief.ErrNotFound, "no such file", "check the path")
	case errors.Is(err, fs.ErrPermission):
		return fault(debrief.ErrDenied, "the file may not be read", "check who owns it, and its permissions (ls -l)")
	}
	return fault(debrief.ErrBadAudio, err.Error(), "check the disk or share the file lies on")
}
