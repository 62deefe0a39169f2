package summarize

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"debrief"
	"debrief/internal/retry"

	openai "github.com/sashabaranov/go-openai"
)

// How long and how often a chat endpoint is tried before the local way stands in.
const (
	chatTimeout   = 90 * time.Second // an answer about a hundred utterances takes a slow model a minute
	chatAttempts  = 3                // a fault that outlasts two pauses is no short one
	chatPause     = 2 * time.Second  // doubled after each attempt when the server names no pause
	chatLongest   = time.Minute      // a longer pause than this is not waited for
	chatErrorBody = 64 << 10         // bytes read of an error's body: the code is in the first hundred
)

// patient sends a request again when that may help. It sits below the client because only here the Retry-After header
// is seen: the client drops it.
type patient struct {
	next openai.HTTPDoer
	wait func(ctx context.Context, d time.Duration) error
	now  func() time.Time
}

func (p *patient) Do(req *http.Request) (*http.Response, error) {
	pause := chatPause
	for attempt := 1; ; attempt++ {
		resp, err := p.once(req)
		again, after := p.worthRepeating(resp, err)
		if !again || attempt == chatAttempts || after > chatLongest || req.Context().Err() != nil {
			return resp, err
		}
		if resp != nil {
			resp.Body.Close()
		}
		if err := p.wait(req.Context(), max(pause, after)); err != nil {
			return nil, err
		}
		pause *= 2
	}
}

// once makes one attempt with a deadline of its own; the answer is read whole under it.
func (p *patient) once(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), chatTimeout)
	defer cancel()
	try := req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		try.Body = body
	}
	resp, err := p.next.Do(try)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("the answer is larger than %d bytes: %w", maxAnswer, debrief.ErrRefused)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// maxAnswer bounds an answer, in bytes: tags of a hundred utterances with their quotes are some 30 kB.
const maxAnswer = 4 << 20

// worthRepeating reports whether the attempt failed in a way that passes, and how long the server asks to wait. Quota that is
// spent looks like a rate limit and does not pass.
func (p *patient) worthRepeating(resp *http.Response, err error) (again bool, after time.Duration) {
	if err != nil {
		return !errors.Is(err, context.Canceled) && !errors.Is(err, debrief.ErrRefused), 0
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return false, 0
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, chatErrorBody)) // in memory: reading it does not fail
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if bytes.Contains(body, []byte("insufficient_quota")) {
		return false, 0
	}
	after, _ = retry.After(resp.Header.Get("Retry-After"), p.now())
	return true, after
}

// chatError turns the client's errors into the house's.
func chatError(err error) error {
	var api *openai.APIError
	var req *openai.RequestError
	status := 0
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, debrief.ErrRefused):
		return err
	case errors.As(err, &api):
		status = api.HTTPStatusCode
		if fmt.Sprint(api.Code) == "insufficient_quota" || api.Type == "insufficient_quota" {
			return fmt.Errorf("ask the chat endpoint: %w", debrief.ErrQuota)
		}
	case errors.As(err, &req):
		status = req.HTTPStatusCode
	default:
		return fmt.Errorf("ask the chat endpoint: %w: %w", debrief.ErrUnavailable, err)
	}
	kind := debrief.ErrRefused
	if status == 0 || status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout {
		kind = debrief.ErrUnavailable
	}
	return fmt.Errorf("ask the chat endpoint: %w (status %d)", kind, status)
}
