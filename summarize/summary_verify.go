package summarize

import "debrief"

// Verify finds every quote of a summary again in the client's words as the transcript reads now. It returns the
// summary with quotes and times brought up to date, and the sentences whose quotes are no longer there:
// they must not be shown as said. Neither argument is changed. Call it after every edit.
func Verify(t *debrief.Transcript, s *debrief.Summary) (*debrief.Summary, []debrief.Sentence) {
	out := *s
	out.Prompts = []debrief.PromptSummary{}
	var lost []debrief.Sentence
	for _, p := range s.Prompts {
		kept := debrief.PromptSummary{Prompt: p.Prompt}
		for _, sentence := range p.Sentences {
			quote, ok := FindQuote(t, debrief.SpeakerClient, sentence.Quote.Utterance, sentence.Quote.Text)
			if !ok {
				lost = append(lost, sentence)
				continue
			}
			if sentence.Text == smooth(sentence.Quote.Text) {
				sentence.Text = smooth(quote.Text)
			}
			kept.Sentences = append(kept.Sentences, debrief.Sentence{Text: sentence.Text, Quote: quote})
		}
		if len(kept.Sentences) > 0 {
			out.Prompts = append(out.Prompts, kept)
		} else {
			out.Open = append(out.Open[:len(out.Open):len(out.Open)], p.Prompt)
		}
	}
	if out.Empty == "" {
		out.Empty = whyEmpty(t, &out)
	}
	return &out, lost
}
