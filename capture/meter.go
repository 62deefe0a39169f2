package capture

import (
	"math"

	"debrief"
)

// The meter looks at blocks of 100 ms: shorter than a syllable, long enough for a stable level.
const blockSamples = debrief.SampleRate / 10

// Limits of what counts as hearing. dBFS is relative to a full-scale square wave.
const (
	// signalFloor in dBFS: below it there is only the noise of a converter, 5 units of 32768.
	signalFloor = -75
	// levelFloor in dBFS: a microphone worn in a quiet room is at -60 to -50; a Bluetooth one that
	// was selected but is not worn was found at -75 to -90 (minutes #814).
	levelFloor = -70
	// speechFloor in dBFS: louder blocks can show whether high sounds come through.
	speechFloor = -45
	// wideBand in dB: sound above 4 kHz relative to all, above which a microphone is not a telephone.
	// A sibilant has -10, the leak of a resampler under -55.
	wideBand = -40
	// wideRest in blocks is how long a microphone that let high sounds through is believed to do so:
	// a minute. Looking costs more than all else here, and a codec seldom changes.
	wideRest = 600
	// clipRun is the number of full-scale samples in a row that a real wave does not have.
	clipRun = 3
)

// Kinds of warnings; they stand in manifests.
const (
	warnSilence    = "silence"      // digital silence: a muted or dead microphone
	warnLevel      = "level"        // too low to be a worn microphone
	warnClipping   = "clipping"     // too loud
	warnNarrowBand = "narrowband"   // 8 kHz telephone sound
	warnSource     = "wrong-source" // the sound server read another microphone
	warnFallback   = "other-device" // not the preferred microphone
	warnDisk       = "disk"         // on the screen only: it is not about what was heard
)

// verdict of one block on one condition.
type verdict int

const (
	good verdict = iota
	bad
	neutral
)

// condition turns verdicts on blocks into warnings with a beginning and an end.
type condition struct {
	kind    string
	raise   int // bad blocks until it is a warning
	forgive int // good blocks in a row that end it

	bads, goods int
	span        debrief.Span // from the first to the last bad block
	raised      bool
}

// change is a warning that begins, or ends.
type change struct {
	debrief.Warning
	ended bool
}

func (c *condition) judge(v verdict, block debrief.Span) (change, bool) {
	switch v {
	case bad:
		if c.bads == 0 {
			c.span.Start = block.Start
		}
		c.bads++
		c.goods = 0
		c.span.End = block.End
		if c.bads >= c.raise && !c.raised {
			c.raised = true
			return change{Warning: c.warning()}, true
		}
	case good:
		c.goods++
		if c.goods >= c.forgive {
			was := c.raised
			w := c.warning()
			c.bads, c.raised = 0, false
			if was {
				return change{w, true}, true
			}
		}
	}
	return change{}, false
}

func (c *condition) warning() debrief.Warning {
	return debrief.Warning{Span: c.span, Kind: c.kind}
}

// meter judges what is recorded.
type meter struct {
	at    debrief.Samples // position of the block's first sample
	block []int16
	tail  [highPassTaps - 1]float64 // the last samples of the block before

	silence, level, clipping, narrow condition
	wide                             int // blocks for which the band need not be looked at

	signal bool    // there has been signal
	rms    float64 // dBFS of the last block
	peak   float64 // dBFS of the last block
}

func newMeter(at debrief.Samples) *meter {
	return &meter{
		at:    at,
		block: make([]int16, 0, blockSamples),
		// Two seconds: a noise gate closes for less between words.
		silence: condition{kind: warnSilence, raise: 20, forgive: 1},
		// Half a minute: people who reflect are quiet, but they breathe and move.
		level:    condition{kind: warnLevel, raise: 300, forgive: 5},
		clipping: condition{kind: warnClipping, raise: 3, forgive: 30},
		// Ten seconds of speech hold several sibilants.
		narrow: condition{kind: warnNarrowBand, raise: 100, forgive: 1},
	}
}

