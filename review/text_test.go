package review

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"debrief"
)

// used finds the keys that templates, scripts and Go files name literally.
var (
	inTemplate = regexp.MustCompile(`\(?\b(t|n) "([a-z_.]+)"`)
	inScript   = regexp.MustCompile(`\bt\("([a-z_.]+)"`)
)

// TestCatalogue holds templates, scripts and catalogue together: no key without a string, no
// page that shows a key.
func TestCatalogue(t *testing.T) {
	c, err := readCatalogue("en")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	need := func(where string, keys ...string) {
		for _, key := range keys {
			seen++
			if c.words[key] == "" {
				t.Errorf("%s: no string for %s", where, key)
			}
		}
	}
	each := func(files fs.FS, suffix string, scan func(path, text string)) {
		err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, suffix) {
				return err
			}
			data, err := fs.ReadFile(files, path)
			scan(path, string(data))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	each(templateFiles, ".html", func(path, text string) {
		for _, m := range inTemplate.FindAllStringSubmatch(text, -1) {
			if m[1] == "n" {
				need(path, m[2]+".one", m[2]+".other")
			} else {
				need(path, m[2])
			}
		}
	})
	each(staticFiles, ".js", func(path, text string) {
		for _, m := range inScript.FindAllStringSubmatch(text, -1) {
			need(path, "js."+m[1])
		}
	})
	for _, ph := range debrief.Phases() {
		need("phases", "phase."+string(ph))
	}
	for _, f := range []debrief.Flag{debrief.FlagLowConfidence, debrief.FlagRepetition, debrief.FlagPromptEcho, debrief.FlagNoSpeech,
		debrief.FlagPhantom, debrief.FlagWrongLanguage, debrief.FlagEstimatedTimes} {
		need("flags", "flag."+string(f))
	}
	for _, s := range []debrief.TagSource{debrief.SourceModel, debrief.SourceQuestion, debrief.SourceMarker, debrief.SourceAPI, debrief.SourceCoach} {
		need("sources", "source."+string(s))
	}
	for _, s := range []debrief.Speaker{debrief.SpeakerClient, debrief.SpeakerCoach, debrief.SpeakerUnknown} {
		need("speakers", "speaker."+string(s))
	}
	for _, err := range []error{debrief.ErrNotFound, debrief.ErrInvalid, debrief.ErrDenied, debrief.ErrConflict, debrief.ErrUnavailable, debrief.ErrQuota} {
		_, key := status(err)
		need("errors", key, key+".advice")
	}
	for _, kind := range []string{"receiving", "paused", "queued", "storing", "transcribing", "tagging", "summarising", "failed", "cancelled", "finished", "capturing", "stalled"} {
		need("states of work", "work.label."+kind)
		if urgency(kind) < 0 {
			t.Errorf("nobody knows how urgent %s is", kind)
		}
	}
	for _, r := range []debrief.Reason{debrief.ReasonBadAudio, debrief.ReasonTruncated, debrief.ReasonNoAudio, debrief.ReasonConflict, debrief.ReasonModel,
		debrief.ReasonDiskFull, debrief.ReasonDenied, debrief.ReasonUnavailable, debrief.ReasonQuota, debrief.ReasonRefused, debrief.ReasonPartial, debrief.ReasonGone, debrief.ReasonOther} {
		need("reasons", "reason."+string(r), "reason."+string(r)+".advice")
	}
	for _, s := range []debrief.Step{debrief.StepStoring, debrief.StepTranscribing, debrief.StepTagging, debrief.StepSummarising} {
		need("steps", "work.step."+string(s))
	}
	for _, a := range []debrief.JobAct{debrief.JobCancel, debrief.JobRetry, debrief.JobSalvage, debrief.JobRemove} {
		need("acts", "work.act."+string(a))
	}
	need("outcomes", "work.finished.done", "work.finished.no_speech", "work.finished.unchanged")
	if seen < 60 {
		t.Errorf("only %d keys were found: the patterns no longer match", seen)
	}
}

func TestCatalogueShowsWhatIsMissing(t *testing.T) {
	c := &catalogue{words: map[string]string{"a.one": "%d apple", "a.other": "%d apples"}}
	got := []string{c.get("nothing"), c.count("a", 1), c.count("a", 0), c.count("a", 2)}
	if want := []string{"nothing", "1 apple", "0 apples", "2 apples"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
