package review

import (
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
	waveColumns = 1600                    // as many as a wide screen can show
	keptWaves   = 512                     // outlines kept in memory: under 1 MB in all
	wavHeader   = 44                      // bytes before the samples of a canonical WAV file
	waveBlock   = debrief.SampleRate / 16 // samples looked at together: a syllable lasts longer
	// waveBlocks is how many blocks of a column are looked at, evenly spread. A column of a
	// 3-hour recording lasts 7 s; looking at all of it would change no picture.
	waveBlocks = 8
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
	n := debrief.Samples(min(waveColumns, total/(debrief.SampleRate/50))) // a column is no shorter than 20 ms
	columns := make([]byte, n)
	buf := make([]byte, 2*waveBlock)
	for i := range n {
		from, to := total*i/n, total*(i+1)/n
		step := max(waveBlock, (to-from)/waveBlocks)
		loudest := 0
		for at := from; at < to; at += step {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if _, err := wav.Seek(wavHeader+2*int64(at), io.SeekStart); err != nil {
				return nil, fmt.Errorf("seek the sound: %w", err)
			}
			block := buf[:2*min(waveBlock, to-at)]
			if _, err := io.ReadFull(wav, block); err != nil {
				return nil, fmt.Errorf("read the sound: %w", err)
			}
			for j := 0; j < len(block); j += 2 {
				v := int(int16(binary.LittleEndian.Uint16(block[j:])))
				loudest = max(loudest, v, -v)
			}
		}
		columns[i] = byte(math.Round(255 * math.Sqrt(float64(loudest)/(1<<15))))
	}
	return columns, nil
}
