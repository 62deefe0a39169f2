package capture

import "debrief"

// Heard is what a sound check heard.
type Heard struct {
	Samples  debrief.Samples
	Signal   bool     // there was more than silence
	Peak     float64  // dBFS of the loudest 100 ms
	Warnings []string // what a recorder would warn of, in words
}

// SoundCheck judges a microphone as a recorder does, and keeps nothing.
type SoundCheck struct {
	meter *meter
	heard Heard
	told  map[string]bool
}

// NewSoundCheck begins a sound check.
func NewSoundCheck() *SoundCheck {
	return &SoundCheck{meter: newMeter(0), heard: Heard{Peak: decibels(0)}, told: map[string]bool{}}
}

// Add takes in what the microphone gave, 16 kHz mono.
func (s *SoundCheck) Add(pcm []int16) {
	s.heard.Samples += debrief.Samples(len(pcm))
	for len(pcm) > 0 {
		n := min(len(pcm), blockSamples)
		for _, c := range s.meter.add(pcm[:n]) {
			if !s.told[c.Kind] {
				s.told[c.Kind] = true
				s.heard.Warnings = append(s.heard.Warnings, Describe(c.Kind))
			}
		}
		s.heard.Peak = max(s.heard.Peak, s.meter.peak)
		pcm = pcm[n:]
	}
}

// Heard is what was heard until now.
func (s *SoundCheck) Heard() Heard {
	s.heard.Signal = s.meter.signal
	return s.heard
}
