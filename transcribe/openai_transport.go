package transcribe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"debrief"
	"debrief/internal/retry"
)

// How a request goes on in bad weather.
const (
	// mostTries: with the waits between them, a restart of the server or a minute's limit is
	// outlived; what lasts longer is for another run.
	mostTries = 5
	// probeTries is how often an internal error is taken for chance while it is open whether the
	// server knows the form asked for: some answer 500 to a form they do not know.
	probeTries = 2
	// firstWait doubles with every try up to longestWait; of that, a random part is waited
	// ("full jitter"), so that requests that failed together do not come back together.
	firstWait   = 2 * time.Second
	longestWait = 30 * time.Second
	// patience is how long an answer may take for no sound at all, and patiencePerSound how many
	// times longer than the sound: a compatible server on a slow machine hears in real time.
	patience         = time.Minute
	patiencePerSound = 2
	// largestAnswer in bytes: ten minutes of speech with word times are under 1 MiB.
	largestAnswer = 16 << 20
	// longestMessage of a server, in runes, that is shown to a person.
	longestMessage = 200
)

// deadline is how long one try for so much sound may take, from connecting to the last byte.
func deadline(sound debrief.Samples) time.Duration {
	return patience + patiencePerSound*sound.Duration()
}

// delivery carries one request of go-openai to the server, as its HTTP client: with the same
// bytes until it is answered or there is no hope.
type delivery struct {
	engine   *OpenAI
	deadline time.Duration
	probing  bool
	answer   *answer // nil until the server has given one that can be read
}

// statusError is an answer that is an error.
type statusError struct {
	status int
	error
}

func (e *statusError) Unwrap() error { return e.error }

// dislikesForm reports whether a server may have meant the form asked for by its error.
func dislikesForm(err error) bool {
	var e *statusError
	if !errors.As(err, &e) {
		return false
	}
	switch e.status {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
		http.StatusInternalServerError, http.StatusNotImplemented:
		return true
	}
	return false
}

// Do implements openai.HTTPDoer. Errors wrap the sentinels [Engine] promises.
func (d *delivery) Do(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	for try := 1; ; try++ {
		resp, err := d.try(req)
		switch {
		case err == nil:
			return resp, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !errors.Is(err, debrief.ErrUnavailable):
			return nil, err
		case tooLong(d.engine.gate.held()) != nil:
			return nil, tooLong(d.engine.gate.held())
		case try >= d.tries(err):
			return nil, fmt.Errorf("give up after %d tries: %w", try, err)
		}
		wait := min(longestWait, firstWait<<(try-1))
		if err := d.pause(ctx, time.Duration(d.engine.random()*float64(wait)), err); err != nil {
			return nil, err
		}
	}
}

// tries is how many a request gets that fails like this.
func (d *delivery) tries(err error) int {
	if d.probing && dislikesForm(err) {
		return probeTries
	}
	return mostTries
}

// pause waits before the next try. A limit without a time holds all others back as well.
func (d *delivery) pause(ctx context.Context, wait time.Duration, cause error) error {
	var e *statusError
	if errors.As(cause, &e) && e.status == http.StatusTooManyRequests {
		d.engine.gate.hold(wait)
	}
	return retry.Sleep(ctx, wait)
}

// try sends the request once and reads the answer to its end.
func (d *delivery) try(req *http.Request) (*http.Response, error) {
	o := d.engine
	if err := o.gate.enter(req.Context()); err != nil {
		return nil, err
	}
	defer o.gate.leave()
	ctx, cancel := context.WithTimeout(req.Context(), d.deadline)
	defer cancel()
	again := req.Clone(ctx)
	body, err := req.GetBody()
	if err != nil {
		return nil, fmt.Errorf("read the request again: %w", err)
	}
	again.Body = body
	resp, err := o.http.Do(again)
	if err != nil {
		return nil, d.cut(ctx, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer+1))
	o.gate.heed(resp.Header, resp.StatusCode == http.StatusTooManyRequests)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, o.judge(resp.StatusCode, b) // even when its body is cut: the status says enough
	}
	if err != nil {
		return nil, d.cut(ctx, err)
	}
	if len(b) > largestAnswer {
		return nil, fmt.Errorf("read the answer: more than %d bytes: %w", largestAnswer, debrief.ErrUnavailable)
	}
	if d.answer, err = readAnswer(b); err != nil {
		return nil, fmt.Errorf("read the answer: %w: %w", debrief.ErrUnavailable, err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp, nil
}

// cut explains a connection that broke or an answer that did not come.
func (d *delivery) cut(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("wait for the answer: none within %s: %w", d.deadline.Round(time.Second), debrief.ErrUnavailable)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address, which may tell more than a log should keep
	}
	return fmt.Errorf("send the chunk: %w: %s", debrief.ErrUnavailable, d.engine.clean(err.Error()))
}

