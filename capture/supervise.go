package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"debrief"
	"debrief/capture/sound"
	"debrief/capture/spool"
)

// feed is a microphone that is open.
type feed struct {
	stream sound.Stream
	device sound.Device
	rank   int // place in the order of preference, 0 is the preferred
	pace   pace
	opened time.Duration
	last   time.Duration // when the last frame was taken in
	heard  bool          // it has given a frame
	held   []sound.Frame // of a microphone that shall replace a healthy one
}

// attempt is the outcome of looking for a microphone.
type attempt struct {
	feed *feed
	err  error
}

// supervise looks after the streams: called at every tick.
func (r *Recorder) supervise(ctx context.Context) {
	now := r.cfg.Uptime()
	if a := r.active; a != nil {
		if silent := now - a.last; silent > deafAfter && r.broken == "" {
			// It stays open: after a stall the sound may all be there yet. Meanwhile others are tried.
			r.interrupt(debrief.GapNoFrames)
			r.setState(Deaf)
		}
	}
	// The grace doubles with each attempt in vain: on a machine so loaded that a process takes longer
	// to start, a fixed one would stop every attempt just before it succeeds.
	if n := r.next; n != nil && !n.heard && now-n.opened > startGrace<<min(r.inVain, graceDoublings) {
		r.shun(n.device, now)
		r.dropNext("gave nothing")
	}
	if r.trying || r.next != nil {
		return
	}
	limit := len(r.cfg.Devices)
	if r.active != nil && !r.deaf() {
		limit = r.active.rank // only a better one is of use
	}
	if limit == 0 {
		r.tryNow = false
		return
	}
	if pause := now - r.lastTry; pause >= retryEvery || r.tryNow && pause >= retrySoonest {
		r.tryNow, r.lastTry, r.trying = false, now, true
		shunned := map[string]bool{}
		for name, until := range r.shunned {
			shunned[name] = now < until
		}
		go func() { r.found <- look(ctx, r.cfg.Microphones, r.cfg.Devices[:limit], shunned) }()
	}
}

// deaf tells whether the active stream has stopped giving frames.
func (r *Recorder) deaf() bool {
	return r.active != nil && r.cfg.Uptime()-r.active.last > deafAfter
}

// look opens the first microphone of the order of preference that is there. One that gave nothing
// lately is taken only when there is no other.
func look(ctx context.Context, mics sound.Microphones, names []string, shunned map[string]bool) attempt {
	devices, err := mics.Devices(ctx)
	if err != nil {
		return attempt{err: err}
	}
	var errs []error
	for _, second := range []bool{false, true} {
		for rank, name := range names {
			d, err := sound.Match(devices, name)
			if err != nil {
				if !second {
					errs = append(errs, err)
				}
				continue
			}
			if shunned[d.Name] != second {
				continue
			}
			stream, err := mics.Open(ctx, d)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			return attempt{feed: &feed{stream: stream, device: d, rank: rank}}
		}
	}
	return attempt{err: errors.Join(errs...)}
}

// take receives what look found.
func (r *Recorder) take(a attempt) {
	r.trying = false
	if a.err != nil {
		r.cfg.Log.Debug("no microphone", "err", a.err)
		r.mu.Lock()
		news := r.status.Device != "" || r.status.State == Opening
		r.status.Device = ""
		r.mu.Unlock()
		if news && r.active == nil {
			r.tell("device", true, "no microphone: %v", a.err)
			r.setState(Deaf)
		}
		return
	}
	a.feed.opened = r.cfg.Uptime()
	a.feed.last = a.feed.opened
	r.next = a.feed
}

// hearNext takes a frame of the microphone being tried. When nothing else is heard it is recorded
// from its first frame on. When it shall replace a healthy one, its frames are held until its
// place on the clock is known, so that the change neither loses nor doubles a word.
func (r *Recorder) hearNext(f sound.Frame, ok bool) error {
	n := r.next
	if !ok {
		if !n.heard {
			r.shun(n.device, r.cfg.Uptime())
		}
		r.dropNext(fmt.Sprint(n.stream.Err()))
		return nil
	}
	n.heard = true
	r.inVain = 0
	n.last = r.cfg.Uptime()
	n.held = append(n.held, f)
	if r.active != nil && !r.deaf() && n.rank >= r.active.rank {
		r.dropNext("the other one is heard again")
		return nil
	}
	if r.active != nil && !r.deaf() {
		if first := n.held[0]; f.At-first.At < settleTime/2 {
			return nil
		}
	}
	return r.adopt()
}

