package spool

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"debrief"
)

func lines(t testing.TB, entries ...Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes()
}

func sampleJournal(t testing.TB) []byte {
	return lines(t,
		Entry{Kind: KindStart, Wall: noon, Who: &someone, Layout: 1000},
		Entry{Kind: KindDevice, Wall: noon.Add(time.Second), Device: "lapel"},
		Entry{Kind: KindSegment, Wall: noon, Segment: &debrief.Segment{Index: 0, Samples: 1000, PCM: "aa"}},
		Entry{Kind: KindGap, Wall: noon, Gap: &debrief.Gap{At: 1200, Length: time.Second, Reason: "no-frames"}},
		Entry{Kind: KindGap, Wall: noon, Gap: &debrief.Gap{At: 1200, Length: 3 * time.Second, Reason: "no-frames"}},
		Entry{Kind: KindWarning, Wall: noon, Warning: &debrief.Warning{Span: debrief.Span{Start: 300, End: 301}, Kind: "clipping"}},
		Entry{Kind: KindWarning, Wall: noon, Warning: &debrief.Warning{Span: debrief.Span{Start: 300, End: 900}, Kind: "clipping"}},
		Entry{Kind: KindMarker, Wall: noon, Marker: &debrief.Marker{At: 5000, Kind: "bookmark"}},
		Entry{Kind: KindSegment, Wall: noon, Segment: &debrief.Segment{Index: 1, Start: 1000, Samples: 600, PCM: "bb"}},
		Entry{Kind: KindUploaded, Wall: noon, Segment: &debrief.Segment{Index: 0, Samples: 1000, PCM: "aa", SHA256: "cc", Bytes: 77}},
		Entry{Kind: KindEnd, Wall: noon.Add(time.Minute)},
	)
}

func TestReadJournal(t *testing.T) {
	t.Run("folds into one state", func(t *testing.T) {
		st, err := ReadJournal(bytes.NewReader(sampleJournal(t)))
		if err != nil {
			t.Fatal(err)
		}
		rec := st.Manifest()
		if rec.ID != someone.ID || rec.Client != "c01" || rec.Session != 3 || rec.Device != "lapel" || !rec.Started.Equal(noon.Add(time.Second)) {
			t.Errorf("recording: %+v", rec)
		}
		if rec.Samples != 1600 || st.Uploaded() != 1 || rec.Segments[0].Bytes != 77 {
			t.Errorf("segments: %+v", rec.Segments)
		}
		if len(rec.Gaps) != 1 || rec.Gaps[0].Length != 3*time.Second {
			t.Errorf("the later gap at a sample replaces the earlier: %+v", rec.Gaps)
		}
		if len(rec.Warnings) != 1 || rec.Warnings[0].End != 900 {
			t.Errorf("the later warning replaces the earlier: %+v", rec.Warnings)
		}
		if rec.Markers[0].At != 1600 {
			t.Errorf("a marker behind the end moves to it: %+v", rec.Markers)
		}
		if want := noon.Add(time.Second + 100*time.Millisecond + 3*time.Second); !st.End().Equal(want) {
			t.Errorf("end %v, want %v", st.End(), want)
		}
		if st.Ended.IsZero() || st.Damaged != 0 {
			t.Errorf("state: %+v", st)
		}
	})
	t.Run("a damaged line costs itself only", func(t *testing.T) {
		all := bytes.SplitAfter(sampleJournal(t), []byte("\n"))
		broken := bytes.Join([][]byte{all[0], []byte("{\"kind\":\"gap\",\"ga\n"), []byte("\x00\x00\x00\n"),
			[]byte(strings.Repeat("x", 3*maxLine) + "\n"), bytes.Join(all[1:], nil)}, nil)
		st, err := ReadJournal(bytes.NewReader(broken))
		if err != nil {
			t.Fatal(err)
		}
		want, _ := ReadJournal(bytes.NewReader(sampleJournal(t)))
		want.Damaged = 3
		if !reflect.DeepEqual(st, want) {
			t.Errorf("got %+v\nwant %+v", st, want)
		}
	})
	t.Run("ErrInvalid without a start", func(t *testing.T) {
		for _, in := range []string{"", "\n\n", "{}\n", `{"kind":"end"}`, strings.Repeat("y", 2*maxLine)} {
			if _, err := ReadJournal(strings.NewReader(in)); !errors.Is(err, debrief.ErrInvalid) {
				t.Errorf("%.20q: %v", in, err)
			}
		}
	})
	t.Run("segments that do not follow are not believed", func(t *testing.T) {
		for _, seg := range []debrief.Segment{
			{Index: 2, Start: 1600, Samples: 5}, {Index: 1, Start: 999, Samples: 5}, {Index: -1, Samples: 5},
			{Index: 1, Start: 1000, Samples: -5}, {Index: 0, Samples: 1000, PCM: "other"},
		} {
			start := lines(t, Entry{Kind: KindStart, Who: &someone, Layout: 1000},
				Entry{Kind: KindSegment, Segment: &debrief.Segment{Samples: 1000, PCM: "aa"}},
				Entry{Kind: KindSegment, Segment: &seg})
			st, err := ReadJournal(bytes.NewReader(start))
			if err != nil {
				t.Fatal(err)
			}
			if st.Damaged != 1 || st.Recording.Samples != 1000 {
				t.Errorf("%+v accepted: %+v", seg, st.Recording.Segments)
			}
		}
	})
}

