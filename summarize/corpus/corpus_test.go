package corpus

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"debrief"
)

func TestCorpusHoldsWhatItPromises(t *testing.T) {
	all, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	ids, hands, utterances := map[string]bool{}, map[string]bool{}, 0
	for _, d := range all {
		if ids[d.ID] {
			t.Errorf("id %s stands twice", d.ID)
		}
		ids[d.ID], hands[d.Hand()] = true, true
		utterances += len(d.Utterances)
		for _, u := range d.Utterances {
			if d.Monologue && u.Speaker != debrief.SpeakerClient {
				t.Errorf("%s: a coach speaks in a monologue", d.ID)
			}
			if d.Session == 1 && d.Phase == debrief.Immediate && slices.Contains(u.Prompts, "alignment") {
				t.Errorf("%s: alignment in the first session", d.ID)
			}
		}
	}
	if utterances < 7000 || len(hands) < 5 {
		t.Errorf("%d utterances by %d hands; the model card promises thousands by at least five", utterances, len(hands))
	}
}

const good = "# id: ann_001\n# client: Bo, session: 2, phase: immediate, style: guided\ncoach | - | Hello.\nclient | body imagery | Warm bread.\n"

func TestParse(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		ds, err := Parse(strings.NewReader(good))
		if err != nil {
			t.Fatal(err)
		}
		if len(ds) != 1 || ds[0].Hand() != "ann" || ds[0].Session != 2 || ds[0].Monologue || len(ds[0].Utterances) != 2 {
			t.Fatalf("parsed %+v", ds)
		}
		if p := ds[0].Utterances[1].Prompts; !slices.Equal(p, []debrief.PromptID{"body", "imagery"}) {
			t.Errorf("prompts = %v", p)
		}
	})
	for name, text := range map[string]string{
		"ErrTextFirst":     "client | - | Hello.\n",
		"ErrNoHeader":      "# id: a_1\nclient | - | Hello.\n",
		"ErrNoUtterances":  "# id: a_1\n# client: B, session: 1, phase: immediate, style: guided\n",
		"ErrPhase":         strings.Replace(good, "immediate", "noon", 1),
		"ErrSession":       strings.Replace(good, "session: 2", "session: 0", 1),
		"ErrSpeaker":       strings.Replace(good, "coach |", "nurse |", 1),
		"ErrFields":        strings.Replace(good, "Hello.", "Hello | you.", 1),
		"ErrThreePrompts":  strings.Replace(good, "body imagery", "body imagery standout", 1),
		"ErrPromptTwice":   strings.Replace(good, "body imagery", "body body", 1),
		"ErrNoPromptField": strings.Replace(good, "body imagery", "", 1),
		"ErrNoText":        strings.Replace(good, "Hello.", "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(strings.NewReader(text)); !errors.Is(err, debrief.ErrInvalid) {
				t.Errorf("error = %v, want ErrInvalid", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("# id: a_1\n# client: B, session: 1, phase: followup, style: monologue\nclient | mood | Six.\n\n" + good)
	f.Fuzz(func(t *testing.T, text string) {
		ds, err := Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, d := range ds {
			if d.Phase == "" || len(d.Utterances) == 0 {
				t.Errorf("accepted an incomplete debrief %+v", d)
			}
			for _, u := range d.Utterances {
				if u.Text == "" || len(u.Prompts) > debrief.MaxTags {
					t.Errorf("accepted %+v", u)
				}
			}
		}
	})
}
