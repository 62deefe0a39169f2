package debrief_test

import (
	"errors"
	"testing"

	"debrief"
)

func TestImportID(t *testing.T) {
	a := debrief.ImportID("c01", "aa")
	if _, err := debrief.ParseRecordingID(string(a)); err != nil {
		t.Fatal(err)
	}
	if a != debrief.ImportID("c01", "aa") {
		t.Error("same client and content gave another id")
	}
	if a == debrief.ImportID("c02", "aa") || a == debrief.ImportID("c01", "ab") {
		t.Error("another client or content gave the same id")
	}
}

func TestParseRecordingIDRejects(t *testing.T) {
	for _, s := range []string{"", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "0000000000abcdefghjkmnpqrs", "../../etc/passwd", "00000000000000000000000000x"} {
		if _, err := debrief.ParseRecordingID(s); !errors.Is(err, debrief.ErrInvalid) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestAudioHashFollowsSegments(t *testing.T) {
	rec := debrief.Recording{Segments: []debrief.Segment{{Samples: 10, SHA256: "a"}, {Start: 10, Samples: 5, SHA256: "b"}}}
	h := rec.AudioHash()
	rec.Gaps = append(rec.Gaps, debrief.Gap{At: 3})
	if rec.AudioHash() != h {
		t.Error("a gap changed the hash of the audio")
	}
	rec.Segments[1].SHA256 = "c"
	if rec.AudioHash() == h {
		t.Error("another segment left the hash as it was")
	}
}

func TestHint(t *testing.T) {
	err := debrief.WithHint(debrief.WithHint(debrief.ErrBadAudio, "inner"), "outer")
	if debrief.Hint(err) != "outer" || !errors.Is(err, debrief.ErrBadAudio) {
		t.Errorf("hint %q of %v", debrief.Hint(err), err)
	}
	if debrief.WithHint(nil, "x") != nil {
		t.Error("a hint made an error of nil")
	}
}

func TestSamplesString(t *testing.T) {
	for s, want := range map[debrief.Samples]string{0: "0:00", 61 * 16000: "1:01", 3723 * 16000: "1:02:03"} {
		if got := s.String(); got != want {
			t.Errorf("%d samples = %s, want %s", s, got, want)
		}
	}
	if debrief.SamplesOf(1.00003) != 16000 {
		t.Error("seconds are not rounded to the nearest sample")
	}
}