// adopt makes the next microphone the recorded one.
func (r *Recorder) adopt() error {
	n := r.next
	r.next = nil
	if r.active != nil {
		r.active.stream.Close()
		r.closeGap()
		if r.broken == "" {
			r.broken = debrief.GapChanged
		}
	}
	r.active = n
	for _, f := range n.held {
		n.pace.add(f.At, len(f.PCM))
	}
	// The clock of the whole batch is known now; counted again, each frame is placed by it.
	origin := n.pace.origin
	n.pace = pace{}
	held := n.held
	n.held = nil
	for i, f := range held {
		if i == 0 {
			f.At = origin + debrief.Samples(len(f.PCM)).Duration()
		}
		if err := r.record(n, f); err != nil {
			return err
		}
	}
	return nil
}

// announce journals and tells which microphone is recorded from begin on.
func (r *Recorder) announce(f *feed, begin time.Duration) {
	r.endFallback()
	r.meter.signal, r.meter.wide = false, 0
	delete(r.standing, warnNarrowBand)
	r.note(spool.Entry{Kind: spool.KindDevice, At: r.w.Samples(), Device: f.device.Name, Wall: r.wall(begin)})
	r.mu.Lock()
	r.status.Device = f.device.Name
	r.mu.Unlock()
	r.tell("device", f.rank > 0, "microphone %s (%s)", f.device.Name, f.device.Kind)
	at := r.w.Samples()
	if f.rank > 0 {
		r.fallback = &debrief.Warning{Span: debrief.Span{Start: at, End: at}, Kind: warnFallback, Detail: f.device.Name + " in place of " + r.cfg.Devices[0]}
		r.warn(change{Warning: *r.fallback})
	}
	if f.device.NarrowBand() {
		r.warn(change{Warning: debrief.Warning{Span: debrief.Span{Start: at, End: at + 1}, Kind: warnNarrowBand, Detail: fmt.Sprintf("%s runs at %d Hz", f.device.Name, f.device.Rate)}})
	}
}

func (r *Recorder) endFallback() {
	if r.fallback != nil {
		r.fallback.End = r.w.Samples()
		r.warn(change{*r.fallback, true})
		r.fallback = nil
	}
}

func (r *Recorder) wall(uptime time.Duration) time.Time {
	return r.cfg.Now().Add(uptime - r.cfg.Uptime())
}

// lose gives up the active stream.
func (r *Recorder) lose(why string, err error) {
	a := r.active
	a.stream.Close()
	r.active = nil
	r.closeGap()
	r.interrupt(why)
	r.setState(Deaf)
	r.tell("device", true, "lost microphone %s: %v", a.device.Name, err)
	if !a.heard {
		r.shun(a.device, r.cfg.Uptime())
	}
	r.tryNow = a.heard // one that never gave anything is no reason to hurry
}

// wrongSource leaves a stream that the sound server has moved, and says what of it was recorded.
func (r *Recorder) wrongSource(to string) {
	at := r.w.Samples()
	span := debrief.Span{Start: max(0, at-debrief.SamplesOf(movedMargin.Seconds())), End: at}
	device := r.active.device
	r.warn(change{Warning: debrief.Warning{Span: span, Kind: warnSource, Detail: to + " in place of " + device.Name}})
	delete(r.standing, warnSource) // it is over as soon as it is known
	r.lose(debrief.GapMoved, fmt.Errorf("the sound server reads %s instead", to))
}

func (r *Recorder) shun(d sound.Device, now time.Duration) { r.shunned[d.Name] = now + distrust }

func (r *Recorder) dropNext(why string) {
	r.cfg.Log.Debug("microphone tried in vain", "device", r.next.device.Name, "why", why)
	if !r.next.heard {
		if r.inVain++; r.inVain == 1 {
			r.tell("device", true, "microphone %s is there but cannot be heard: %s; trying on", r.next.device.Name, why)
		}
	}
	r.next.stream.Close()
	r.next = nil
	if r.deaf() {
		// The silent stream may be what keeps the device from being opened again.
		r.active.stream.Close()
		r.active = nil
		r.closeGap()
	}
}
