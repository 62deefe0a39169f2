package demo

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"debrief"
	"debrief/internal/audio"
)

// Open returns the sound of an invented recording: a hum at the pitch of each speaker, rising
// and falling with the syllables, computed where it is read. Nobody's voice is in it.
func (s *Store) Open(_ context.Context, rec *debrief.Recording) (io.ReadSeeker, error) {
	return s.open(rec)
}

func (s *Store) open(rec *debrief.Recording) (*hum, error) {
	h := &hum{total: rec.Samples}
	for _, r := range s.recordings {
		if r.ID == rec.ID && r.transcript != nil {
			h.utterances = r.transcript.Utterances
		}
	}
	return h, nil
}

// Peaks computes the outline from a few samples of each tenth of a second: the hum is loud all
// through a syllable, and three hours of it are long.
func (s *Store) Peaks(ctx context.Context, rec *debrief.Recording) (*audio.Peaks, error) {
	const each = 80
	h, err := s.open(rec)
	if err != nil {
		return nil, err
	}
	p := &audio.Peaks{Bucket: debrief.SampleRate / 10, Total: rec.Samples}
	few, pcm := audio.Peaks{Bucket: each}, make([]int16, each)
	u := 0
	for at := debrief.Samples(0); at < rec.Samples; at += p.Bucket {
		for i := range pcm {
			t := min(at+debrief.Samples(i)*p.Bucket/each, rec.Samples-1)
			for u < len(h.utterances) && h.utterances[u].End <= t {
				u++
			}
			pcm[i] = h.level(u, t)
		}
		few.Add(pcm)
	}
	p.Levels = few.Levels
	return p, ctx.Err()
}

// KeepPeaks keeps nothing: the outline is as quickly computed.
func (s *Store) KeepPeaks(context.Context, *debrief.Recording, *audio.Peaks) error { return nil }

const (
	headerBytes = 44
	sampleBytes = 2
	clientPitch = 118.0 // Hz
	coachPitch  = 176.0
	syllables   = 3.4 // per second
	loudness    = 5200.0
)

// hum is a WAV file that is computed when read.
type hum struct {
	total      debrief.Samples
	utterances []debrief.Utterance
	at         int64 // byte
}

func (h *hum) size() int64 { return headerBytes + sampleBytes*int64(h.total) }

// Seek moves the place to read from.
func (h *hum) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += h.at
	case io.SeekEnd:
		offset += h.size()
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek before the beginning: %w", debrief.ErrInvalid)
	}
	h.at = offset
	return offset, nil
}

// Read computes the bytes from the place on.
func (h *hum) Read(p []byte) (int, error) {
	if h.at >= h.size() {
		return 0, io.EOF
	}
	n := 0
	header := h.header()
	for n < len(p) && h.at < headerBytes {
		p[n] = header[h.at]
		n, h.at = n+1, h.at+1
	}
	if n < len(p) && h.at < h.size() {
		n += h.samples(p[n:])
	}
	return n, nil
}

// samples fills p from a place among the samples, which may be in the middle of one.
func (h *hum) samples(p []byte) int {
	n := int(min(int64(len(p)), h.size()-h.at))
	first := debrief.Samples((h.at - headerBytes) / sampleBytes)
	u := h.utteranceAt(first)
	var two [sampleBytes]byte
	for i := 0; i < n; {
		at := debrief.Samples((h.at - headerBytes) / sampleBytes)
		for u < len(h.utterances) && h.utterances[u].End <= at {
			u++
		}
		binary.LittleEndian.PutUint16(two[:], uint16(h.level(u, at)))
		odd := int((h.at - headerBytes) % sampleBytes)
		k := copy(p[i:n], two[odd:])
		i, h.at = i+k, h.at+int64(k)
	}
	return n
}

func (h *hum) utteranceAt(at debrief.Samples) int {
	i, _ := slices.BinarySearchFunc(h.utterances, at, func(u debrief.Utterance, at debrief.Samples) int {
		if u.End <= at {
			return -1
		}
		return 1
	})
	return i
}

func (h *hum) level(u int, at debrief.Samples) int16 {
	if u >= len(h.utterances) || at < h.utterances[u].Start {
		return int16(at*7919%41) - 20 // a quiet room
	}
	pitch, loud := clientPitch, loudness
	if h.utterances[u].Speaker == debrief.SpeakerCoach {
		pitch, loud = coachPitch, loudness/2 // further from the microphone
	}
	t := (at - h.utterances[u].Start).Seconds()
	swell := math.Sin(math.Pi * syllables * t)
	_, phase := math.Modf(t * pitch * (1 + 0.002*math.Sin(t)))
	return int16(loud * swell * swell * (0.6 + 0.4*math.Sin(t*1.7)) * (math.Sin(2*math.Pi*phase) + 0.4*math.Sin(6*math.Pi*phase)))
}

func (h *hum) header() [headerBytes]byte {
	var b [headerBytes]byte
	data := uint32(sampleBytes * h.total)
	copy(b[0:], "RIFF")
	binary.LittleEndian.PutUint32(b[4:], headerBytes-8+data)
	copy(b[8:], "WAVEfmt ")
	binary.LittleEndian.PutUint32(b[16:], 16) // length of the format
	binary.LittleEndian.PutUint16(b[20:], 1)  // PCM
	binary.LittleEndian.PutUint16(b[22:], 1)  // mono
	binary.LittleEndian.PutUint32(b[24:], debrief.SampleRate)
	binary.LittleEndian.PutUint32(b[28:], debrief.SampleRate*sampleBytes)
	binary.LittleEndian.PutUint16(b[32:], sampleBytes)
	binary.LittleEndian.PutUint16(b[34:], 8*sampleBytes)
	copy(b[36:], "data")
	binary.LittleEndian.PutUint32(b[40:], data)
	return b
}
