package capture

import (
	"time"

	"debrief"
)

const (
	// settleTime is how long deliveries are watched before the quickest of them is believed to show
	// the true relation of samples and clock. A loaded machine delivers 0.45 s late at worst.
	settleTime = 2 * time.Second
	// stallTime without a frame is a stall: beyond the longest pause of a healthy stream under load.
	stallTime = 450 * time.Millisecond
	// lossLimit is the lasting lateness that means lost samples. A loaded machine is 40 ms late for
	// seconds without a loss; smaller losses add up and are found together.
	lossLimit = 90 * time.Millisecond
	// provisional is how long into a stream a quicker delivery still tells that all of it lies
	// earlier: on a machine at its limit the backlog of a start takes longer than settleTime to
	// clear. Later it may be the drift of hours.
	provisional = 30 * time.Second
	// earlierBy is the least such news; the jitter of deliveries is below it.
	earlierBy = 5 * time.Millisecond
	// driftLimit is how far a microphone's clock may be off, in parts per million. Cheap crystals
	// are off by 100; loss hidden by it can grow to lossLimit only, and is then found.
	driftLimit = 500
)

// pace relates the samples of one stream to the clock. Delivery is late by a varying amount but
// never early, so the least delay seen tells when a sample was really heard, and a least delay
// that grows for good tells of samples that never came, which no sound system reports.
type pace struct {
	origin  time.Duration // clock time of the stream's sample 0
	n       debrief.Samples
	recent  []delivery    // of the last settleTime
	begun   time.Duration // when the first delivery came
	since   time.Duration
	last    time.Duration
	settled bool
	stall   debrief.Samples // position of the last stall in the stream, -1 without one
	drifted time.Duration   // when drift was last followed
	claimed time.Duration   // what of the losses found a quicker delivery may still disprove
}

// finding is what a delivery tells of the time before it.
type finding struct {
	lost     time.Duration   // time without samples
	at       debrief.Samples // position in the stream after which it lies
	regained time.Duration   // so much less was lost than found before: a server had only been slower
	earlier  time.Duration   // so much earlier than believed when it settled the whole stream lies
}

type delivery struct{ at, origin time.Duration }

// add takes in a frame of n samples delivered at a time.
func (p *pace) add(at time.Duration, n int) finding {
	first := p.n == 0
	before := p.n
	p.n += debrief.Samples(n)
	origin := at - p.n.Duration()
	switch {
	case first:
		p.origin, p.begun, p.since, p.drifted, p.stall = origin, at, at, at, -1
	case at-p.last > stallTime:
		// What comes now may be a backlog that makes up for the stall. Wait and see.
		p.recent, p.since, p.stall = p.recent[:0], at, before
	}
	p.last = at
	var f finding
	if early := p.origin - origin; early > 0 {
		f.regained = min(early, p.claimed)
		p.claimed -= f.regained
		if rest := early - f.regained; p.settled && rest > earlierBy && at-p.begun < provisional {
			f.earlier = rest
		}
		p.origin = origin
	}

	p.recent = append(p.recent, delivery{at, origin})
	old := 0
	for at-p.recent[old].at > settleTime {
		old++
	}
	p.recent = append(p.recent[:0], p.recent[old:]...)
	if at-p.since < settleTime {
		return f
	}
	p.settled = true
	least := p.recent[0].origin
	for _, d := range p.recent {
		least = min(least, d.origin)
	}
	late := least - p.origin
	if late > lossLimit {
		f.lost, f.at = late, p.stall
		if f.at < 0 {
			f.at = max(0, p.n-debrief.SamplesOf(settleTime.Seconds()))
		}
		p.origin, p.stall, p.drifted, p.claimed = least, -1, at, late
		return f
	}
	p.stall = -1
	p.origin += min(late, (at-p.drifted)*driftLimit/1e6)
	p.drifted = at
	return f
}

// skip counts samples known to be lost, which the clock has seen.
func (p *pace) skip(n int) { p.n += debrief.Samples(n) }

// time is when a sample of the stream was heard.
func (p *pace) time(n debrief.Samples) time.Duration { return p.origin + n.Duration() }

// end is when the last sample was heard.
func (p *pace) end() time.Duration { return p.time(p.n) }
