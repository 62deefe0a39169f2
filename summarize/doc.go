// Package summarize turns a transcript into understanding with proof: which prompt each
// utterance answers (tags), what the client said to each prompt, in quotes (summary), and how
// treatments string together (course).
//
// Call [NewTagger] first, then [Tagger.Tag], then [NewSummarizer] and [Summarizer.Summarize];
// [Verify] finds a summary's quotes again after an edit, [Retag] renews old tags, and
// [Courses.Build] puts recordings side by side. The scheme of prompts is data: [DefaultScheme]
// or [ReadScheme]. All of this runs on this machine. [NewChatTagger] and [NewChatSummarizer]
// ask a chat endpoint instead, for whoever chose one: without names, and with the local way to
// stand in.
//
// It never tags or quotes flagged text, never states what was not said, and never infers a
// mood from anything but the client's own words.
package summarize
