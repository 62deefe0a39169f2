package capture

import (
	"path/filepath"
	"slices"
	"time"

	"debrief"
	"debrief/capture/sound"
	"debrief/capture/spool"
)

// record takes a frame of the active stream into the recording. The error is the disk's.
func (r *Recorder) record(f *feed, frame sound.Frame) error {
	f.heard = true
	f.last = r.cfg.Uptime()
	if frame.Lost > 0 {
		r.addGap(debrief.Gap{At: r.w.Samples(), Length: debrief.Samples(frame.Lost).Duration(), Reason: debrief.GapOverrun})
		f.pace.skip(frame.Lost)
	}
	offset := f.pace.n
	found := f.pace.add(frame.At, len(frame.PCM))
	pcm := frame.PCM
	switch {
	case r.paused:
		return nil
	case r.started == 0:
		r.started = f.pace.time(offset)
		r.broken = ""
		r.announce(f, r.started)
	case r.broken != "":
		if pcm = r.join(f, offset, pcm); len(pcm) == 0 {
			return nil
		}
	}
	if found.regained > 0 && r.lost.Length > 0 {
		r.lost.Length = max(0, r.lost.Length-found.regained)
		r.unheard -= found.regained
		g := r.lost
		r.note(spool.Entry{Kind: spool.KindGap, Gap: &g})
	}
	switch {
	case r.joint != nil && r.joint.feed == f:
		r.shorten(found.earlier)
	case r.joint == nil && r.gap == nil:
		r.started -= found.earlier // it is the first
	}
	if found.lost > 0 {
		// It is told as a position in the stream; in the recording it is as far before the end.
		at := max(0, r.w.Samples()-(offset-found.at))
		r.lost = debrief.Gap{At: at, Length: found.lost, Reason: debrief.GapNoFrames}
		r.addGap(r.lost)
	}
	if err := r.w.Append(pcm); err != nil {
		return err
	}
	for _, c := range r.meter.add(pcm) {
		r.warn(c)
	}
	r.heard = f.pace.end()
	r.refineGap()
	if r.meter.signal {
		r.setState(Recording)
	} else {
		r.setState(Waiting)
	}
	return nil
}

// join places the first frame behind a break: time between is a gap. What the microphone before has
// recorded already is cut off when the two were heard side by side; else they cannot overlap,
// whatever the clock makes of it, and every sample counts.
func (r *Recorder) join(f *feed, offset debrief.Samples, pcm []int16) []int16 {
	begin := f.pace.time(offset)
	if early := debrief.SamplesOf((r.heard - begin).Seconds()); early > 0 && r.broken == debrief.GapChanged {
		early = min(early, debrief.Samples(len(pcm)))
		pcm = pcm[early:]
		offset += early
	}
	if len(pcm) == 0 {
		return nil // all of it was recorded already; the next frame joins
	}
	r.mu.Lock()
	same := r.status.Device == f.device.Name && offset > 0
	r.mu.Unlock()
	if !same {
		r.announce(f, begin)
	}
	r.closeGap() // an earlier one whose stream never settled
	r.openGap(r.broken, f, offset)
	r.broken = ""
	if r.refineGap(); r.gap != nil {
		r.writeGap() // not final, but a crash may come before that
	}
	return pcm
}

// interrupt says that what comes next does not follow what was recorded.
func (r *Recorder) interrupt(why string) {
	if r.broken == "" && r.started != 0 {
		r.broken = why
	}
}

func (r *Recorder) openGap(reason string, f *feed, offset debrief.Samples) {
	r.gap = &openGap{Gap: debrief.Gap{At: r.w.Samples(), Wall: r.wall(r.heard), Reason: reason}, from: r.heard, feed: f, offset: offset}
}

// refineGap measures the open gap again; when the stream behind it has settled, that is final.
func (r *Recorder) refineGap() {
	if r.gap == nil || r.gap.feed == nil {
		return
	}
	r.gap.Length = max(0, r.gap.feed.pace.time(r.gap.offset)-r.gap.from)
	if r.gap.feed.pace.settled {
		r.closeGap()
	}
}

func (r *Recorder) writeGap() {
	g := r.gap.Gap
	r.note(spool.Entry{Kind: spool.KindGap, Gap: &g})
}

// gapWorthTelling is shorter than a syllable; a change of microphones leaves less.
const gapWorthTelling = 50 * time.Millisecond

func (r *Recorder) closeGap() {
	if r.gap == nil {
		return
	}
	r.writeGap()
	r.unheard += r.gap.Length
	if r.gap.Length >= gapWorthTelling {
		r.tell("gap", r.gap.Reason != debrief.GapPaused, "%.2f s not heard: %s", r.gap.Length.Seconds(), r.gap.Reason)
	}
	r.gap, r.joint = nil, r.gap
}

// shorten corrects the gap before the stretch that was joined last: it lies earlier than believed.
func (r *Recorder) shorten(by time.Duration) {
	if r.joint == nil || by <= 0 {
		return
	}
	by = min(by, r.joint.Length)
	r.joint.Length -= by
	r.unheard -= by
	g := r.joint.Gap
	r.note(spool.Entry{Kind: spool.KindGap, Gap: &g})
}

// addGap notes a gap whose length is known.
func (r *Recorder) addGap(g debrief.Gap) {
	g.Wall = r.wall(r.heard)
	r.note(spool.Entry{Kind: spool.KindGap, Gap: &g})
	r.unheard += g.Length
	r.tell("gap", true, "%.2f s not heard: %s", g.Length.Seconds(), g.Reason)
}

// warn journals a warning that begins or ends, and tells it.
func (r *Recorder) warn(c change) {
	r.note(spool.Entry{Kind: spool.KindWarning, Warning: &c.Warning})
	text := Describe(c.Kind)
	if c.Detail != "" {
		text += " (" + c.Detail + ")"
	}
	if c.ended {
		delete(r.standing, c.Kind)
		r.tell("cleared", false, "over after %v: %s", c.Len().Duration().Round(100*time.Millisecond), text)
		return
	}
	r.standing[c.Kind] = true
	r.tell("warning", true, "%s", text)
}

// checkDisk looks at the free space now and then.
func (r *Recorder) checkDisk() error {
	now := r.cfg.Uptime()
	if now-r.lastDisk < diskEvery && r.lastDisk != 0 {
		return nil
	}
	r.lastDisk = now
	free, err := FreeSpace(r.cfg.Spool)
	if err != nil {
		return nil // a file system that does not tell is no reason to stop
	}
	switch low := free < lowDisk; {
	case low && !r.lowDisk:
		r.lowDisk = true
		r.standing[warnDisk] = true
		r.tell("disk", true, "disk low: %d MB left, room for %s of audio", free>>20, debrief.Samples(free/2))
	case !low && r.lowDisk:
		r.lowDisk = false
		delete(r.standing, warnDisk)
	}
	// The writer's sync finds a full disk before the next frame does.
	return r.w.Append(nil)
}

func (r *Recorder) id() debrief.RecordingID {
	return debrief.RecordingID(filepath.Base(r.w.Dir()))
}

// publish updates what Status returns.
func (r *Recorder) publish() {
	if r.paused {
		r.setState(Paused)
	}
	var standing []string
	for kind := range r.standing {
		standing = append(standing, kind)
	}
	slices.Sort(standing)
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.status
	s.Samples = r.w.Samples()
	s.RMS, s.Peak = r.meter.rms, r.meter.peak
	s.Unheard, s.Warnings = r.unheard, standing
	if r.started != 0 {
		s.Elapsed = r.cfg.Uptime() - r.started
	}
}
