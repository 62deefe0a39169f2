package debrief

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"time"
)

// RecordingID names one recording: a ULID, 26 characters of Crockford base32.
// Captured recordings carry the time they began. Imported ones carry zero time and 80 bits
// of a hash over client and content (see [ImportID]), so importing a file again finds what is there.
type RecordingID string

var recordingID = regexp.MustCompile(`^[0-7][0-9A-HJKMNP-TV-Z]{25}$`)

// ParseRecordingID accepts a ULID in upper case.
func ParseRecordingID(s string) (RecordingID, error) {
	if !recordingID.MatchString(s) {
		return "", fmt.Errorf("recording id %q: %w", s, ErrInvalid)
	}
	return RecordingID(s), nil
}

// crockford is the ULID alphabet (github.com/ulid/spec).
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// ImportID is the id of a file imported for a client; sha256Hex is the hash of the file's bytes.
// Same client and same bytes give the same id: that is how a batch that ran before is recognised.
func ImportID(client ClientID, sha256Hex string) RecordingID {
	sum := sha256.Sum256([]byte(string(client) + "\x00" + sha256Hex))
	id := []byte("00000000000000000000000000")
	// 80 bits of hash as 16 characters of 5 bits.
	var acc, bits uint
	n := 10
	for _, b := range sum[:10] {
		acc, bits = acc<<8|uint(b), bits+8
		for bits >= 5 {
			bits -= 5
			id[n] = crockford[acc>>bits&31]
			n++
		}
	}
	return RecordingID(id)
}

// Origin says how a recording came to be.
type Origin string

// The two origins.
const (
	Captured Origin = "captured" // recorded by debrief itself
	Imported Origin = "imported" // a past recording brought in by batch
)

// Status is how far a recording's audio is. How far its transcript, tags and summary are is
// never written down: it follows from which documents exist and what they were made from.
type Status string

// The states of a recording's audio.
const (
	Capturing Status = "capturing" // a microphone is being recorded, segments still arrive
	Storing   Status = "storing"   // the audio is on its way to the store
	Stored    Status = "stored"    // original and every segment are in the store, hashes known
)

// Recording is the manifest of one recording: who, when, and of what its audio consists.
type Recording struct {
	ID       RecordingID `json:"id"`
	Client   ClientID    `json:"client"`
	Session  int         `json:"session"`
	Phase    Phase       `json:"phase"`
	Origin   Origin      `json:"origin"`
	Status   Status      `json:"status"`
	Started  time.Time   `json:"started,omitzero"` // wall time of sample 0; zero when a past recording does not tell
	Device   string      `json:"device,omitempty"`
	Original *Original   `json:"original,omitempty"` // the imported file as it was
	Samples  Samples     `json:"samples"`            // length of the canonical audio
	Segments []Segment   `json:"segments"`           // canonical audio, in order, without holes
	Gaps     []Gap       `json:"gaps,omitempty"`     // time that passed unheard
	Warnings []Warning   `json:"warnings,omitempty"` // time heard badly
	Markers  []Marker    `json:"markers,omitempty"`
	Spent    Spent       `json:"spent,omitzero"`
}

// Original is an imported file whose bytes are kept untouched.
type Original struct {
	Name   string `json:"name"` // base name it had, for the coach to recognise
	Ext    string `json:"ext"`  // with the dot, lower case
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Segment is one object of canonical audio: FLAC, 16 kHz, mono, 16 bit.
type Segment struct {
	Index   int     `json:"index"` // audio/<index, six digits>.flac
	Start   Samples `json:"start"`
	Samples Samples `json:"samples"`
	Bytes   int64   `json:"bytes"`
	SHA256  string  `json:"sha256"`        // of the FLAC object
	PCM     string  `json:"pcm,omitempty"` // SHA-256 of the samples as little-endian 16 bit, what capture spooled
}

// Gap is a stretch of wall time in which nothing was recorded. It lies between two samples.
type Gap struct {
	At     Samples       `json:"at"`
	Length time.Duration `json:"length"` // nanoseconds
	Wall   time.Time     `json:"wall,omitzero"`
	Reason string        `json:"reason"` // one of [GapReasons]
}

// What a [Gap] came of.
const (
	GapPaused   = "paused" // a person asked not to be recorded
	GapCrash    = "crash"
	GapNoFrames = "no-frames" // the microphone gave nothing
	GapOverrun  = "overrun"   // the machine was too busy to take what it gave
	GapPowerCut = "power-cut"
	GapLost     = "microphone-lost"
	GapMoved    = "microphone-moved"   // the sound server read another one
	GapChanged  = "changed-microphone" // two were heard side by side, and the better one goes on
)

// GapReasons lists every [Gap.Reason] a recorder writes.
func GapReasons() []string {
	return []string{GapPaused, GapCrash, GapNoFrames, GapOverrun, GapPowerCut, GapLost, GapMoved, GapChanged}
}

// Warning marks a stretch that was recorded, but not well.
type Warning struct {
	Span
	Kind   string `json:"kind"` // silence, level, clipping, narrowband, wrong-source, ...
	Detail string `json:"detail,omitempty"`
}

// Marker is a moment somebody, or a guided debrief, marked.
type Marker struct {
	At     Samples  `json:"at"`
	Kind   string   `json:"kind"`             // prompt, bookmark, pause, resume
	Prompt PromptID `json:"prompt,omitempty"` // the question shown, for kind prompt
	Note   string   `json:"note,omitempty"`
}

// AudioHash identifies the canonical audio: it changes when and only when a segment does.
// Documents made from the audio name it, so that staleness is computed and not remembered.
func (r *Recording) AudioHash() string {
	h := sha256.New()
	for _, s := range r.Segments {
		fmt.Fprintf(h, "%d %d %s\n", s.Start, s.Samples, s.SHA256)
	}
	return hex.EncodeToString(h.Sum(nil))
}