// judge makes an error of an answer that is one.
func (o *OpenAI) judge(status int, body []byte) error {
	message, codes := readError(body)
	message = o.clean(message)
	err := func(kind error) error {
		if message == "" {
			return &statusError{status, fmt.Errorf("%w: the server answers %d %s", kind, status, http.StatusText(status))}
		}
		return &statusError{status, fmt.Errorf("%w: the server answers %d: %s", kind, status, message)}
	}
	spent := strings.Contains(codes, "insufficient_quota") || strings.Contains(codes, "billing")
	switch {
	case status == http.StatusPaymentRequired, status == http.StatusTooManyRequests && spent:
		return debrief.WithHint(err(debrief.ErrQuota), "add credit or raise the limit of the API account, then run the same command again; it goes on where it stopped")
	case status == http.StatusUnauthorized:
		message = "" // it quotes parts of the key
		return debrief.WithHint(err(debrief.ErrDenied), "set OPENAI_API_KEY to a key the server knows")
	case status == http.StatusForbidden:
		return debrief.WithHint(err(debrief.ErrDenied), "set OPENAI_API_KEY to a key that may use the model "+o.model)
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		return err(debrief.ErrUnavailable)
	case status == http.StatusNotFound:
		return debrief.WithHint(err(debrief.ErrRefused), "see whether the server has the model named with --model, and whether OPENAI_BASE_URL ends in /v1")
	case status >= 300 && status <= 399:
		return debrief.WithHint(err(debrief.ErrRefused), "set OPENAI_BASE_URL to the address the server redirects to, if you trust it")
	}
	return err(debrief.ErrRefused)
}

// readError takes the message and the codes out of the forms in use: the vendor's
// {"error":{"message","type","code"}}, {"error":"..."}, {"message":"..."} and {"detail":...}.
// Of anything else, as an HTML page, nothing is taken.
func readError(body []byte) (message, codes string) {
	var e struct {
		Error   json.RawMessage `json:"error"`
		Message label           `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(body, &e) != nil {
		return "", ""
	}
	var inner struct {
		Message label `json:"message"`
		Type    label `json:"type"`
		Code    label `json:"code"`
	}
	var detail []struct {
		Message label `json:"msg"` // beside it stands what was sent: not for a log
	}
	var plain string
	switch {
	case json.Unmarshal(e.Error, &inner) == nil:
		return string(inner.Message), string(inner.Type) + " " + string(inner.Code)
	case json.Unmarshal(e.Error, &plain) == nil, json.Unmarshal(e.Detail, &plain) == nil:
		return plain, ""
	case json.Unmarshal(e.Detail, &detail) == nil && len(detail) > 0:
		return string(detail[0].Message), ""
	}
	return string(e.Message), ""
}

// keyLike finds what looks like a key or a part of one, as servers quote them.
var keyLike = regexp.MustCompile(`\b(sk|gsk|hf|key)[-_][\w*.\-]+`)

// clean makes a message of a server fit to be shown: one short line without keys and without
// the vocabulary.
func (o *OpenAI) clean(message string) string {
	message = keyLike.ReplaceAllString(o.redact.Replace(message), redaction)
	if o.prompt != "" {
		message = strings.ReplaceAll(message, o.prompt, redaction)
	}
	message = strings.Join(strings.FieldsFunc(message, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(message); len(runes) > longestMessage {
		message = string(runes[:longestMessage]) + "…"
	}
	return message
}
