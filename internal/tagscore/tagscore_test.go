package tagscore

import (
	"math"
	"testing"

	"debrief"
)

type ids = []debrief.PromptID

func TestScore(t *testing.T) {
	s := New()
	s.Add(ids{"body"}, ids{"body"}, nil)                                   // right
	s.Add(ids{"body"}, ids{"mood"}, ids{"body"})                           // wrong and missed, but named
	s.Add(ids{"mood"}, nil, ids{"body", "standout", "imagery", "mood"})    // missed, named fourth
	s.Add(nil, ids{"mood"}, nil)                                           // wrong
	s.Add(ids{"body", "imagery"}, ids{"imagery", "body"}, ids{"standout"}) // both right
	s.Add(nil, nil, ids{"mood"})                                           // rightly nothing
	if c := s.Micro(); c != (Count{Right: 3, Wrong: 2, Missed: 2}) {
		t.Fatalf("counts = %+v", c)
	}
	for name, c := range map[string]struct{ got, want float64 }{
		"precision":   {s.Micro().Precision(), 3.0 / 5},
		"recall":      {s.Micro().Recall(), 3.0 / 5},
		"F1":          {s.Micro().F1(), 3.0 / 5},
		"macro":       {s.MacroF1(), (0.8 + 0 + 1) / 3},
		"first three": {s.TopThree(), 4.0 / 5},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s = %.3f, want %.3f", name, c.got, c.want)
		}
	}
	if empty := New(); empty.MacroF1() != 0 || empty.Micro().F1() != 0 || empty.TopThree() != 0 {
		t.Error("an empty score is not zero")
	}
}
