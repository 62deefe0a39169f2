package transcribe

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"debrief"
)

// Speakers says who may be speaking in a recording.
type Speakers string

// The choices.
const (
	SpeakersAuto   Speakers = "auto"   // coach and client, told apart by voice and by who asks
	SpeakersClient Speakers = "client" // a memo spoken alone
)

// ParseSpeakers accepts exactly the names above; "" is auto.
func ParseSpeakers(s string) (Speakers, error) {
	switch p := Speakers(s); p {
	case "":
		return SpeakersAuto, nil
	case SpeakersAuto, SpeakersClient:
		return p, nil
	}
	return "", debrief.WithHint(fmt.Errorf("speakers %q: %w", s, debrief.ErrInvalid), "use auto, or client for a memo spoken alone")
}

// How two voices are told apart. The method is agglomerative clustering by the Bayesian
// information criterion, as in the first systems that asked who spoke when: it needs no
// training, only enough voiced sound, and always gives the same answer.
const (
	// steady is how many voiced frames (of 20 ms) an utterance needs to be clustered; shorter
	// ones are given to the voice they are nearest to.
	steady = 40
	// penalty weighs the cost of a second voice; above 1 errs towards one voice. One person's
	// utterances differ more than the criterion expects, for frames overlap and moods change.
	penalty = 3.0
	// certain is the difference per frame, in nats, between the two voices' likelihoods from
	// which an utterance's speaker counts as sure.
	certain = 2.0
)

// assignSpeakers says whose each utterance is. What the engine told comes first, then the voice.
func assignSpeakers(us []debrief.Utterance, drafts []draft, who Speakers) {
	if who == SpeakersClient {
		for i := range us {
			us[i].Speaker, us[i].SpeakerConfidence = debrief.SpeakerClient, 1
		}
		return
	}
	side, sure := sidesByLabel(drafts)
	if side == nil {
		side, sure = sidesByVoice(drafts)
	}
	if side == nil { // one voice
		for i := range us {
			us[i].Speaker, us[i].SpeakerConfidence = debrief.SpeakerClient, aloneConfidence
		}
		return
	}
	coach, trust := whoAsks(us, side)
	for i := range us {
		us[i].Speaker = debrief.SpeakerClient
		if side[i] == coach {
			us[i].Speaker = debrief.SpeakerCoach
		}
		us[i].SpeakerConfidence = math.Round(100*sure[i]*trust) / 100
	}
}

// aloneConfidence is for a recording with one voice in it: a coach speaking alone is rare.
const aloneConfidence = 0.8

// sidesByVoice clusters the utterances to two voices. nil when there is but one.
func sidesByVoice(drafts []draft) (side []int, sure []float64) {
	var clusters []*voice
	for i := range drafts {
		if v := drafts[i].sound; v.frames >= steady {
			clusters = append(clusters, &v)
		}
	}
	if len(clusters) < 2 {
		return nil, nil
	}
	a, b := twoVoices(clusters)
	if gain(a, b) <= 0 {
		return nil, nil
	}
	// Once the voices are known, every utterance is given to the one it fits best, and the voices are
	// made anew from what was given to them.
	for range 3 {
		var next [2]voice
		for i := range drafts {
			d := &drafts[i].sound
			if d.frames < steady {
				continue
			}
			next[b2i(fit(b, d) > fit(a, d))].add(d)
		}
		if next[0].frames < steady || next[1].frames < steady {
			break
		}
		a, b = &next[0], &next[1]
	}
	side, sure = make([]int, len(drafts)), make([]float64, len(drafts))
	for i := range drafts {
		d := &drafts[i].sound
		if d.frames == 0 {
			side[i], sure[i] = -1, 0.5
			continue
		}
		margin := fit(b, d) - fit(a, d)
		side[i], sure[i] = b2i(margin > 0), trusted(margin, d.frames)
	}
	for i := range side { // what nobody could hear a voice in goes with what was said before
		if side[i] < 0 {
			side[i] = 0
			if i > 0 {
				side[i] = side[i-1]
			}
		}
	}
	return side, sure
}

