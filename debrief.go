// Package debrief is the domain: what a client says after a treatment, as it is
// recorded, transcribed, tagged with the prompt it answers and summarised with proof.
//
// It holds nouns only and imports nothing but the standard library. The stages
// (capture, storage, transcribe, summarize, pipeline, review) work on these types and
// know no sibling; cmd/debrief wires them. Start reading at [Recording], the manifest
// everything else hangs on, then [Transcript], [Tags] and [Summary].
//
// Every time inside a recording is a number of [Samples] on the recording's own clock.
// Nothing here opens a file or a network connection.
package debrief