// add takes in recorded samples and returns what begins or ends to be wrong.
func (m *meter) add(pcm []int16) []change {
	var out []change
	for len(pcm) > 0 {
		n := min(blockSamples-len(m.block), len(pcm))
		m.block = append(m.block, pcm[:n]...)
		pcm = pcm[n:]
		if len(m.block) == blockSamples {
			out = m.judge(out)
			m.at += blockSamples
			m.block = m.block[:0]
		}
	}
	return out
}

func (m *meter) judge(out []change) []change {
	lo, hi, run, clipped := m.block[0], m.block[0], 0, false
	var sum float64
	for _, v := range m.block {
		lo, hi = min(lo, v), max(hi, v)
		sum += float64(v) * float64(v)
		if v == math.MaxInt16 || v == math.MinInt16 {
			run++
			clipped = clipped || run >= clipRun
		} else {
			run = 0
		}
	}
	flat := lo == hi
	m.rms = decibels(math.Sqrt(sum / blockSamples))
	m.peak = decibels(max(math.Abs(float64(lo)), math.Abs(float64(hi))))
	m.signal = m.signal || !flat && m.rms > signalFloor
	band := m.band()

	span := debrief.Span{Start: m.at, End: m.at + blockSamples}
	for _, j := range []struct {
		c *condition
		v verdict
	}{
		{&m.silence, when(flat)},
		{&m.level, unless(flat, when(m.rms < levelFloor))}, // silence has its own warning
		{&m.clipping, when(clipped)},
		{&m.narrow, band},
	} {
		if c, ok := j.c.judge(j.v, span); ok {
			out = append(out, c)
		}
	}
	return out
}

// end closes the warnings that stand.
func (m *meter) end() []change {
	var out []change
	for _, c := range []*condition{&m.silence, &m.level, &m.clipping, &m.narrow} {
		if c.raised {
			out = append(out, change{c.warning(), true})
		}
	}
	return out
}

func when(is bool) verdict {
	if is {
		return bad
	}
	return good
}

func unless(skip bool, v verdict) verdict {
	if skip {
		return neutral
	}
	return v
}

func decibels(v float64) float64 { return 20 * math.Log10(max(v, 0.5)/32768) }

// highPassTaps makes the filter 70 dB down below 4.3 kHz: what an 8 kHz microphone has ends at 4.
const highPassTaps = 63

// highPass is a windowed-sinc high-pass at 5 kHz.
var highPass = func() (h [highPassTaps]float64) {
	const mid, cutoff = highPassTaps / 2, 5000.0 / debrief.SampleRate
	for i := range h {
		x := float64(i - mid)
		low := 2 * cutoff
		if x != 0 {
			low = math.Sin(2*math.Pi*cutoff*x) / (math.Pi * x)
		}
		turn := 2 * math.Pi * float64(i) / (highPassTaps - 1)
		h[i] = -low * (0.42 - 0.5*math.Cos(turn) + 0.08*math.Cos(2*turn)) // Blackman
	}
	h[mid]++
	return h
}()

// filtered is what a block and the filter's memory of the one before are made of.
type filtered [highPassTaps - 1 + blockSamples]float64

// band judges whether high sounds come through, by blocks with enough sound to tell.
func (m *meter) band() verdict {
	x := m.window()
	if m.wide = max(0, m.wide-1); m.wide > 0 || m.rms < speechFloor {
		return neutral
	}
	if highBand(x)-m.rms < wideBand {
		return bad
	}
	m.wide = wideRest
	return good
}

func (m *meter) window() *filtered {
	var x filtered
	copy(x[:], m.tail[:])
	for i, v := range m.block {
		x[len(m.tail)+i] = float64(v)
	}
	copy(m.tail[:], x[blockSamples:])
	return &x
}

// highBand is the level above 5 kHz in dBFS.
func highBand(x *filtered) float64 {
	var sum float64
	for i := range blockSamples {
		var y float64
		for k, h := range highPass {
			y += h * x[i+k]
		}
		sum += y * y
	}
	return decibels(math.Sqrt(sum / blockSamples))
}
