package audio

import (
	"bytes"
	"io"

	"debrief"
)

// kind is a format known by its content.
type kind struct {
	name    string // as shown to people
	demuxer string // ffmpeg's name for it
	// timed says that the length in the header is the length of the audio, so that fewer
	// samples mean loss. It is not so where a film may outlast its sound.
	timed bool
}

// magic lists the formats by their first bytes. ffmpeg is always told which one it is: left to
// guess, it follows playlists and scripts to other files.
var magic = []struct {
	offset int
	bytes  string
	kind   kind
}{
	{8, "WAVE", kind{"wav", "wav", true}},
	{0, "fLaC", kind{"flac", "flac", true}},
	{0, "OggS", kind{"ogg", "ogg", false}},
	{0, "\x1a\x45\xdf\xa3", kind{"webm", "matroska", false}},
	{4, "ftyp", kind{"mp4", "mov", false}},
	{8, "AIFF", kind{"aiff", "aiff", true}},
	{8, "AIFC", kind{"aiff", "aiff", true}},
	{0, "caff", kind{"caf", "caf", true}},
	{0, "#!AMR", kind{"amr", "amr", false}},
	{0, ".snd", kind{"au", "au", true}},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", kind{"wma", "asf", false}},
}

var (
	kindMP3 = kind{"mp3", "mp3", true}
	kindAAC = kind{"aac", "aac", false}
)

// sniff tells the format of a file from its first bytes.
func sniff(r io.ReaderAt, size int64) (kind, error) {
	head, err := readAt(r, 0, 16)
	if err != nil {
		return kind{}, err
	}
	for _, m := range magic {
		if len(head) >= m.offset && bytes.HasPrefix(head[m.offset:], []byte(m.bytes)) {
			return m.kind, nil
		}
	}
	// MP3, AAC and now and then FLAC may follow an ID3v2 tag: 10 bytes, of which the last four
	// hold the rest's length in 7 bits each (id3.org, 3.1).
	if len(head) >= 10 && bytes.HasPrefix(head, []byte("ID3")) {
		at := 10 + int64(head[6]&127)<<21 + int64(head[7]&127)<<14 + int64(head[8]&127)<<7 + int64(head[9]&127)
		if head, err = readAt(r, min(at, size), 4); err != nil {
			return kind{}, err
		}
		switch {
		case bytes.Equal(head, []byte("fLaC")):
			return kind{"flac with ID3", "flac", true}, nil
		case isADTS(head):
			return kindAAC, nil
		}
		return kindMP3, nil
	}
	switch {
	case isADTS(head):
		return kindAAC, nil
	case isMPEG(head):
		return kindMP3, nil
	}
	return kind{}, fault(debrief.ErrBadAudio, "the content is no audio format known here",
		"give wav, flac, mp3, m4a, ogg, opus or webm; the name of a file does not matter, its content does")
}

// isADTS recognises the sync word of AAC as phones stream it: 12 ones, layer 0, a valid rate.
func isADTS(b []byte) bool {
	return len(b) >= 4 && b[0] == 0xff && b[1]&0xf6 == 0xf0 && b[2]>>2&15 < 13
}

// isMPEG recognises a frame header of MPEG audio, layer II or III, with valid fields (ISO
// 11172-3, 2.4.2.3). Layer I is left out: its sync word is the byte order mark of UTF-16 text.
func isMPEG(b []byte) bool {
	return len(b) >= 4 && b[0] == 0xff && b[1]&0xe0 == 0xe0 &&
		b[1]>>3&3 != 1 && // reserved version
		(b[1]>>1&3 == 1 || b[1]>>1&3 == 2) && // layer III or II
		b[2]>>4 != 15 && b[2]>>4 != 0 && b[2]>>2&3 != 3 // bit rate and sample rate
}

// oggTail is how far from the end the last page of an Ogg stream may begin, in bytes: the
// longest page there is (RFC 3533, 6: 27 + 255 + 255*255).
const oggTail = 65307

// oggComplete reports whether the stream's last page is whole and marked as the last. ffmpeg
// takes a cut Ogg file for a shorter one without a word.
func oggComplete(r io.ReaderAt, size int64) bool {
	at := max(0, size-oggTail)
	tail, err := readAt(r, at, oggTail)
	if err != nil {
		return false
	}
	i := bytes.LastIndex(tail, []byte("OggS"))
	if i < 0 || len(tail) < i+27 {
		return false
	}
	page := tail[i:]
	segments := int(page[26])
	if len(page) < 27+segments {
		return false
	}
	length := 27 + segments
	for _, n := range page[27:length] {
		length += int(n)
	}
	const endOfStream = 4
	return len(page) >= length && page[5]&endOfStream != 0
}

// readAt reads up to n bytes at off; the end of the file is no error.
func readAt(r io.ReaderAt, off int64, n int) ([]byte, error) {
	b := make([]byte, n)
	n, err := r.ReadAt(b, off)
	if err != nil && err != io.EOF {
		return nil, fileError(err)
	}
	return b[:n], nil
}
