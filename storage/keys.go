package storage

import (
	"fmt"
	"strings"

	"debrief"
)

// This file alone knows the layout of a bucket. No key is the folder of another, because
// servers that keep objects as files cannot have that.

const (
	clientsPrefix  = "clients/"
	manifestName   = "recording.json"
	transcriptName = "transcript.json"
	tagsName       = "tags.json"
	summaryName    = "summary.json"
	reviewName     = "review.json"
)

func clientPrefix(c debrief.ClientID) string { return clientsPrefix + string(c) + "/" }
func clientKey(c debrief.ClientID) string    { return clientPrefix(c) + "client.json" }

func sessionsPrefix(c debrief.ClientID) string { return clientPrefix(c) + "sessions/" }

// sessionKey pads the number to two digits, the width of [debrief.MaxSession], so that keys sort.
func sessionKey(c debrief.ClientID, n int) string {
	return fmt.Sprintf("%s%02d/session.json", sessionsPrefix(c), n)
}

func recordingsPrefix(c debrief.ClientID) string { return clientPrefix(c) + "recordings/" }

func recordingPrefix(c debrief.ClientID, id debrief.RecordingID) string {
	return recordingsPrefix(c) + string(id) + "/"
}

func manifestKey(c debrief.ClientID, id debrief.RecordingID) string {
	return recordingPrefix(c, id) + manifestName
}

func transcriptKey(c debrief.ClientID, id debrief.RecordingID) string {
	return recordingPrefix(c, id) + transcriptName
}

func tagsKey(c debrief.ClientID, id debrief.RecordingID) string {
	return recordingPrefix(c, id) + tagsName
}

func summaryKey(c debrief.ClientID, id debrief.RecordingID) string {
	return recordingPrefix(c, id) + summaryName
}

func reviewKey(c debrief.ClientID, id debrief.RecordingID) string {
	return recordingPrefix(c, id) + reviewName
}

func peaksKey(c debrief.ClientID, id debrief.RecordingID) string {
	return recordingPrefix(c, id) + "peaks.json"
}

func audioPrefix(c debrief.ClientID, id debrief.RecordingID) string {
	return recordingPrefix(c, id) + "audio/"
}

// segmentKey is the key of canonical audio; six digits last for years of one-minute segments.
func segmentKey(c debrief.ClientID, id debrief.RecordingID, index int) string {
	return fmt.Sprintf("%s%06d.flac", audioPrefix(c, id), index)
}

// originalKey keeps the extension, so that the file plays when it is copied out by hand. One
// that keys do not allow is left out.
func originalKey(c debrief.ClientID, id debrief.RecordingID, ext string) string {
	key := audioPrefix(c, id) + "original"
	if checkKey(key+ext) != nil || strings.Contains(ext, "/") {
		return key
	}
	return key + ext
}

func chunksPrefix(c debrief.ClientID, id debrief.RecordingID) string {
	return recordingPrefix(c, id) + "chunks/"
}

func chunkKey(c debrief.ClientID, id debrief.RecordingID, name string) string {
	return chunksPrefix(c, id) + name + ".json"
}

// folderName is the name of a folder in a listing of prefix, "" for an object.
func folderName(info Info, prefix string) string {
	name, ok := strings.CutSuffix(strings.TrimPrefix(info.Key, prefix), "/")
	if !ok {
		return ""
	}
	return name
}
