package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"debrief"
)

// Stamps says which state each recording of a client is in: as long as no document of it is
// written, its stamp stays the same. Under "" stands the stamp of what is known of the client.
type Stamps = map[debrief.RecordingID]string

// stamped are the documents of a recording whose writing changes its stamp. Audio does not: the
// manifest names every segment.
var stamped = []string{manifestName, transcriptName, tagsName, summaryName, reviewName}

// Stamps takes the stamps of a client's recordings from one listing, without reading anything:
// whoever keeps a copy of the store learns from them what to read again. A stamp is made of
// size, time and, on S3, ETag; a document written twice within one tick of the store's clock, to
// the same size, is the only change that does not show. What has no manifest yet is no recording.
func (l *Library) Stamps(ctx context.Context, c debrief.ClientID) (Stamps, error) {
	out, prefix := Stamps{}, recordingsPrefix(c)
	var id debrief.RecordingID
	var sum hash.Hash
	whole := false
	end := func() {
		if whole {
			out[id] = hex.EncodeToString(sum.Sum(nil)[:16])
		}
		whole = false
	}
	for info, err := range l.bucket.List(ctx, clientPrefix(c), Deep) {
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", c, err)
		}
		if info.Key == clientKey(c) {
			own := sha256.Sum256([]byte(stateOf(info)))
			out[""] = hex.EncodeToString(own[:16])
			continue
		}
		folder, name, ok := strings.Cut(strings.TrimPrefix(info.Key, prefix), "/")
		if !ok || !strings.HasPrefix(info.Key, prefix) || !slices.Contains(stamped, name) {
			continue
		}
		if debrief.RecordingID(folder) != id || sum == nil {
			end()
			if id, err = debrief.ParseRecordingID(folder); err != nil {
				continue
			}
			sum = sha256.New()
		}
		whole = whole || name == manifestName
		fmt.Fprintln(sum, name, stateOf(info))
	}
	end()
	return out, nil
}

// stateOf is what a listing tells of an object's state.
func stateOf(i Info) string {
	return fmt.Sprint(i.Size, " ", i.Modified.UTC().Format(time.RFC3339Nano), " ", i.ETag)
}