// trusted is how sure a choice between two voices is, 0.5 to 1, by the difference of their
// likelihoods over so many frames.
func trusted(margin, frames float64) float64 {
	// Frames are not independent; all of them count, but far less than their number.
	evidence := math.Abs(margin) / frames / certain * math.Sqrt(min(frames, 100)/steady)
	return 1 / (1 + math.Exp(-4*evidence))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// twoVoices joins the most alike again and again until two are left. With more than
// mostClustered utterances the longest are clustered and the others given to them afterwards.
func twoVoices(all []*voice) (a, b *voice) {
	const mostClustered = 300 // the work grows with the square: 300 take a second
	if len(all) > mostClustered {
		all = slices.Clone(all)
		slices.SortStableFunc(all, func(a, b *voice) int { return cmp.Compare(b.frames, a.frames) })
		all = all[:mostClustered]
	}
	costs := make([][]float64, len(all))
	for i := range all {
		costs[i] = make([]float64, len(all))
		for j := range i {
			costs[i][j] = gain(all[i], all[j])
		}
	}
	for len(all) > 2 {
		bi, bj := 1, 0
		for i := range all {
			for j := range i {
				if costs[i][j] < costs[bi][bj] {
					bi, bj = i, j
				}
			}
		}
		all[bj] = union(all[bi], all[bj])
		last := len(all) - 1
		all[bi] = all[last]
		for j := range last {
			if j < bi {
				costs[bi][j] = costs[last][j]
			} else if j > bi {
				costs[j][bi] = costs[last][j]
			}
		}
		all = all[:last]
		for k := range all {
			if k < bj {
				costs[bj][k] = gain(all[bj], all[k])
			} else if k > bj {
				costs[k][bj] = gain(all[bj], all[k])
			}
		}
	}
	return all[0], all[1]
}

func union(a, b *voice) *voice {
	u := *a
	u.add(b)
	return &u
}

// gain is by how much two Gaussians explain the sound better than one, less the penalty for
// the second one's parameters. Negative: it is one voice.
func gain(a, b *voice) float64 {
	u := union(a, b)
	const parameters = traits + traits*(traits+1)/2
	return 0.5*(u.frames*logDet(u)-a.frames*logDet(a)-b.frames*logDet(b)) -
		penalty*0.5*parameters*math.Log(u.frames)
}

// ridge keeps a covariance of few frames from collapsing.
const ridge = 0.1

// covariance of a voice's frames.
func (v *voice) covariance() *mat.SymDense {
	c := mat.NewSymDense(traits, nil)
	for i := range traits {
		for j := i; j < traits; j++ {
			x := v.product[i][j]/v.frames - v.sum[i]/v.frames*v.sum[j]/v.frames
			if i == j {
				x += ridge
			}
			c.SetSym(i, j, x)
		}
	}
	return c
}

func logDet(v *voice) float64 {
	var chol mat.Cholesky
	if !chol.Factorize(v.covariance()) {
		return traits * math.Log(ridge) // all frames alike: a tone, no voice
	}
	return chol.LogDet()
}

// fit is the log likelihood of an utterance's frames under a voice's Gaussian.
func fit(model, v *voice) float64 {
	var chol mat.Cholesky
	if !chol.Factorize(model.covariance()) {
		return math.Inf(-1)
	}
	// The sum over frames of (x-m)' S^-1 (x-m) is the trace of S^-1 times their scatter around m.
	scatter := mat.NewSymDense(traits, nil)
	for i := range traits {
		for j := i; j < traits; j++ {
			mi, mj := model.sum[i]/model.frames, model.sum[j]/model.frames
			scatter.SetSym(i, j, v.product[i][j]-mi*v.sum[j]-mj*v.sum[i]+v.frames*mi*mj)
		}
	}
	var solved mat.Dense
	if err := chol.SolveTo(&solved, scatter); err != nil {
		return math.Inf(-1)
	}
	return -0.5 * (mat.Trace(&solved) + v.frames*chol.LogDet())
}

// whoAsks decides which side is the coach: the one that asks more of the time. A coach also
// says less in all, which decides when nobody asks. trust is how far apart the two are.
func whoAsks(us []debrief.Utterance, side []int) (coach int, trust float64) {
	var asked, said, words [2]float64
	for i, u := range us {
		said[side[i]]++
		words[side[i]] += float64(len(strings.Fields(u.Text)))
		if isQuestion(u.Text) {
			asked[side[i]]++
		}
	}
	// One more utterance that asks and one that does not keep a side with few from deciding everything.
	share := func(s int) float64 { return (asked[s] + 0.5) / (said[s] + 2) }
	lead := share(1) - share(0)
	lead += 0.2 * (words[0] - words[1]) / max(1, words[0]+words[1])
	return b2i(lead > 0), 0.5 + 0.5*min(1, math.Abs(lead)/0.3)
}

// openers begin questions, and what a coach says to bring someone to speak.
var openers = []string{"what", "how", "where", "when", "who", "which", "why", "is there", "are there", "was there", "were there",
	"did", "do you", "does", "can you", "could you", "would you", "have you", "are you", "is it", "was it", "tell me", "looking back", "when you look"}

func isQuestion(text string) bool {
	if strings.HasSuffix(strings.TrimRight(text, closers), "?") {
		return true
	}
	said := normalise(text) + " "
	for _, o := range openers {
		if strings.HasPrefix(said, o+" ") {
			return true
		}
	}
	return false
}
