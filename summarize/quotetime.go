package summarize

import (
	"strings"
	"unicode/utf8"

	"debrief"
)

// spanOf returns when text[start:end) of an utterance was said: from its words' times while they are the words
// of the text, otherwise (an engine without words, an edited text) in proportion to the letters, which is
// right to about a second in an utterance of ten.
func spanOf(u *debrief.Utterance, start, end int) debrief.Span {
	span := debrief.Span{Start: share(u, start), End: share(u, end)}
	if exact, ok := wordSpan(u, start, end); ok {
		span = exact
	}
	span.Start = min(max(span.Start, u.Start), u.End)
	span.End = min(max(span.End, span.Start), u.End)
	return span
}

// wordSpan is the span of the words that lie in text[start:end). It fails when the words are not the text's.
func wordSpan(u *debrief.Utterance, start, end int) (span debrief.Span, ok bool) {
	from := 0
	for _, w := range u.Words {
		token := strings.TrimSpace(w.Text)
		at := strings.Index(u.Text[from:], token)
		if at < 0 || strings.ContainsFunc(u.Text[from:from+at], inWord) {
			return debrief.Span{}, false
		}
		wordStart, wordEnd := from+at, from+at+len(token)
		from = wordEnd
		if wordEnd <= start || wordStart >= end {
			continue
		}
		if !ok {
			span.Start, ok = w.Start, true
		}
		span.End = w.End
	}
	return span, ok && !strings.ContainsFunc(u.Text[from:], inWord)
}

// share is the sample that lies as far into the utterance as the byte lies in its text.
func share(u *debrief.Utterance, at int) debrief.Samples {
	total := utf8.RuneCountInString(u.Text)
	if total == 0 {
		return u.Start
	}
	return u.Start + u.Len()*debrief.Samples(utf8.RuneCountInString(u.Text[:at]))/debrief.Samples(total)
}
