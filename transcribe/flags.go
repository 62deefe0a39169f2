package transcribe

import (
	"bytes"
	"compress/zlib"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/goccy/go-yaml"

	"debrief"
)

// When text is not to be trusted.
const (
	// loopRatio is how many times smaller text may get by compression before it is a loop,
	// from the reference implementation of Whisper.
	loopRatio = 2.4
	// leastSpeech must lie under an utterance, in samples: a short word lasts 0.2 s.
	leastSpeech = debrief.SampleRate / 10
	// noSpeechSure is the engine's own doubt from which text is taken for invented;
	// noSpeechPhrase is enough when it is a phrase known to be.
	noSpeechSure, noSpeechPhrase = 0.6, 0.06
	// hastyWords a second are more than anybody says: text that does not fit its sound.
	hastyWords = 8
	// echoWords in a row of what was sent along are an echo, and no accident.
	echoWords = 4
)

// compressionRatio is how many times smaller a text gets. Engines that tell it disagree;
// it is computed here for all of them.
func compressionRatio(text string) float64 {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write([]byte(text))
	if err = firstError(err, w.Close()); err != nil || b.Len() == 0 {
		return 0 // a buffer does not fail
	}
	return float64(len(text)) / float64(b.Len())
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func repetitive(text string) bool { return compressionRatio(text) > loopRatio }

// doubts are what is known when an utterance is judged.
type doubts struct {
	caps     Capabilities
	expected string         // language; "" accepts any
	heard    string         // language the engine tells; "" is not told
	sent     string         // vocabulary that went along
	speech   []debrief.Span // runs of speech around the utterance
	noSpeech float64        // the engine's own doubt
	passages []string       // what the engine said that the utterance is a part of
}

// flag marks an utterance. Its text is never changed.
func (d doubts) flag(u *debrief.Utterance) {
	add := func(f debrief.Flag, yes bool) {
		if yes && !slices.Contains(u.Flags, f) {
			u.Flags = append(u.Flags, f)
		}
	}
	var under debrief.Samples
	for _, r := range d.speech {
		under += r.Overlap(u.Span)
	}
	always, sometimes := phantomPhrases()
	words := normalise(u.Text)
	hasty := u.Len() > 0 && float64(len(u.Words)) > 3 && float64(len(u.Words))/u.Len().Seconds() > hastyWords
	thin := under < leastSpeech || d.noSpeech > noSpeechSure
	add(debrief.FlagLowConfidence, u.Confidence > 0 && u.Confidence < d.caps.MinConfidence)
	add(debrief.FlagRepetition, repetitive(u.Text))
	add(debrief.FlagNoSpeech, thin || hasty)
	add(debrief.FlagPhantom, always[words] || sometimes[words] && (thin || d.noSpeech > noSpeechPhrase))
	add(debrief.FlagPromptEcho, d.echo(words))
	add(debrief.FlagWrongLanguage, d.expected != "" && d.heard != "" && d.heard != d.expected)
}

// echo reports whether an utterance, or all the engine said around it, repeats what was sent:
// spread over a chunk, an echo comes in utterances of a word or two.
func (d doubts) echo(words string) bool {
	sent := normalise(d.sent)
	return sent != "" && (echoes(words, sent) || slices.ContainsFunc(d.passages, func(p string) bool { return echoes(normalise(p), sent) }))
}

// echoes reports whether what was said is nothing but a stretch of what was sent.
func echoes(said, sent string) bool {
	return len(strings.Fields(said)) >= echoWords && strings.Contains(" "+sent+" ", " "+said+" ")
}

// normalise keeps small letters and digits, with single spaces.
func normalise(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	}), " ")
}

//go:embed phantoms.yaml
var phantomsYAML []byte

// phantomPhrases are sentences engines are known to invent on silence and music: the first
// ones nobody says in a debrief, the second ones people say too.
var phantomPhrases = sync.OnceValues(func() (always, sometimes map[string]bool) {
	var lists struct {
		Always    []string `yaml:"always"`
		Sometimes []string `yaml:"sometimes"`
	}
	if err := yaml.Unmarshal(phantomsYAML, &lists); err != nil {
		panic(fmt.Errorf("read phantoms.yaml: %w", err)) // the file is part of the program, and a test reads it
	}
	always, sometimes = map[string]bool{}, map[string]bool{}
	for _, p := range lists.Always {
		always[normalise(p)] = true
	}
	for _, p := range lists.Sometimes {
		sometimes[normalise(p)] = true
	}
	return always, sometimes
})
