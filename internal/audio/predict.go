package audio

import (
	"math"
	"math/bits"

	"github.com/mewkiz/flac/frame"
)

const (
	// fixedOrders is how many of FLAC's fixed predictors there are: each is the difference of the one before.
	fixedOrders = 5
	// mostRice is the highest Rice parameter of four bits; 15 is the escape code.
	mostRice = 14
	// sampleBits is the size of a sample that is not predicted.
	sampleBits = 16
)

// subframe chooses how a block is written: as one value, by the fixed predictor whose residuals are smallest in
// sum, or as it is. This is libFLAC's own way of choosing; the encoder's analysis writes out every predictor with
// every Rice parameter, which took four fifths of the time and saved nothing.
func subframe(block []int32) *frame.Subframe {
	s := &frame.Subframe{SubHeader: frame.SubHeader{Pred: frame.PredVerbatim}, Samples: block, NSamples: len(block)}
	var sums [fixedOrders]uint64 // of the residuals' sizes
	var before [fixedOrders]int32
	same := true
	for i, v := range block {
		same = same && v == block[0]
		d := v
		for order := range fixedOrders {
			if i >= fixedOrders-1 { // the first ones are no fair comparison
				sums[order] += uint64(max(d, -d))
			}
			d, before[order] = d-before[order], d
		}
	}
	if same {
		s.Pred = frame.PredConstant
		return s
	}
	if len(block) < fixedOrders {
		return s
	}
	best := 0
	for order, sum := range sums {
		if sum < sums[best] {
			best = order
		}
	}
	residuals := foldedResiduals(block, best)
	k, size := rice(residuals)
	if size+best*sampleBits >= len(block)*sampleBits {
		return s
	}
	s.Pred, s.Order = frame.PredFixed, best
	s.ResidualCodingMethod = frame.ResidualCodingMethodRice1
	s.RiceSubframe = &frame.RiceSubframe{Partitions: []frame.RicePartition{{Param: k}}}
	return s
}

// foldedResiduals returns the residuals of a fixed predictor, folded to natural numbers as Rice codes want them:
// 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
func foldedResiduals(block []int32, order int) []uint32 {
	out := make([]uint32, 0, len(block))
	var before [fixedOrders]int32
	for i, v := range block {
		d := v
		for o := range order {
			d, before[o] = d-before[o], d
		}
		if i >= order {
			out = append(out, uint32(d<<1)^uint32(d>>31))
		}
	}
	return out
}

// rice returns the parameter that makes the residuals shortest, and their length in bits. The best lies
// within one of the logarithm of their mean.
func rice(residuals []uint32) (k uint, size int) {
	var sum uint64
	for _, r := range residuals {
		sum += uint64(r)
	}
	guess := bits.Len64(sum / uint64(len(residuals)))
	size = math.MaxInt
	for try := max(0, guess-2); try <= min(mostRice, guess+1); try++ {
		n := len(residuals) * (1 + try)
		for _, r := range residuals {
			n += int(r >> try)
		}
		if n < size {
			k, size = uint(try), n
		}
	}
	return k, size
}
