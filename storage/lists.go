package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"debrief"
)

// parallelLoads is how many documents of a list are fetched at once: a request to a remote
// server is mostly waiting.
const parallelLoads = 16

// Clients lists everybody the store has something of, in order of their ids.
func (l *Library) Clients(ctx context.Context) ([]debrief.ClientID, error) {
	var out []debrief.ClientID
	for info, err := range l.bucket.List(ctx, clientsPrefix, Shallow) {
		if err != nil {
			return nil, fmt.Errorf("list clients: %w", err)
		}
		if c, err := debrief.ParseClientID(folderName(info, clientsPrefix)); err == nil {
			out = append(out, c)
		}
	}
	return out, nil
}

// Sessions lists a client's treatments in order. Those that can be read are returned even
// beside an error.
func (l *Library) Sessions(ctx context.Context, c debrief.ClientID) ([]debrief.Session, error) {
	return listDocuments(ctx, l, sessionsPrefix(c),
		func(ctx context.Context, name string) (*debrief.Session, ETag, error) {
			n, err := strconv.Atoi(name)
			if err != nil {
				return nil, "", debrief.ErrNotFound
			}
			return l.LoadSession(ctx, c, n)
		},
		func(a, b debrief.Session) int { return cmp.Compare(a.Number, b.Number) })
}

// Recordings lists a client's manifests in the order of the course: session, phase, start. What
// has no manifest yet is no recording. Those that can be read are returned even beside an error.
func (l *Library) Recordings(ctx context.Context, c debrief.ClientID) ([]debrief.Recording, error) {
	return listDocuments(ctx, l, recordingsPrefix(c),
		func(ctx context.Context, name string) (*debrief.Recording, ETag, error) {
			id, err := debrief.ParseRecordingID(name)
			if err != nil {
				return nil, "", debrief.ErrNotFound
			}
			return l.LoadRecording(ctx, c, id)
		},
		func(a, b debrief.Recording) int {
			phase := func(r debrief.Recording) int { return slices.Index(debrief.Phases(), r.Phase) }
			return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(phase(a), phase(b)),
				a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID))
		})
}

// listDocuments loads one document of every folder under prefix, several at once. Folders
// without the document are passed over.
func listDocuments[T any](ctx context.Context, l *Library, prefix string, load func(context.Context, string) (*T, ETag, error), order func(a, b T) int) ([]T, error) {
	var names []string
	for info, err := range l.bucket.List(ctx, prefix, Shallow) {
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", prefix, err)
		}
		if name := folderName(info, prefix); name != "" {
			names = append(names, name)
		}
	}
	docs, bad := make([]*T, len(names)), make([]error, len(names))
	var g errgroup.Group
	g.SetLimit(parallelLoads)
	for i, name := range names {
		g.Go(func() error {
			doc, _, err := load(ctx, name)
			switch {
			case err == nil:
				docs[i] = doc
			case !errors.Is(err, debrief.ErrNotFound):
				bad[i] = err
			}
			return nil // one bad document must not hide the others
		})
	}
	g.Wait()
	var out []T
	for _, doc := range docs {
		if doc != nil {
			out = append(out, *doc)
		}
	}
	slices.SortFunc(out, order)
	return out, errors.Join(bad...)
}

// FindRecording looks for a recording of whichever client. None is [debrief.ErrNotFound].
func (l *Library) FindRecording(ctx context.Context, id debrief.RecordingID) (*debrief.Recording, ETag, error) {
	clients, err := l.Clients(ctx)
	if err != nil {
		return nil, "", err
	}
	type found struct {
		rec     *debrief.Recording
		version ETag
		err     error
	}
	results := make([]found, len(clients))
	var g errgroup.Group
	g.SetLimit(parallelLoads)
	for i, c := range clients {
		g.Go(func() error {
			f := &results[i]
			f.rec, f.version, f.err = l.LoadRecording(ctx, c, id)
			return nil
		})
	}
	g.Wait()
	for _, f := range results {
		if !errors.Is(f.err, debrief.ErrNotFound) {
			return f.rec, f.version, f.err
		}
	}
	return nil, "", debrief.WithHint(fmt.Errorf("recording %s: %w", id, debrief.ErrNotFound), "check the id, and --store")
}
