package spool

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"debrief"
)

// headerBytes is the length of a WAV header with the fmt and data chunks alone.
const headerBytes = 44

// bytesPerSample of 16 bit mono.
const bytesPerSample = 2

// header is the head of a 16 kHz mono 16 bit WAV file. go-audio/wav writes sizes only when it is
// closed, after a crash readers find 21 samples in its files, and after a full disk it writes
// audio twice; so the spool writes its 44 bytes itself, and rewrites them at each sync.
func header(n debrief.Samples) []byte {
	data := uint32(n) * bytesPerSample
	h := make([]byte, 0, headerBytes)
	h = append(h, "RIFF"...)
	h = binary.LittleEndian.AppendUint32(h, data+headerBytes-8)
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, 16)
	h = binary.LittleEndian.AppendUint16(h, 1) // PCM
	h = binary.LittleEndian.AppendUint16(h, 1) // channels
	h = binary.LittleEndian.AppendUint32(h, debrief.SampleRate)
	h = binary.LittleEndian.AppendUint32(h, debrief.SampleRate*bytesPerSample)
	h = binary.LittleEndian.AppendUint16(h, bytesPerSample)
	h = binary.LittleEndian.AppendUint16(h, 8*bytesPerSample)
	h = append(h, "data"...)
	return binary.LittleEndian.AppendUint32(h, data)
}

// segment is one file being written.
type segment struct {
	f     *os.File
	path  string // the final name
	index int
	start debrief.Samples
	n     debrief.Samples // whole samples in the file
	sum   hash.Hash       // of these samples
	named bool            // its name is durable; touched by the goroutine that syncs only
}

func describe(s *segment) debrief.Segment {
	return debrief.Segment{Index: s.index, Start: s.start, Samples: s.n, PCM: hex.EncodeToString(s.sum.Sum(nil))}
}

func createSegment(dir string, index int, start debrief.Samples) (*segment, error) {
	path := SegmentPath(dir, index)
	f, err := os.OpenFile(path+partSuffix, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, fmt.Errorf("start segment %d: %w", index, diskError(err))
	}
	s := &segment{f: f, path: path, index: index, start: start, sum: sha256.New()}
	if _, err := f.Write(header(0)); err != nil {
		f.Close()
		os.Remove(path + partSuffix)
		return nil, fmt.Errorf("start segment %d: %w", index, diskError(err))
	}
	return s, nil
}

// append writes samples (as bytes) behind the last whole one and returns how many were taken.
// When not all were, the file is cut back to whole samples: a later repair must not find half of one.
func (s *segment) append(pcm []byte) (debrief.Samples, error) {
	n, err := s.f.Write(pcm) // not WriteAt: it forgets to count what a full disk still took
	whole := n / bytesPerSample
	s.sum.Write(pcm[:whole*bytesPerSample])
	s.n += debrief.Samples(whole)
	if err != nil {
		err = fmt.Errorf("write segment %d: %w", s.index, diskError(err))
		err = errors.Join(err, s.f.Truncate(headerBytes+int64(s.n)*bytesPerSample))
	}
	return debrief.Samples(whole), err
}

// sync makes n samples durable, and visible to players.
func (s *segment) sync(n debrief.Samples) error {
	if _, err := s.f.WriteAt(header(n), 0); err != nil {
		return fmt.Errorf("sync segment %d: %w", s.index, diskError(err))
	}
	if err := s.f.Sync(); err != nil {
		return fmt.Errorf("sync segment %d: %w", s.index, diskError(err))
	}
	return nil
}

// finish syncs the segment and gives it its final name. An empty one is removed, and described
// by zero samples.
func (s *segment) finish(dir string) (debrief.Segment, error) {
	out := describe(s)
	if s.n == 0 {
		s.f.Close()
		if err := os.Remove(s.path + partSuffix); err != nil {
			return out, fmt.Errorf("remove empty segment: %w", diskError(err))
		}
		return out, syncDir(dir)
	}
	if err := s.sync(s.n); err != nil {
		return out, err
	}
	if err := s.f.Close(); err != nil {
		return out, fmt.Errorf("close segment %d: %w", s.index, diskError(err))
	}
	if err := os.Rename(s.path+partSuffix, s.path); err != nil {
		return out, fmt.Errorf("finish segment %d: %w", s.index, diskError(err))
	}
	return out, syncDir(dir)
}

// openSegment takes up a file a crash left, final or not: every whole sample in it counts,
// whatever its header says. Only zeros at the end of what was never synced are cut off: a power
// cut can leave the length of a file without its content.
func openSegment(path string, index int, start debrief.Samples, part bool) (*segment, error) {
	name := path
	if part {
		name += partSuffix
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open segment %d: %w", index, diskError(err))
	}
	s := &segment{f: f, path: path, index: index, start: start, sum: sha256.New()}
	data, err := io.ReadAll(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("read segment %d: %w", index, diskError(err))
	}
	pcm, synced := splitHeader(data)
	pcm = pcm[:len(pcm)/bytesPerSample*bytesPerSample]
	for len(pcm) > synced && pcm[len(pcm)-1] == 0 && pcm[len(pcm)-2] == 0 {
		pcm = pcm[:len(pcm)-bytesPerSample]
	}
	s.sum.Write(pcm)
	s.n = debrief.Samples(len(pcm) / bytesPerSample)
	if extra := len(data) - headerBytes - len(pcm); extra > 0 {
		if err := f.Truncate(int64(headerBytes + len(pcm))); err != nil {
			f.Close()
			return nil, fmt.Errorf("mend segment %d: %w", index, diskError(err))
		}
	}
	return s, nil
}

// splitHeader returns the bytes behind a segment's header, and how many of them it vouches for.
func splitHeader(data []byte) (pcm []byte, synced int) {
	if len(data) < headerBytes {
		return nil, 0
	}
	return data[headerBytes:], int(binary.LittleEndian.Uint32(data[headerBytes-4:]))
}

// ReadSegment reads a finished segment and checks it against its hash: [debrief.ErrBadAudio]
// when the disk holds something else than was recorded.
func ReadSegment(dir string, seg debrief.Segment) ([]int16, error) {
	data, err := os.ReadFile(SegmentPath(dir, seg.Index))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("segment %d: %w", seg.Index, debrief.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read segment %d: %w", seg.Index, diskError(err))
	}
	data, _ = splitHeader(data)
	sum := sha256.Sum256(data)
	if hex.EncodeToString(sum[:]) != seg.PCM {
		return nil, fmt.Errorf("segment %d differs from what was recorded: %w", seg.Index, debrief.ErrBadAudio)
	}
	pcm := make([]int16, len(data)/bytesPerSample)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(data[bytesPerSample*i:]))
	}
	return pcm, nil
}
