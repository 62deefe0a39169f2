// Package summarize turns a transcript into understanding with proof: which prompt each
// utterance answers (tags), and what the client said to each prompt, in quotes (summary).
//
// Call [NewTagger] first, then [Tagger.Tag], then [Summarize]. The scheme of prompts is data:
// [DefaultScheme] or [ReadScheme]. Everything here runs on this machine.
//
// It never tags or quotes flagged text, never states what was not said, and never infers a
// mood from anything but the client's own words.
package summarize
