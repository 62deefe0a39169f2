package transcribe

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"debrief"
)

// How a run goes on when chunks fail.
const (
	// secondChances is how many failed chunks are tried again at the end; their sound is held
	// in memory meanwhile.
	secondChances = 2
	// hopeless is how many chunks in a row may fail before the engine counts as unreachable.
	hopeless = 3
)

// run is one recording under way.
type run struct {
	*Transcriber
	request Request
	caps    Capabilities
	speech  debrief.Samples

	mu       sync.Mutex
	outcomes []*outcome // by index of the chunk; nil while it is under way
	done     int        // outcomes before this one are all there
	failures int        // in a row
	waiting  int        // chunks kept for a second chance

	found, spent debrief.Spent // by results that were kept, and now
}

// outcome is what became of a chunk.
type outcome struct {
	span     debrief.Span
	language string
	drafts   []draft
	failed   error  // nil when it was recognised
	chunk    *Chunk // for a second chance
}

// hearAll hears the recording to its end: this goroutine cuts it, others recognise. islands
// calls its argument with each island, in order.
func (r *run) hearAll(ctx context.Context, islands func(context.Context, func(Island) error) error) error {
	whole := ctx // the group's own context ends with the group
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, r.caps.Parallel))
	pack := newPacker(r.caps)
	send := func(c *Chunk) error {
		if c == nil {
			return nil
		}
		index := len(r.outcomes)
		r.mu.Lock()
		r.outcomes = append(r.outcomes, nil)
		r.mu.Unlock()
		if index == 0 && !r.caps.Known {
			// The first chunk of an unknown model shows whether it gives times. The others wait for
			// it, so that the same recording is always cut into the same chunks.
			h, err := r.recognise(ctx, index, c)
			r.caps.Segments = h != nil && timed(h)
			pack.most = r.caps.chunkSamples()
			return err
		}
		group.Go(func() error {
			_, err := r.recognise(ctx, index, c)
			return err
		})
		return nil
	}
	cut := islands(ctx, func(i Island) error {
		for _, s := range i.Speech {
			r.speech += s.Len()
		}
		return send(pack.add(i))
	})
	if cut == nil {
		cut = send(pack.flush())
	}
	if err := group.Wait(); err != nil {
		return err // the first one; when cutting failed too, it was because of it
	}
	if cut != nil {
		return cut
	}
	return r.secondChance(whole)
}

// timed reports whether an engine gave any times.
func timed(h *Heard) bool {
	for _, p := range h.Passages {
		if p.Len() > 0 || len(p.Words) > 0 {
			return true
		}
	}
	return false
}

// recognise hears one chunk and notes the outcome. Only errors that stop the run are returned.
func (r *run) recognise(ctx context.Context, index int, c *Chunk) (*Heard, error) {
	h, err := r.hear(ctx, c)
	switch {
	case err == nil:
		r.note(index, r.understood(h, c))
		return h, nil
	case errors.Is(err, debrief.ErrUnavailable) && ctx.Err() == nil:
		return nil, r.missed(index, c, err)
	}
	return nil, err
}

// hear returns the kept result of a chunk, or asks the engine and keeps what it says.
func (r *run) hear(ctx context.Context, c *Chunk) (*Heard, error) {
	key := r.chunkKey(c)
	h, err := r.recall(ctx, key)
	if err != nil {
		return nil, err
	}
	if h != nil {
		r.book(&r.found, h)
		return h, nil
	}
	if h, err = r.engine.Recognise(ctx, c); err != nil {
		return nil, fmt.Errorf("recognise what starts at %s: %w", c.Span().Start, err)
	}
	r.book(&r.spent, h)
	return h, r.keep(ctx, key, h)
}

func (r *run) book(account *debrief.Spent, h *Heard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	account.Add(h.Spent)
}

// understood takes from a chunk what is needed of it later, and lets its sound go.
func (r *run) understood(h *Heard, c *Chunk) *outcome {
	o := &outcome{span: c.Span(), language: h.Language, drafts: split(spokenWords(h, c))}
	for i := range o.drafts {
		o.drafts[i].listen(c)
	}
	return o
}

// note puts an outcome in its place and tells how far the recording is done.
func (r *run) note(index int, o *outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes[index] = o
	if o.failed == nil {
		r.failures = 0
	}
	before := r.done
	for r.done < len(r.outcomes) && r.outcomes[r.done] != nil {
		r.done++
	}
	if r.done > before && r.request.Progress != nil {
		r.request.Progress(r.outcomes[r.done-1].span.End)
	}
}

// missed notes a chunk that could not be recognised. The error is not nil when it is time to stop.
func (r *run) missed(index int, c *Chunk, err error) error {
	r.mu.Lock()
	r.failures++
	stop := r.failures >= hopeless
	o := &outcome{span: c.Span(), failed: err}
	if !stop && r.waiting < secondChances {
		r.waiting++
		o.chunk = c
	}
	r.mu.Unlock()
	if stop {
		return err
	}
	r.log.Warn("chunk not recognised", "start", c.Span().Start, "end", c.Span().End, "error", err)
	r.note(index, o)
	return nil
}

// secondChance tries chunks again that failed, now that all others are done. When every chunk
// has failed, there is no transcript to be partial.
func (r *run) secondChance(ctx context.Context) error {
	var last error
	heard := 0
	for i, o := range r.outcomes {
		if c := o.chunk; c != nil {
			o.chunk = nil
			h, err := r.hear(ctx, c)
			if err == nil {
				r.outcomes[i] = r.understood(h, c)
			} else if !errors.Is(err, debrief.ErrUnavailable) || ctx.Err() != nil {
				return err
			}
		}
		if last = r.outcomes[i].failed; last == nil {
			heard++
		}
	}
	if len(r.outcomes) > 0 && heard == 0 {
		return last
	}
	return nil
}

// fill writes the utterances into the transcript.
func (r *run) fill(t *debrief.Transcript) {
	t.Utterances = []debrief.Utterance{}
	var drafts []draft
	heard := map[string]int{}
	for i, o := range r.outcomes {
		if o.failed != nil {
			t.Partial = append(t.Partial, o.span)
			continue
		}
		heard[o.language] += len(o.drafts)
		for n, d := range o.drafts {
			d.language, d.chunk = o.language, i
			if last := len(drafts) - 1; n == 0 && last >= 0 && continues(drafts[last], d) {
				drafts[last].join(d)
				continue
			}
			drafts = append(drafts, d)
		}
	}
	for _, d := range drafts {
		u := d.utterance()
		doubts{caps: r.caps, expected: r.language, heard: d.language, sent: r.engine.Sent(), speech: d.speech, noSpeech: d.noSpeech, passages: d.passages()}.flag(&u)
		t.Utterances = append(t.Utterances, u)
	}
	most := 0
	for language, n := range heard {
		if n > most || n == most && language < t.Language {
			t.Language, most = language, n
		}
	}
	assignSpeakers(t.Utterances, drafts, r.request.Speakers)
}