func TestJournalTruncatedAnywhere(t *testing.T) {
	root := t.TempDir()
	w := mustCreate(t, Config{Root: root, Layout: 400})
	if err := w.Note(Entry{Kind: KindDevice, Device: "lapel"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(ramp(0, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(w.Dir(), journalName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(whole, '\n')
	for n := first; n < len(whole); n++ { // the start is synced before the recording appears
		if err := os.WriteFile(path, whole[:n], fileMode); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time there is nothing to do
			mustRecover(t, root, nil)
			st := mustLoad(t, w.Dir())
			if st.Ended.IsZero() || checkRamp(t, st) != 1000 {
				t.Fatalf("journal cut to %d of %d bytes: %+v", n, len(whole), st)
			}
		}
	}
}

func FuzzReadJournal(f *testing.F) {
	whole := sampleJournal(f)
	f.Add(whole)
	for i := 0; i < len(whole); i += 97 {
		f.Add(whole[:i])
		f.Add(append(append([]byte{}, whole[i:]...), whole...))
	}
	f.Add([]byte("{\"kind\":\"start\",\"who\":{\"id\":\"x\"},\"layout\":1}\n{\"kind\":\"gap\",\"gap\":{\"at\":9223372036854775807,\"length\":9}}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		st, err := ReadJournal(bytes.NewReader(in))
		if err != nil {
			if !errors.Is(err, debrief.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		rec := st.Manifest()
		var at debrief.Samples
		for i, s := range rec.Segments {
			if s.Index != i || s.Start != at || s.Samples <= 0 {
				t.Fatalf("segment %d does not follow: %+v", i, s)
			}
			at += s.Samples
		}
		if at != rec.Samples {
			t.Fatalf("%d samples in segments, %d in the recording", at, rec.Samples)
		}
		for _, g := range rec.Gaps {
			if g.At < 0 || g.At > at || g.Length <= 0 {
				t.Fatalf("gap %+v in %d samples", g, at)
			}
		}
		for _, w := range rec.Warnings {
			if w.Start < 0 || w.End > at || w.Len() == 0 {
				t.Fatalf("warning %+v in %d samples", w, at)
			}
		}
		// A torn line behind it changes nothing but the count.
		again, err := ReadJournal(bytes.NewReader(append(append([]byte{}, in...), "\n{\"kind\":\"dev"...)))
		if err != nil {
			t.Fatal(err)
		}
		again.Damaged--
		if len(bytes.TrimSpace(in)) > 0 && !strings.Contains(string(in), "\x00") && !reflect.DeepEqual(again.Recording, st.Recording) {
			t.Fatalf("a torn line changed the state:\n%+v\n%+v", st, again)
		}
	})
}
