package spool

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"debrief"
)

// Kind says what a journal entry tells.
type Kind string

// The kinds of entries.
const (
	KindStart    Kind = "start"    // Who and Layout: the first line
	KindDevice   Kind = "device"   // from At on, Device is recorded; Wall is the time of that sample
	KindSegment  Kind = "segment"  // Segment is finished; only its PCM hash is known
	KindUploaded Kind = "uploaded" // the store has confirmed Segment; its FLAC hash is known now
	KindGap      Kind = "gap"      // replaces an earlier gap at the same sample
	KindWarning  Kind = "warning"  // replaces an earlier one of the same kind and start
	KindMarker   Kind = "marker"
	KindRepair   Kind = "repair" // a crash was mended; Note says what was found
	KindEnd      Kind = "end"    // the recording is whole, nothing is added to its audio
	KindStored   Kind = "stored" // the store has the final manifest
)

// Who is whose recording it is.
type Who struct {
	ID      debrief.RecordingID `json:"id"`
	Client  debrief.ClientID    `json:"client"`
	Session int                 `json:"session"`
	Phase   debrief.Phase       `json:"phase"`
}

// Entry is one line of the journal. Of the pointers, the one that Kind names is set.
type Entry struct {
	Kind    Kind             `json:"kind"`
	Wall    time.Time        `json:"wall"`
	Who     *Who             `json:"who,omitempty"`
	Layout  debrief.Samples  `json:"layout,omitempty"` // length of every segment but the last, in samples
	At      debrief.Samples  `json:"at,omitempty"`
	Device  string           `json:"device,omitempty"`
	Segment *debrief.Segment `json:"segment,omitempty"`
	Gap     *debrief.Gap     `json:"gap,omitempty"`
	Warning *debrief.Warning `json:"warning,omitempty"`
	Marker  *debrief.Marker  `json:"marker,omitempty"`
	Note    string           `json:"note,omitempty"`
}

// maxLine bounds a line of the journal in bytes. The longest entry is a marker's note, which the
// recorder cuts to far less.
const maxLine = 64 << 10

// State is what a journal says, folded into one.
type State struct {
	Dir       string            // the recording's directory
	Recording debrief.Recording // Segments lack SHA256 and Bytes until uploaded
	Layout    debrief.Samples   // length of every segment but the last, in samples
	Ended     time.Time         // zero while the recording is not whole
	Stored    time.Time         // zero until the store has the final manifest
	Damaged   int               // lines that could not be understood
}

// Uploaded is the number of leading segments that the store has confirmed.
func (s *State) Uploaded() int {
	for i, seg := range s.Recording.Segments {
		if seg.SHA256 == "" {
			return i
		}
	}
	return len(s.Recording.Segments)
}

// End is the wall time of the end of the audio: what follows [debrief.Recording.Started], heard or not.
func (s *State) End() time.Time {
	t := s.Recording.Started.Add(s.Recording.Samples.Duration())
	for _, g := range s.Recording.Gaps {
		t = t.Add(g.Length)
	}
	return t
}

// Load reads the journal in a recording's directory. [debrief.ErrNotFound] without a journal,
// [debrief.ErrInvalid] for one without a start.
func Load(dir string) (State, error) {
	f, err := os.Open(filepath.Join(dir, journalName))
	if errors.Is(err, os.ErrNotExist) {
		return State{}, fmt.Errorf("journal of %s: %w", filepath.Base(dir), debrief.ErrNotFound)
	}
	if err != nil {
		return State{}, fmt.Errorf("journal: %w", diskError(err))
	}
	defer f.Close()
	st, err := ReadJournal(f)
	st.Dir = dir
	return st, err
}

// ReadJournal folds a journal. A line that cannot be understood, such as one torn by a crash, is
// passed over and counted. [debrief.ErrInvalid] when no line says whose recording it is.
func ReadJournal(r io.Reader) (State, error) {
	st := State{Recording: debrief.Recording{Origin: debrief.Captured, Status: debrief.Capturing}}
	in := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			st.Damaged++
			if err := skipLine(in); errors.Is(err, io.EOF) {
				return st, st.check()
			} else if err != nil {
				return st, fmt.Errorf("read journal: %w", err)
			}
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return st, fmt.Errorf("read journal: %w", err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			var e Entry
			if json.Unmarshal(line, &e) != nil || !st.apply(e) {
				st.Damaged++
			}
		}
		if err != nil {
			return st, st.check()
		}
	}
}

