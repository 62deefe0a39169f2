package review

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"debrief"
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
	waveColumns = 1600      // as many as a wide screen can show
	keptWaves   = 512       // outlines kept in memory: under 1 MB in all
	wavHeader   = 44        // bytes before the samples of a canonical WAV file
	waveBuffer  = 256 << 10 // bytes read at once: 8 s of sound
)

// waves computes outlines and remembers them by the hash of the sound.
type waves struct {
	sound Sound
	busy  chan struct{} // one at a time: decoding takes a core
	mu    sync.Mutex
	done  map[string][]byte
}

func newWaves(s Sound) *waves {
	return &waves{sound: s, busy: make(chan struct{}, 1), done: map[string][]byte{}}
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
	select {
	case w.busy <- struct{}{}:
		defer func() { <-w.busy }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if columns, ok := w.known(hash); ok { // made while this request waited
		return columns, nil
	}
	sound, err := w.sound.Open(ctx, rec)
	if err != nil {
		return nil, err
	}
	columns, err := outline(ctx, sound, rec.Samples)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.done) >= keptWaves {
		clear(w.done)
	}
	w.done[hash] = columns
	return columns, nil
}

// outline reads the loudest sample of each column. Loudness is drawn as a square root, so that
// a whisper can be seen beside a voice.
func outline(ctx context.Context, wav io.ReadSeeker, total debrief.Samples) ([]byte, error) {
	if _, err := wav.Seek(wavHeader, io.SeekStart); err != nil {
		return nil, fmt.Errorf("seek the sound: %w", err)
	}
	sound := bufio.NewReaderSize(wav, waveBuffer)
	n := debrief.Samples(min(waveColumns, total/(debrief.SampleRate/50))) // a column is no shorter than 20 ms
	columns := make([]byte, n)
	var sample [2]byte
	at := debrief.Samples(0)
	for i := range n {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		loudest := 0
		for end := total * (i + 1) / n; at < end; at++ {
			if _, err := io.ReadFull(sound, sample[:]); err != nil {
				return nil, fmt.Errorf("read the sound: %w", err)
			}
			v := int(int16(binary.LittleEndian.Uint16(sample[:])))
			loudest = max(loudest, v, -v)
		}
		columns[i] = byte(math.Round(255 * math.Sqrt(float64(loudest)/(1<<15))))
	}
	return columns, nil
}
