package transcribe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"debrief"
)

func TestOpenAIBadWeather(t *testing.T) {
	const (
		html  = "<html><body>502 Bad Gateway moxibustion " + testKey + "</body></html>"
		quota = `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`
		rate  = `{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}`
		quote = `{"error":{"message":"bad thing with ` + testKey + ` and sk-proj-Ver***y2, gua sha, moxibustion","type":"invalid_request_error"}}`
	)
	ok := send(200, answerFile(t, "vendor.json"))
	in := func(d time.Duration) string { // the clock of a test starts there
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(http.TimeFormat)
	}
	tests := map[string]struct {
		answers  []http.HandlerFunc
		err      error // nil: the text comes
		requests int
		took     time.Duration // with random = 0.5: waits of 1, 2, 4 and 8 s
		says     string
	}{
		"OK":                    {answers: []http.HandlerFunc{ok}, requests: 1},
		"RetryAfterSeconds":     {answers: []http.HandlerFunc{send(429, rate, "Retry-After", "7"), ok}, requests: 2, took: 7*time.Second + spread/2},
		"RetryAfterDate":        {answers: []http.HandlerFunc{send(429, rate, "Retry-After", in(20*time.Second)), ok}, requests: 2, took: 20*time.Second + spread/2},
		"RetryAfter503":         {answers: []http.HandlerFunc{send(503, "", "Retry-After", "9"), ok}, requests: 2, took: 9*time.Second + spread/2},
		"RetryAfterTooLong":     {answers: []http.HandlerFunc{send(429, rate, "Retry-After", "3600")}, err: debrief.ErrUnavailable, requests: 1, says: "1h0m0s"},
		"RateReset":             {answers: []http.HandlerFunc{send(429, rate, "x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "12s", "x-ratelimit-remaining-tokens", "50", "x-ratelimit-reset-tokens", "1m0s"), ok}, requests: 2, took: 12*time.Second + spread/2},
		"RateUntold":            {answers: []http.HandlerFunc{send(429, rate), ok}, requests: 2, took: time.Second},
		"RateForEver":           {answers: []http.HandlerFunc{send(429, rate)}, err: debrief.ErrUnavailable, requests: mostTries, took: 15 * time.Second, says: "Rate limit reached"},
		"Quota":                 {answers: []http.HandlerFunc{send(429, quota, "Retry-After", "1")}, err: debrief.ErrQuota, requests: 1},
		"PaymentRequired":       {answers: []http.HandlerFunc{send(402, "")}, err: debrief.ErrQuota, requests: 1},
		"BadRequest":            {answers: []http.HandlerFunc{send(400, quote)}, err: debrief.ErrRefused, requests: 1, says: "bad thing"},
		"Unauthorized":          {answers: []http.HandlerFunc{send(401, quote)}, err: debrief.ErrDenied, requests: 1},
		"Forbidden":             {answers: []http.HandlerFunc{send(403, quote)}, err: debrief.ErrDenied, requests: 1, says: "bad thing"},
		"NotFound":              {answers: []http.HandlerFunc{send(404, html)}, err: debrief.ErrRefused, requests: 1, says: "404 Not Found"},
		"TooLarge":              {answers: []http.HandlerFunc{send(413, `{"detail":"Maximum content size limit (26214400) exceeded"}`)}, err: debrief.ErrRefused, requests: 1, says: "26214400"},
		"UnsupportedType":       {answers: []http.HandlerFunc{send(415, `{"detail":[{"msg":"no flac","input":"shoulder"}]}`)}, err: debrief.ErrRefused, requests: 1, says: "no flac"},
		"Redirect":              {answers: []http.HandlerFunc{send(307, "", "Location", "https://elsewhere.example/v1/audio/transcriptions")}, err: debrief.ErrRefused, requests: 1},
		"RequestTimeoutThenOK":  {answers: []http.HandlerFunc{send(408, ""), ok}, requests: 2, took: time.Second},
		"InternalErrorThenOK":   {answers: []http.HandlerFunc{send(500, quote), ok}, requests: 2, took: time.Second},
		"InternalErrorForEver":  {answers: []http.HandlerFunc{send(500, quote)}, err: debrief.ErrUnavailable, requests: mostTries, took: 15 * time.Second},
		"HTMLPageThenOK":        {answers: []http.HandlerFunc{send(502, html), send(200, html), ok}, requests: 3, took: 3 * time.Second},
		"HTMLPageForEver":       {answers: []http.HandlerFunc{send(200, html)}, err: debrief.ErrUnavailable, requests: mostTries, took: 15 * time.Second},
		"CutBodyThenOK":         {answers: []http.HandlerFunc{cutAfter(`{"text":"My shoul`), ok}, requests: 2, took: time.Second},
		"CutBodyOfErrorThenOK":  {answers: []http.HandlerFunc{send(503, "{", "Content-Length", "999"), ok}, requests: 2, took: time.Second},
		"CutConnectionThenOK":   {answers: []http.HandlerFunc{hangUp, ok}, requests: 2, took: time.Second},
		"CutConnectionForEver":  {answers: []http.HandlerFunc{hangUp}, err: debrief.ErrUnavailable, requests: mostTries, took: 15 * time.Second},
		"WrongJSONThenOK":       {answers: []http.HandlerFunc{send(200, `{"status":"moxibustion"}`), send(200, `[]`), send(200, `{"text":5}`), ok}, requests: 4, took: 7 * time.Second},
		"ErrorAsOKThenOK":       {answers: []http.HandlerFunc{send(200, `{"error":"busy"}`), ok}, requests: 2, took: time.Second},
		"SlowFirstByteThenOK":   {answers: []http.HandlerFunc{dawdle, ok}, requests: 2, took: 68*time.Second + time.Second},
		"SlowFirstByteForEver":  {answers: []http.HandlerFunc{dawdle}, err: debrief.ErrUnavailable, requests: mostTries, took: 5*68*time.Second + 15*time.Second, says: "none within 1m8s"},
		"EmptyAnswerIsNoSpeech": {answers: []http.HandlerFunc{send(200, answerFile(t, "silence.json"))}, requests: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script(t, test.answers...)
				o := s.engine(t, "whisper-1", true)
				began := time.Now()
				h, err := o.Recognise(t.Context(), apiChunk())
				if n := s.requests(); n != test.requests {
					t.Errorf("%d requests, want %d", n, test.requests)
				}
				if took := time.Since(began); took != test.took {
					t.Errorf("took %s, want %s", took, test.took)
				}
				sameBodies(t, s)
				if test.err == nil {
					if err != nil {
						t.Fatal(err)
					}
					if want := 2; name != "EmptyAnswerIsNoSpeech" && len(h.Passages) != want {
						t.Errorf("%d passages, want %d", len(h.Passages), want)
					}
					return
				}
				wantErr(t, err, test.err)
				if !strings.Contains(err.Error(), test.says) {
					t.Errorf("error %q does not say %q", err, test.says)
				}
				if strings.Contains(err.Error(), "html") {
					t.Errorf("error shows a page: %v", err)
				}
				if (test.err == debrief.ErrDenied || test.err == debrief.ErrQuota) && debrief.Hint(err) == "" {
					t.Error("no hint")
				}
			})
		})
	}
}

func TestOpenAIUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(t, hangUp)
		o := s.engine(t, "whisper-1", true)
		s.server.Close()
		_, err := o.Recognise(t.Context(), apiChunk())
		wantErr(t, err, debrief.ErrUnavailable)
	})
}

func TestOpenAIStopsAtOnce(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"WhileWaitingForTheServer": dawdle,
		"WhileWaitingForALimit":    send(429, "", "Retry-After", "100"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script(t, answer)
				o := s.engine(t, "whisper-1", true)
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				began := time.Now()
				_, err := o.Recognise(ctx, apiChunk())
				wantErr(t, err, context.DeadlineExceeded)
				if errors.Is(err, debrief.ErrUnavailable) {
					t.Error("a stopped run counts as a server that is not there")
				}
				if took := time.Since(began); took != 30*time.Second {
					t.Errorf("stopped after %s", took)
				}
			})
		})
	}
}

func TestOpenAILimitHoldsForAllChunks(t *testing.T) {
	ok := send(200, answerFile(t, "vendor.json"))
	for name, test := range map[string]struct {
		first  http.HandlerFunc
		window time.Duration // nothing may be sent before
	}{
		"RetryAfter":   {send(429, "", "Retry-After", "40"), 40 * time.Second},
		"NothingLeft":  {send(200, answerFile(t, "vendor.json"), "x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "1m30s"), 90 * time.Second},
		"ResetInHours": {send(200, answerFile(t, "vendor.json"), "x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "5h"), longestHold},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script(t, test.first, ok)
				o := s.engine(t, "whisper-1", true)
				began := time.Now()
				var all sync.WaitGroup
				hear := func() {
					if _, err := o.Recognise(t.Context(), apiChunk()); err != nil {
						t.Error(err)
					}
				}
				all.Go(hear)
				synctest.Wait() // the first answer is there
				for range 6 {
					all.Go(hear)
				}
				all.Wait()
				for i, at := range s.times[1:] {
					if at.Sub(began) < test.window {
						t.Errorf("request %d sent after %s, the server said %s", i+1, at.Sub(began), test.window)
					}
				}
			})
		})
	}
}

func TestOpenAIParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := send(200, answerFile(t, "vendor.json"))
		s := script(t, func(w http.ResponseWriter, r *http.Request) {
			<-time.After(time.Second)
			answer(w, r)
		})
		o := s.engine(t, "whisper-1", true)
		began := time.Now()
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				if _, err := o.Recognise(t.Context(), apiChunk()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if want := o.Capabilities().Parallel; s.most != want {
			t.Errorf("%d requests at once, want %d", s.most, want)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("12 chunks of 1 s, 4 at once, took %s", took)
		}
	})
}

func TestOpenAIForms(t *testing.T) {
	unknownForm := send(400, `{"error":{"message":"response_format is not compatible"}}`)
	text := send(200, answerFile(t, "text.json"))
	tests := map[string]struct {
		model   string
		vendor  bool
		answers []http.HandlerFunc
		formats string // of the requests of two chunks
		err     error
	}{
		"VendorTimes":            {"whisper-1", true, []http.HandlerFunc{send(200, answerFile(t, "vendor.json"))}, "verbose_json verbose_json", nil},
		"VendorNeverProbed":      {"whisper-1", true, []http.HandlerFunc{unknownForm}, "verbose_json", debrief.ErrRefused},
		"VendorTextOnly":         {"gpt-transcribe", true, []http.HandlerFunc{text}, "json json", nil},
		"Vendor4oTextOnly":       {"gpt-4o-mini-transcribe", true, []http.HandlerFunc{text}, "json json", nil},
		"VendorVoices":           {"gpt-4o-transcribe-diarize", true, []http.HandlerFunc{send(200, answerFile(t, "diarized.json"))}, "diarized_json diarized_json", nil},
		"FormRefused":            {"parakeet", false, []http.HandlerFunc{unknownForm, text}, "verbose_json json json", nil},
		"FormBreaksServer":       {"parakeet", false, []http.HandlerFunc{send(500, ""), send(500, ""), text}, "verbose_json verbose_json json json", nil},
		"FormIgnored":            {"parakeet", false, []http.HandlerFunc{text}, "verbose_json json", nil},
		"SilenceProvesNothing":   {"parakeet", false, []http.HandlerFunc{send(200, answerFile(t, "silence.json")), unknownForm, text}, "verbose_json verbose_json json", nil},
		"SegmentsAreEnough":      {"parakeet", false, []http.HandlerFunc{send(200, answerFile(t, "segments.json"))}, "verbose_json verbose_json", nil},
		"SameNameOtherServer":    {"whisper-1", false, []http.HandlerFunc{unknownForm, text}, "verbose_json json json", nil},
		"RefusedWhateverForm":    {"parakeet", false, []http.HandlerFunc{unknownForm}, "verbose_json json", debrief.ErrRefused},
		"ProvenFormIsKept":       {"parakeet", false, []http.HandlerFunc{send(200, answerFile(t, "segments.json")), send(500, ""), send(500, ""), send(200, answerFile(t, "segments.json"))}, "verbose_json verbose_json verbose_json verbose_json", nil},
		"TooLargeIsNotTheForm":   {"parakeet", false, []http.HandlerFunc{send(413, "")}, "verbose_json", debrief.ErrRefused},
		"UnavailableIsNotEither": {"parakeet", false, []http.HandlerFunc{send(503, ""), send(503, ""), send(503, ""), send(200, answerFile(t, "segments.json"))}, "verbose_json verbose_json verbose_json verbose_json verbose_json", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script(t, test.answers...)
				o := s.engine(t, test.model, test.vendor)
				_, err := o.Recognise(t.Context(), apiChunk())
				if test.err == nil && err == nil {
					_, err = o.Recognise(t.Context(), apiChunk())
				}
				if !errors.Is(err, test.err) {
					t.Fatalf("error %v, want %v", err, test.err)
				}
				var formats []string
				for i := range s.bodies {
					f := s.sent(t, i)
					format := strings.Join(f["response_format"], "+")
					formats = append(formats, format)
					granularities := strings.Join(f["timestamp_granularities[]"], "+")
					if want := map[bool]string{true: "word+segment"}[format == "verbose_json"]; granularities != want {
						t.Errorf("%s with granularities %q, want %q", format, granularities, want)
					}
					if want := map[bool]string{true: "auto"}[format == "diarized_json"]; strings.Join(f["chunking_strategy"], "+") != want {
						t.Errorf("%s with chunking strategy %q, want %q", format, f["chunking_strategy"], want)
					}
					if want := o.Sent(); strings.Join(f["prompt"], "+") != want {
						t.Errorf("prompt %q, want %q", f["prompt"], want)
					}
					if f["model"][0] != test.model || f["language"][0] != "en" || f["temperature"] != nil {
						t.Errorf("form %v", f)
					}
				}
				if got := strings.Join(formats, " "); got != test.formats {
					t.Errorf("asked for %q, want %q", got, test.formats)
				}
			})
		})
	}
}

func TestOpenAILimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(t, send(200, answerFile(t, "vendor.json")))
		o := s.engine(t, "whisper-1", true)
		o.caps.MaxBytes = 10_000
		_, err := o.Recognise(t.Context(), apiChunk())
		wantErr(t, err, debrief.ErrRefused)
		if !strings.Contains(err.Error(), "10000") || s.requests() != 0 {
			t.Errorf("%d requests, error %v", s.requests(), err)
		}
	})
}

func TestOpenAICapabilities(t *testing.T) {
	at := func(base string) Capabilities {
		o, err := NewOpenAI(OpenAIConfig{BaseURL: base, Key: testKey, Model: "whisper-1"})
		if err != nil {
			t.Fatal(err)
		}
		return o.Capabilities()
	}
	for _, vendor := range []string{"", "https://eu.api.openai.com/v1"} {
		if c := at(vendor); !c.Known || !c.Words || c.PricePerMinute == 0 || c.Ending(time.Unix(0, 0)) == "" {
			t.Errorf("at %q: %+v", vendor, c)
		}
	}
	if c := at("http://localhost:8080/v1"); c.Known || c.Timed() || c.PricePerMinute != 0 || c.Ending(time.Unix(0, 0)) != "" || c.MaxBytes == 0 {
		t.Errorf("another server's model of the same name: %+v", c)
	}
}

func TestNewOpenAIRejects(t *testing.T) {
	good := OpenAIConfig{Key: testKey, Model: "whisper-1"}
	for name, spoil := range map[string]func(*OpenAIConfig){
		"NoKey":          func(c *OpenAIConfig) { c.Key = "" },
		"KeyWithLineEnd": func(c *OpenAIConfig) { c.Key += "\n" },
		"NoModel":        func(c *OpenAIConfig) { c.Model = " " },
		"NoURL":          func(c *OpenAIConfig) { c.BaseURL = "localhost:8080" },
		"OtherScheme":    func(c *OpenAIConfig) { c.BaseURL = "ftp://example.com" },
		"Password":       func(c *OpenAIConfig) { c.BaseURL = "https://me:" + testKey + "@example.com" },
		"LanguageName":   func(c *OpenAIConfig) { c.Language = "english" },
		"Parallel":       func(c *OpenAIConfig) { c.Parallel = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			spoil(&c)
			_, err := NewOpenAI(c)
			wantErr(t, err, debrief.ErrInvalid)
			if debrief.Hint(err) == "" {
				t.Error("no hint")
			}
		})
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	c := OpenAIConfig{Key: testKey, Model: "whisper-1"}
	o, err := NewOpenAI(c)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&out, verb+verb+verb, c.Key, c, &c)
	}
	b, err := json.Marshal(c.Key)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	slog.New(slog.NewTextHandler(&out, nil)).Info("key", "key", c.Key)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", c.Key)
	if s := out.String(); strings.Contains(s, testKey) || strings.Contains(s, fmt.Sprintf("%x", testKey)) {
		t.Errorf("the key is printed: %s", s)
	}
	if s := fmt.Sprintf("%v %+v %#v", o, o, o); strings.Contains(s, testKey) {
		t.Errorf("the engine prints its key: %s", s)
	}
}
