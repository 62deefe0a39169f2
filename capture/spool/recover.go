package spool

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"debrief"
)

// Repaired tells what [Recover] found in a recording that a crash had left unfinished.
type Repaired struct {
	State   State
	Rescued debrief.Samples // audio in segments that were not finished
	Ended   bool            // whether it is closed now; if not, it waits for [Resume]
	Err     error           // why it could not be mended; its files are untouched then
}

// Recover mends every recording below root that no process writes and that has no end: unfinished
// segments are completed with every whole sample they hold. A recording for which resume
// is true is left open for [Resume]; any other gets its end.
func Recover(root string, now func() time.Time, log *slog.Logger, resume func(State) bool) ([]Repaired, error) {
	if err := os.MkdirAll(root, dirMode); err != nil {
		return nil, fmt.Errorf("make the spool: %w", diskError(err))
	}
	if err := removeNew(root); err != nil {
		return nil, fmt.Errorf("clean the spool: %w", err)
	}
	ids, err := list(root)
	if err != nil {
		return nil, err
	}
	var out []Repaired
	for _, id := range ids {
		r, err := recoverOne(Dir(root, id), now, resume)
		switch {
		case errors.Is(err, ErrBusy):
			continue
		case err != nil:
			log.Error("recording not mended", "recording", id, "err", err)
			r.State.Recording.ID = id
			r.Err = err
		case r.State.Dir == "": // it has an end
			continue
		}
		out = append(out, r)
	}
	return out, nil
}

func recoverOne(dir string, now func() time.Time, resume func(State) bool) (Repaired, error) {
	l, err := lock(dir)
	if err != nil {
		return Repaired{}, err
	}
	defer l.Close()
	st, err := Load(dir)
	if err != nil {
		return Repaired{}, err
	}
	if !st.Ended.IsZero() {
		return Repaired{}, nil
	}
	j, err := openJournal(dir)
	if err != nil {
		return Repaired{}, err
	}
	defer j.f.Close()
	rescued, err := mend(&st, j, now)
	if err != nil {
		return Repaired{State: st}, err
	}
	r := Repaired{Rescued: rescued, Ended: resume == nil || !resume(st)}
	entries := []Entry{{Kind: KindRepair, Wall: now(), At: st.Recording.Samples, Note: fmt.Sprintf("rescued %v of unfinished audio", rescued.Duration())}}
	if r.Ended {
		entries = append(entries, Entry{Kind: KindEnd, Wall: now(), At: st.Recording.Samples})
	}
	for _, e := range entries {
		if err := j.add(e); err != nil {
			return r, err
		}
		st.apply(e)
	}
	if err := j.f.Sync(); err != nil {
		return r, fmt.Errorf("sync journal: %w", diskError(err))
	}
	if r.Ended {
		os.Remove(filepath.Join(dir, ballastName))
	}
	r.State = st
	return r, nil
}

// mend brings files and journal into agreement and returns how much audio was in segments that
// had not been finished.
func mend(st *State, j *journal, now func() time.Time) (rescued debrief.Samples, err error) {
	known := len(st.Recording.Segments)
	files, err := segmentFiles(st.Dir)
	if err != nil {
		return 0, err
	}
	for i, seg := range st.Recording.Segments {
		if seg.SHA256 == "" && files[i] == "" {
			return 0, fmt.Errorf("segment %d is gone from the disk: %w", i, debrief.ErrNotFound)
		}
	}
	for index := known; files[index] != ""; index++ {
		part := strings.HasSuffix(files[index], partSuffix)
		seg, err := openSegment(SegmentPath(st.Dir, index), index, st.Recording.Samples, part)
		if err != nil {
			return rescued, err
		}
		if !part && seg.n == 0 {
			seg.f.Close()
			return rescued, fmt.Errorf("segment %d is empty: %w", index, debrief.ErrTruncated)
		}
		done, err := finishMended(seg, st.Dir, part)
		if err != nil {
			return rescued, err
		}
		if part {
			rescued += done.Samples
		}
		if err := noteMended(st, j, now(), done, files[index+1] != ""); err != nil {
			return rescued, err
		}
		delete(files, index)
	}
	for index, name := range files {
		if index >= known {
			return rescued, fmt.Errorf("segment %s lies behind a missing one: %w", name, debrief.ErrNotFound)
		}
	}
	return rescued, nil
}

func finishMended(seg *segment, dir string, part bool) (debrief.Segment, error) {
	if part {
		return seg.finish(dir)
	}
	// It has its final name, and only its line in the journal is missing. Its finish on a name
	// ending in .part would find nothing to rename.
	defer seg.f.Close()
	if err := seg.sync(seg.n); err != nil {
		return debrief.Segment{}, err
	}
	return describe(seg), nil
}

// noteMended journals a segment. One that is short and not the last lost its end to a power cut
// that spared the file after it: that is a gap.
func noteMended(st *State, j *journal, wall time.Time, seg debrief.Segment, more bool) error {
	var entries []Entry
	if seg.Samples > 0 {
		entries = append(entries, Entry{Kind: KindSegment, Wall: wall, Segment: &seg})
	}
	if missing := st.Layout - seg.Samples; more && missing > 0 {
		entries = append(entries, Entry{Kind: KindGap, Wall: wall, Gap: &debrief.Gap{
			At: seg.Start + seg.Samples, Length: missing.Duration(), Reason: debrief.GapPowerCut,
		}})
	}
	for _, e := range entries {
		if err := j.add(e); err != nil {
			return err
		}
		if !st.apply(e) {
			return fmt.Errorf("segment %d does not follow the journal: %w", seg.Index, debrief.ErrInvalid)
		}
	}
	return nil
}

// segmentFiles maps indexes to file names. A final name wins over a .part of the same index.
func segmentFiles(dir string) (map[int]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", diskError(err))
	}
	out := map[int]string{}
	for _, e := range slices.Backward(entries) { // x.wav sorts before x.wav.part
		var index int
		name := e.Name()
		stem := strings.TrimSuffix(name, partSuffix)
		if _, err := fmt.Sscanf(stem, "%06d.wav", &index); err == nil && filepath.Base(SegmentPath(dir, index)) == stem {
			out[index] = name
		}
	}
	return out, nil
}

// Resume goes on with a recording that [Recover] left open: [debrief.ErrConflict] when it has an end,
// [ErrBusy] when another process has it. cfg.Who is taken from the journal.
func Resume(cfg Config, id debrief.RecordingID) (*Writer, State, error) {
	if err := cfg.fill(); err != nil {
		return nil, State{}, err
	}
	dir := Dir(cfg.Root, id)
	l, err := lock(dir)
	if err != nil {
		return nil, State{}, err
	}
	w, st, err := resume(cfg, dir, l)
	if err != nil {
		l.Close()
		return nil, st, fmt.Errorf("go on with recording %s: %w", id, err)
	}
	go w.run()
	return w, st, nil
}

func resume(cfg Config, dir string, l *os.File) (*Writer, State, error) {
	st, err := Load(dir)
	if err != nil {
		return nil, st, err
	}
	if !st.Ended.IsZero() {
		return nil, st, fmt.Errorf("it has ended: %w", debrief.ErrConflict)
	}
	rec := st.Recording
	cfg.Who = Who{ID: rec.ID, Client: rec.Client, Session: rec.Session, Phase: rec.Phase}
	cfg.Layout = st.Layout
	w, err := open(cfg, dir, l)
	if err != nil {
		return nil, st, err
	}
	w.next, w.samples, w.safe = len(rec.Segments), rec.Samples, rec.Samples
	return w, st, nil
}
