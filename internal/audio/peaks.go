package audio

import (
	"fmt"

	"debrief"
)

// Peaks are the loudest sample of each stretch of a recording, for drawing its waveform: at a
// bucket of 0.1 s, 36 kB an hour.
type Peaks struct {
	Bucket debrief.Samples `json:"bucket"` // samples to a level; the last may cover fewer
	Total  debrief.Samples `json:"total"`
	Levels []byte          `json:"levels"` // 0 silence to 255 full scale, linear; base64 in JSON
}

// NewPeaks makes empty peaks of one level a bucket.
func NewPeaks(bucket debrief.Samples) (*Peaks, error) {
	if bucket <= 0 {
		return nil, fmt.Errorf("bucket of %d samples: %w", bucket, debrief.ErrInvalid)
	}
	return &Peaks{Bucket: bucket, Levels: []byte{}}, nil
}

// Add takes the next samples.
func (p *Peaks) Add(pcm []int16) {
	for _, s := range pcm {
		if p.Total%p.Bucket == 0 {
			p.Levels = append(p.Levels, 0)
		}
		p.Total++
		// The scale reaches 32768, which only negative samples do; rounding up keeps the
		// quietest sound apart from silence.
		level := byte(min(255, (abs(s)*255+32767)/32768))
		if last := len(p.Levels) - 1; level > p.Levels[last] {
			p.Levels[last] = level
		}
	}
}

func abs(s int16) int {
	if s < 0 {
		return -int(s)
	}
	return int(s)
}
