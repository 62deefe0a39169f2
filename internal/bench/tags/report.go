package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"debrief"
	"debrief/internal/tagscore"
	"debrief/summarize"
)

// The parts figures are told apart by.
const (
	client    = "client" // guided and monologue together
	guided    = "guided"
	monologue = "monologue"
	coach     = "coach"
)

type report struct {
	Model            string  `json:"model"`
	Debriefs         int     `json:"debriefs"`
	Utterances       int     `json:"utterances"`
	MillisecondsEach float64 `json:"milliseconds_each"` // of one core
	Written          parts   `json:"written"`
	Misheard         parts   `json:"misheard"` // with 10 % word errors
	Hour             hourly  `json:"hour"`
	Quotes           quotes  `json:"quotes"`
}

type parts map[string]figures

type figures struct {
	F1        float64                      `json:"f1"`
	Precision float64                      `json:"precision"`
	Recall    float64                      `json:"recall"`
	MacroF1   float64                      `json:"macro_f1"`
	TopThree  float64                      `json:"top_three"` // right prompt among the first three named
	Prompts   map[debrief.PromptID]figures `json:"prompts,omitempty"`
	Number    int                          `json:"number"` // of right prompts
}

func figuresFrom(s *tagscore.Score) figures {
	f := figuresOfCount(s.Micro())
	f.MacroF1, f.TopThree = s.MacroF1(), s.TopThree()
	f.Prompts = map[debrief.PromptID]figures{}
	for id, c := range s.Counts {
		f.Prompts[id] = figuresOfCount(*c)
	}
	return f
}

func figuresOfCount(c tagscore.Count) figures {
	return figures{F1: c.F1(), Precision: c.Precision(), Recall: c.Recall(), Number: c.Right + c.Missed}
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s on %d labelled debriefs, %d utterances, %.1f ms of one core each\n\n", r.Model, r.Debriefs, r.Utterances, r.MillisecondsEach)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "text\tpart\tF1\tprecision\trecall\tmacro F1\tfirst three\tn\t")
	for _, x := range []struct {
		name string
		p    parts
	}{{"written", r.Written}, {"10 % word errors", r.Misheard}} {
		for _, part := range []string{client, guided, monologue, coach} {
			f := x.p[part]
			fmt.Fprintf(t, "%s\t%s\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%d\t\n", x.name, part, f.F1, f.Precision, f.Recall, f.MacroF1, f.TopThree, f.Number)
		}
	}
	fmt.Fprintln(t, "\t\t\t\t\t\t\t\t")
	fmt.Fprintln(t, "prompt\tguided F1\tprecision\trecall\tmonologue F1\tprecision\trecall\tcoach F1\t")
	scheme := summarize.DefaultScheme()
	for _, p := range scheme.Prompts {
		g, m, c := r.Written[guided].Prompts[p.ID], r.Written[monologue].Prompts[p.ID], r.Written[coach].Prompts[p.ID]
		fmt.Fprintf(t, "%s\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t\n", p.ID, g.F1, g.Precision, g.Recall, m.F1, m.Precision, m.Recall, c.F1)
	}
	t.Flush()
	fmt.Fprintf(w, "\none hour, %d utterances: tagged and summarised in %.1f s (%.1f s of one core), %d sentences quoted\n",
		r.Hour.Utterances, r.Hour.Seconds, r.Hour.Processor, r.Hour.Quoted)
	fmt.Fprintf(w, "quotes: %d of %d forged ones pass, %d of %d real ones\n", r.Quotes.ForgedPassed, r.Quotes.Forged, r.Quotes.RealPassed, r.Quotes.Real)
	if missed := r.missed(); len(missed) > 0 {
		fmt.Fprintf(w, "\ntargets missed: %v\n", missed)
	}
}

// The targets of the tagger.
const (
	minF1        = 0.78
	maxMacroGap  = 0.05
	minPrecision = 0.85
	minTopThree  = 0.95
	minCoachF1   = 0.90
	maxErrorLoss = 0.05
	maxEach      = 10.0 // milliseconds an utterance
	maxHour      = 10.0 // seconds from an hour's transcript to its summary
	minReal      = 0.99 // of real quotes pass
)

// missed names the targets that the figures do not reach.
func (r *report) missed() []string {
	var out []string
	check := func(ok bool, format string, args ...any) {
		if !ok {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	for _, part := range []string{guided, monologue} {
		f := r.Written[part]
		check(f.F1 >= minF1, "%s F1 %.3f < %.2f", part, f.F1, minF1)
		check(f.MacroF1 >= f.F1-maxMacroGap, "%s macro F1 %.3f, micro %.3f", part, f.MacroF1, f.F1)
		check(f.Precision >= minPrecision, "%s precision %.3f < %.2f", part, f.Precision, minPrecision)
		check(f.TopThree >= minTopThree, "%s first three %.3f < %.2f", part, f.TopThree, minTopThree)
		check(r.Misheard[part].F1 >= f.F1-maxErrorLoss, "%s F1 with word errors %.3f, without %.3f", part, r.Misheard[part].F1, f.F1)
	}
	check(r.Written[coach].F1 >= minCoachF1, "coach F1 %.3f < %.2f", r.Written[coach].F1, minCoachF1)
	check(r.MillisecondsEach < maxEach, "%.1f ms an utterance, limit %.0f", r.MillisecondsEach, maxEach)
	check(r.Hour.Seconds < maxHour, "an hour takes %.1f s, limit %.0f", r.Hour.Seconds, maxHour)
	check(r.Quotes.ForgedPassed == 0, "%d forged quotes pass", r.Quotes.ForgedPassed)
	check(float64(r.Quotes.RealPassed) >= minReal*float64(r.Quotes.Real), "%d of %d real quotes pass", r.Quotes.RealPassed, r.Quotes.Real)
	return out
}
