package review

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"debrief"
	"debrief/internal/audio"
)

// audio sends the recording's sound. http.ServeContent answers range requests, so a player
// starts and seeks without loading the rest.
func (p *Page) audio(w http.ResponseWriter, r *http.Request) error {
	rec, err := p.find(r)
	if err != nil {
		return err
	}
	sound, err := p.Sound.Open(r.Context(), rec)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("ETag", strconv.Quote(rec.AudioHash()))
	http.ServeContent(w, r, "", time.Time{}, sound)
	return nil
}

// wave sends the outline of the sound: one byte per column, 0 silent to 255 loudest.
func (p *Page) wave(w http.ResponseWriter, r *http.Request) error {
	rec, err := p.find(r)
	if err != nil {
		return err
	}
	columns, err := p.waves.of(r.Context(), rec)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("ETag", strconv.Quote(rec.AudioHash()))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(columns))
	return nil
}

const (
	waveColumns = 1600                    // as many as a wide screen can show
	keptWaves   = 512                     // outlines kept in memory: under 1 MB in all
	wavHeader   = 44                      // bytes before the samples of a canonical WAV file
	peakBucket  = debrief.SampleRate / 10 // a syllable lasts longer
	peakBlock   = 1 << 16                 // bytes read at a time
	saveTimeout = 10 * time.Second        // for keeping an outline after the request that wanted it
)

// waves remembers outlines by the hash of the sound; what it lacks it has from the store, and
// what the store lacks it computes, once, and gives to the store.
type waves struct {
	sound Sound
	log   *slog.Logger
	busy  chan struct{} // one at a time: decoding takes a core
	mu    sync.Mutex
	done  map[string][]byte
}

func newWaves(s Sound, log *slog.Logger) *waves {
	return &waves{sound: s, log: log, busy: make(chan struct{}, 1), done: map[string][]byte{}}
}

func (w *waves) known(hash string) ([]byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	columns, ok := w.done[hash]
	return columns, ok
}

func (w *waves) of(ctx context.Context, rec *debrief.Recording) ([]byte, error) {
	hash := rec.AudioHash()
	if columns, ok := w.known(hash); ok {
		return columns, nil
	}
	peaks, err := w.sound.Peaks(ctx, rec)
	if err == nil && peaks.Total != rec.Samples || gone(err) {
		peaks, err = w.compute(ctx, rec)
	}
	if err != nil {
		return nil, err
	}
	columns := outline(peaks)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.done) >= keptWaves {
		clear(w.done)
	}
	w.done[hash] = columns
	return columns, nil
}

// compute listens to the whole recording.
func (w *waves) compute(ctx context.Context, rec *debrief.Recording) (*audio.Peaks, error) {
	select {
	case w.busy <- struct{}{}:
		defer func() { <-w.busy }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if peaks, err := w.sound.Peaks(ctx, rec); err == nil && peaks.Total == rec.Samples {
		return peaks, nil // made while this request waited
	}
	sound, err := w.sound.Open(ctx, rec)
	if err != nil {
		return nil, err
	}
	peaks, err := listen(ctx, sound)
	if err != nil {
		return nil, err
	}
	if rec.Status == debrief.Stored { // what is still being recorded has another outline in a minute
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
		defer cancel()
		if err := w.sound.KeepPeaks(ctx, rec, peaks); err != nil {
			w.log.Warn("keep the outline of a recording", "recording", rec.ID, "err", err)
		}
	}
	return peaks, nil
}

func listen(ctx context.Context, wav io.ReadSeeker) (*audio.Peaks, error) {
	peaks, err := audio.NewPeaks(peakBucket)
	if err != nil {
		return nil, err
	}
	if _, err := wav.Seek(wavHeader, io.SeekStart); err != nil {
		return nil, fmt.Errorf("seek the sound: %w", err)
	}
	block, pcm := make([]byte, peakBlock), make([]int16, peakBlock/2)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := io.ReadFull(wav, block)
		for i := range n / 2 {
			pcm[i] = int16(binary.LittleEndian.Uint16(block[2*i:]))
		}
		peaks.Add(pcm[:n/2])
		switch {
		case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
			return peaks, nil
		case err != nil:
			return nil, fmt.Errorf("read the sound: %w", err)
		}
	}
}

// outline takes the loudest level of each column. Loudness is drawn as a square root, so that a
// whisper can be seen beside a voice; the lowest level, under -48 dB, is a quiet room.
func outline(p *audio.Peaks) []byte {
	n := min(waveColumns, len(p.Levels))
	columns := make([]byte, n)
	for i := range n {
		loudest := byte(0)
		for _, level := range p.Levels[len(p.Levels)*i/n : len(p.Levels)*(i+1)/n] {
			loudest = max(loudest, level)
		}
		columns[i] = byte(math.Round(255 * math.Sqrt(float64(max(loudest, 1)-1)/254)))
	}
	return columns
}
