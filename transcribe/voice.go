package transcribe

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"

	"debrief"
)

// How a voice is measured: the shape of its spectrum (mel-frequency cepstral coefficients, as
// speaker recognition has used for decades) and its pitch, over voiced sound only.
const (
	voiceFrame = debrief.SampleRate / 40 // 25 ms, within which a voice stands still
	voiceStep  = debrief.SampleRate / 50 // 20 ms
	fftSize    = 512
	melBands   = 26
	cepstra    = 12
	traits     = cepstra + 1 // and the pitch
	lowestF0   = 60          // Hz, a low man's voice
	highestF0  = 400         // Hz, a high woman's
	// periodic is the correlation of a frame with itself one period later from which it is voiced.
	periodic = 0.5
	// audible is the level below which a frame is left out, in 16-bit units: about -54 dBFS.
	audible = 64.0
)

// voice sums up how a stretch of speech sounds: enough to fit a Gaussian to any union of stretches.
type voice struct {
	frames  float64
	sum     [traits]float64
	product [traits][traits]float64 // upper triangle
}

func (v *voice) add(o *voice) {
	v.frames += o.frames
	for i := range traits {
		v.sum[i] += o.sum[i]
		for j := i; j < traits; j++ {
			v.product[i][j] += o.product[i][j]
		}
	}
}

// hear adds the voiced frames of a sound.
func (v *voice) hear(pcm []int16) {
	a := newAnalyser()
	for at := 0; at+fftSize <= len(pcm); at += voiceStep {
		x, ok := a.frame(pcm[at : at+fftSize])
		if !ok {
			continue
		}
		v.frames++
		for i := range traits {
			v.sum[i] += x[i]
			for j := i; j < traits; j++ {
				v.product[i][j] += x[i] * x[j]
			}
		}
	}
}

// analyser measures frames.
type analyser struct {
	fft      *fourier.FFT
	samples  []float64
	thin     []float64
	spectrum []complex128
}

func newAnalyser() *analyser {
	return &analyser{
		fft:      fourier.NewFFT(fftSize),
		samples:  make([]float64, fftSize),
		thin:     make([]float64, fftSize/decimate),
		spectrum: make([]complex128, fftSize/2+1),
	}
}

// frame returns the traits of fftSize samples, or false when they are not voiced.
func (a *analyser) frame(pcm []int16) (x [traits]float64, ok bool) {
	energy := 0.0
	for _, s := range pcm {
		energy += float64(s) * float64(s)
	}
	if energy < audible*audible*float64(len(pcm)) {
		return x, false
	}
	f0, ok := a.pitch(pcm)
	if !ok {
		return x, false
	}
	before := float64(pcm[0])
	for i := range a.samples {
		s := 0.0
		if i < voiceFrame {
			window := 0.54 - 0.46*math.Cos(2*math.Pi*float64(i)/(voiceFrame-1))
			s = (float64(pcm[i]) - 0.97*before) * window // speech falls off by 6 dB an octave
		}
		before = float64(pcm[i])
		a.samples[i] = s
	}
	a.fft.Coefficients(a.spectrum, a.samples)
	var bands [melBands]float64
	for b := range bands {
		sum := 1.0 // keeps the logarithm finite
		for _, t := range melFilter(b) {
			c := a.spectrum[t.bin]
			sum += t.weight * (real(c)*real(c) + imag(c)*imag(c))
		}
		bands[b] = math.Log(sum)
	}
	for k := range cepstra {
		for b, e := range bands {
			x[k] += e * math.Cos(math.Pi*float64(k+1)*(float64(b)+0.5)/melBands)
		}
	}
	x[cepstra] = math.Log(f0) * pitchWeight
	return x, true
}

// pitchWeight makes a semitone of pitch about as large as a cepstral coefficient's wobble. It
// matters only for the arithmetic: a Gaussian with a full covariance has no scale.
const pitchWeight = 10

// decimate is by how much sound is thinned out before its pitch is looked for: at 4 kHz the
// highest voice has ten samples a period, and the search costs a sixteenth.
const decimate = 4

// pitch is the fundamental frequency in Hz, by autocorrelation.
func (a *analyser) pitch(pcm []int16) (float64, bool) {
	n := len(pcm) / decimate
	mean := 0.0
	for i := range n {
		s := 0.0
		for _, v := range pcm[i*decimate : (i+1)*decimate] {
			s += float64(v)
		}
		a.thin[i] = s
		mean += s / float64(n)
	}
	for i := range n {
		a.thin[i] -= mean
	}
	energy := correlate(a.thin[:n], 0)
	if energy <= 0 {
		return 0, false
	}
	const rate = debrief.SampleRate / decimate
	best, strength := 0, 0.0
	for lag := rate / highestF0; lag <= rate/lowestF0; lag++ {
		// A shorter overlap sums fewer products; what is lost that way is given back.
		s := correlate(a.thin[:n], lag) / energy * float64(n) / float64(n-lag)
		if s > strength*1.05 { // of equals the shortest period: twice a period is one, too
			best, strength = lag, s
		}
	}
	if best == 0 || strength < periodic {
		return 0, false
	}
	// A parabola through the peak and its neighbours finds it between two samples.
	before, at, after := correlate(a.thin[:n], best-1), correlate(a.thin[:n], best), correlate(a.thin[:n], best+1)
	period := float64(best)
	if bend := before - 2*at + after; bend < 0 {
		period += max(-0.5, min(0.5, (before-after)/(2*bend)))
	}
	return rate / period, true
}

func correlate(x []float64, lag int) float64 {
	sum := 0.0
	for i, v := range x[lag:] {
		sum += v * x[i]
	}
	return sum
}

// tap is one bin's part in a band.
type tap struct {
	bin    int
	weight float64
}

var melFilters = func() [melBands][]tap {
	mel := func(hz float64) float64 { return 2595 * math.Log10(1+hz/700) }
	hz := func(mel float64) float64 { return 700 * (math.Pow(10, mel/2595) - 1) }
	const low, high = 100.0, 7600.0
	edge := func(i int) float64 {
		return hz(mel(low)+(mel(high)-mel(low))*float64(i)/(melBands+1)) * fftSize / debrief.SampleRate
	}
	var out [melBands][]tap
	for b := range out {
		left, middle, right := edge(b), edge(b+1), edge(b+2)
		for bin := int(left); bin <= int(right)+1 && bin <= fftSize/2; bin++ {
			w := min((float64(bin)-left)/(middle-left), (right-float64(bin))/(right-middle))
			if w > 0 {
				out[b] = append(out[b], tap{bin, w})
			}
		}
	}
	return out
}()

func melFilter(band int) []tap { return melFilters[band] }