func skipLine(in *bufio.Reader) error {
	for {
		_, err := in.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

func (s *State) check() error {
	if s.Recording.ID == "" {
		return fmt.Errorf("journal has no start: %w", debrief.ErrInvalid)
	}
	return nil
}

// apply folds one entry in; false when it makes no sense here.
func (s *State) apply(e Entry) bool {
	rec := &s.Recording
	switch {
	case e.Kind == KindStart && e.Who != nil:
		if rec.ID != "" || e.Layout <= 0 {
			return false
		}
		rec.ID, rec.Client, rec.Session, rec.Phase = e.Who.ID, e.Who.Client, e.Who.Session, e.Who.Phase
		s.Layout = e.Layout
	case rec.ID == "":
		return false
	case e.Kind == KindDevice:
		if rec.Device == "" {
			rec.Device, rec.Started = e.Device, e.Wall
		}
	case (e.Kind == KindSegment || e.Kind == KindUploaded) && e.Segment != nil:
		return s.applySegment(*e.Segment)
	case e.Kind == KindGap && e.Gap != nil && e.Gap.At >= 0 && e.Gap.Length >= 0:
		s.applyGap(*e.Gap)
	case e.Kind == KindWarning && e.Warning != nil && e.Warning.Start >= 0:
		s.applyWarning(*e.Warning)
	case e.Kind == KindMarker && e.Marker != nil && e.Marker.At >= 0:
		rec.Markers = append(rec.Markers, *e.Marker)
	case e.Kind == KindRepair:
	case e.Kind == KindEnd:
		s.Ended, rec.Status = e.Wall, debrief.Storing
	case e.Kind == KindStored:
		s.Stored, rec.Status = e.Wall, debrief.Stored
	default:
		return false
	}
	return true
}

// applySegment accepts the next segment, or a known one again with more known about it.
func (s *State) applySegment(seg debrief.Segment) bool {
	rec := &s.Recording
	switch {
	case seg.Samples <= 0 || seg.Index < 0 || seg.Index > len(rec.Segments):
		return false
	case seg.Index < len(rec.Segments):
		old := rec.Segments[seg.Index]
		if old.Start != seg.Start || old.Samples != seg.Samples || old.PCM != seg.PCM {
			return false
		}
		if seg.SHA256 != "" { // a repeated "segment" line must not forget an upload
			rec.Segments[seg.Index] = seg
		}
	case seg.Start != rec.Samples:
		return false
	default:
		rec.Segments = append(rec.Segments, seg)
		rec.Samples += seg.Samples
	}
	return true
}

func (s *State) applyGap(g debrief.Gap) {
	for i, old := range s.Recording.Gaps {
		if old.At == g.At {
			s.Recording.Gaps[i] = g
			return
		}
	}
	s.Recording.Gaps = append(s.Recording.Gaps, g)
}

func (s *State) applyWarning(w debrief.Warning) {
	for i, old := range s.Recording.Warnings {
		if old.Kind == w.Kind && old.Start == w.Start {
			s.Recording.Warnings[i] = w
			return
		}
	}
	s.Recording.Warnings = append(s.Recording.Warnings, w)
}

// Manifest is the recording as it can be shown: without gaps of no length, and without positions
// behind its end. While it is being made these belong to a segment not yet finished and wait for
// it; afterwards they are what a power cut left of audio it took, and move to the end.
func (s *State) Manifest() *debrief.Recording {
	rec := s.Recording
	end := rec.Samples
	rec.Segments = append([]debrief.Segment(nil), rec.Segments...)
	rec.Gaps, rec.Warnings, rec.Markers = nil, nil, nil
	behind := func(at debrief.Samples) bool { return s.Ended.IsZero() && at > end }
	for _, g := range s.Recording.Gaps {
		if g.Length > 0 && !behind(g.At) {
			g.At = min(g.At, end)
			rec.Gaps = append(rec.Gaps, g)
		}
	}
	for _, w := range s.Recording.Warnings {
		w.Start, w.End = min(w.Start, end), min(w.End, end)
		if w.Len() > 0 {
			rec.Warnings = append(rec.Warnings, w)
		}
	}
	for _, m := range s.Recording.Markers {
		if behind(m.At) {
			continue
		}
		m.At = min(m.At, end)
		rec.Markers = append(rec.Markers, m)
	}
	return &rec
}

// journal appends entries to a file.
type journal struct {
	f    *os.File
	torn bool // the file does not end in a whole line
}

// openJournal opens the journal for appending.
func openJournal(dir string) (*journal, error) {
	path := filepath.Join(dir, journalName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, fileMode)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", diskError(err))
	}
	j := &journal{f: f}
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		var last [1]byte
		_, err := f.ReadAt(last[:], info.Size()-1)
		j.torn = err != nil || last[0] != '\n'
	}
	return j, nil
}

// add appends one line in one write, so that a killed process leaves it whole or not at all.
func (j *journal) add(e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	line = append(line, '\n')
	if j.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := j.f.Write(line)
	j.torn = n > 0 && n < len(line) || n == 0 && j.torn
	if err != nil {
		return fmt.Errorf("write journal: %w", diskError(err))
	}
	return nil
}
