package spool

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"debrief"

	"github.com/go-audio/wav"
)

var someone = Who{ID: "01JD0000000000000000000001", Client: "c01", Session: 3, Phase: debrief.Immediate}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// ramp gives n samples from position at on; every sample tells where it belongs.
func ramp(at debrief.Samples, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(at + debrief.Samples(i))
	}
	return out
}

func mustCreate(t *testing.T, cfg Config) *Writer {
	t.Helper()
	if cfg.Root == "" {
		cfg.Root = t.TempDir()
	}
	cfg.Who = someone
	cfg.Now = clock
	w, err := Create(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// checkRamp reads all audio of a recording back and requires the ramp from sample 0.
func checkRamp(t *testing.T, st State) debrief.Samples {
	t.Helper()
	var at debrief.Samples
	for i, seg := range st.Recording.Segments {
		if seg.Index != i || seg.Start != at {
			t.Fatalf("segment %d: index %d, start %d, want start %d", i, seg.Index, seg.Start, at)
		}
		pcm, err := ReadSegment(st.Dir, seg)
		if err != nil {
			t.Fatal(err)
		}
		if debrief.Samples(len(pcm)) != seg.Samples {
			t.Fatalf("segment %d holds %d samples, journal says %d", i, len(pcm), seg.Samples)
		}
		for k, v := range pcm {
			if v != int16(at+debrief.Samples(k)) {
				t.Fatalf("segment %d sample %d is %d, not the ramp", i, k, v)
			}
		}
		at += seg.Samples
	}
	if at != st.Recording.Samples {
		t.Fatalf("segments hold %d samples, recording says %d", at, st.Recording.Samples)
	}
	return at
}

func mustLoad(t *testing.T, dir string) State {
	t.Helper()
	st, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func mustRecover(t *testing.T, root string, resume func(State) bool) []Repaired {
	t.Helper()
	got, err := Recover(root, clock, slog.New(slog.DiscardHandler), resume)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	return got
}

func TestWriter(t *testing.T) {
	t.Run("keeps every sample in order across segments", func(t *testing.T) {
		w := mustCreate(t, Config{Layout: 1000, SyncEvery: time.Millisecond})
		rnd := rand.New(rand.NewPCG(1, 2))
		var at debrief.Samples
		for at < 12345 {
			n := rnd.IntN(2500)
			if err := w.Append(ramp(at, n)); err != nil {
				t.Fatal(err)
			}
			at += debrief.Samples(n)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		st := mustLoad(t, w.Dir())
		if got := checkRamp(t, st); got != at {
			t.Errorf("%d samples kept of %d", got, at)
		}
		if st.Ended.IsZero() || st.Recording.Status != debrief.Storing || st.Damaged != 0 {
			t.Errorf("state after Close: %+v", st)
		}
		if len(st.Recording.Segments) != int((at+999)/1000) {
			t.Errorf("%d segments for %d samples", len(st.Recording.Segments), at)
		}
	})
	t.Run("segments are WAV files that others read", func(t *testing.T) {
		w := mustCreate(t, Config{})
		if err := w.Append(ramp(0, 4321)); err != nil {
			t.Fatal(err)
		}
		if err := w.Sync(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"000000.wav.part", "000000.wav"} {
			f, err := os.Open(filepath.Join(w.Dir(), name))
			if err != nil {
				t.Fatal(err)
			}
			buf, err := wav.NewDecoder(f).FullPCMBuffer()
			f.Close()
			if err != nil {
				t.Fatal(err)
			}
			if len(buf.Data) != 4321 || buf.Format.SampleRate != 16000 || buf.Format.NumChannels != 1 || buf.Data[4320] != 4320 {
				t.Errorf("%s: %d samples, %+v", name, len(buf.Data), buf.Format)
			}
			if err := w.Close(); err != nil { // renames it for the second round
				t.Fatal(err)
			}
		}
	})
	t.Run("safe follows sync", func(t *testing.T) {
		w := mustCreate(t, Config{SyncEvery: time.Hour})
		if err := w.Append(ramp(0, 700)); err != nil {
			t.Fatal(err)
		}
		if w.Samples() != 700 || w.Safe() != 0 {
			t.Errorf("before sync: %d samples, %d safe", w.Samples(), w.Safe())
		}
		if err := w.Sync(); err != nil {
			t.Fatal(err)
		}
		if w.Safe() != 700 {
			t.Errorf("after sync: %d safe", w.Safe())
		}
	})
	t.Run("nothing recorded leaves no segment", func(t *testing.T) {
		w := mustCreate(t, Config{})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		st := mustLoad(t, w.Dir())
		if len(st.Recording.Segments) != 0 || st.Ended.IsZero() {
			t.Errorf("state: %+v", st)
		}
	})
	t.Run("takes nothing after Close", func(t *testing.T) {
		w := mustCreate(t, Config{})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := w.Append(ramp(0, 1)); !errors.Is(err, ErrClosed) {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("ErrConflict for an id in use, ErrInvalid for nonsense", func(t *testing.T) {
		w := mustCreate(t, Config{})
		root := filepath.Dir(w.Dir())
		if _, err := Create(Config{Root: root, Who: someone}); !errors.Is(err, debrief.ErrConflict) {
			t.Errorf("same id: %v", err)
		}
		for _, cfg := range []Config{{}, {Root: root}, {Root: root, Who: someone, Layout: -1}} {
			if _, err := Create(cfg); !errors.Is(err, debrief.ErrInvalid) {
				t.Errorf("%+v: %v", cfg, err)
			}
		}
	})
	t.Run("is private to its user", func(t *testing.T) {
		w := mustCreate(t, Config{})
		if err := w.Append(ramp(0, 10)); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{w.Dir(), filepath.Join(w.Dir(), "000000.wav.part"), filepath.Join(w.Dir(), journalName)} {
			info, err := os.Stat(p)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v", filepath.Base(p), info.Mode())
			}
		}
	})
}

func TestResume(t *testing.T) {
	root := t.TempDir()
	w := mustCreate(t, Config{Root: root, Layout: 1000})
	if err := w.Append(ramp(0, 2500)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Resume(Config{Root: root}, someone.ID); !errors.Is(err, ErrBusy) {
		t.Errorf("while it is written: %v", err)
	}
	crash(w)
	got := mustRecover(t, root, func(State) bool { return true })
	if len(got) != 1 || got[0].Ended || got[0].State.Recording.Samples != 2500 {
		t.Fatalf("recovered %+v", got)
	}
	w2, st, err := Resume(Config{Root: root, Now: clock}, someone.ID)
	if err != nil {
		t.Fatal(err)
	}
	if st.Recording.Samples != 2500 || w2.Samples() != 2500 {
		t.Errorf("resumed at %d", w2.Samples())
	}
	if err := w2.Append(ramp(2500, 1700)); err != nil {
		t.Fatal(err)
	}
	if err := w2.Close(); err != nil {
		t.Fatal(err)
	}
	if n := checkRamp(t, mustLoad(t, w2.Dir())); n != 4200 {
		t.Errorf("%d samples", n)
	}
	if _, _, err := Resume(Config{Root: root}, someone.ID); !errors.Is(err, debrief.ErrConflict) {
		t.Errorf("after its end: %v", err)
	}
}

// crash lets go of a recording as the end of the process would: no finish, no end.
func crash(w *Writer) {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	close(w.stop)
	<-w.stopped
	w.release()
}

func TestHold(t *testing.T) {
	w := mustCreate(t, Config{})
	if _, err := Hold(w.Dir()); !errors.Is(err, ErrBusy) {
		t.Errorf("while it is written: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	h, err := Hold(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := Hold(w.Dir()); !errors.Is(err, ErrBusy) {
		t.Errorf("while it is held: %v", err)
	}
	if err := h.Note(Entry{Kind: KindStored, Wall: noon}); err != nil {
		t.Fatal(err)
	}
	if st := mustLoad(t, w.Dir()); !st.Stored.Equal(noon) || st.Recording.Status != debrief.Stored {
		t.Errorf("state %+v", st)
	}
	if err := h.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

func TestReadSegmentErrBadAudio(t *testing.T) {
	w := mustCreate(t, Config{})
	if err := w.Append(ramp(0, 100)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	st := mustLoad(t, w.Dir())
	path := SegmentPath(w.Dir(), 0)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[headerBytes+50] ^= 1
	if err := os.WriteFile(path, data, fileMode); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSegment(w.Dir(), st.Recording.Segments[0]); !errors.Is(err, debrief.ErrBadAudio) {
		t.Errorf("one flipped bit: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSegment(w.Dir(), st.Recording.Segments[0]); !errors.Is(err, debrief.ErrNotFound) {
		t.Errorf("removed: %v", err)
	}
}

func TestList(t *testing.T) {
	root := t.TempDir()
	for _, n := range []int{2, 1} {
		who := someone
		who.ID = debrief.RecordingID(fmt.Sprintf("01JD000000000000000000000%d", n))
		w, err := Create(Config{Root: root, Who: who, Now: clock})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "notes"), dirMode); err != nil {
		t.Fatal(err)
	}
	got, err := List(root)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, st := range got {
		ids = append(ids, string(st.Recording.ID))
	}
	if strings.Join(ids, " ") != "01JD0000000000000000000001 01JD0000000000000000000002" {
		t.Errorf("listed %v", ids)
	}
	if none, err := List(filepath.Join(root, "missing")); err != nil || len(none) != 0 {
		t.Errorf("missing root: %v, %v", none, err)
	}
}
