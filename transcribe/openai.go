package transcribe

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"debrief"
	"debrief/internal/audio"

	openai "github.com/sashabaranov/go-openai"
)

const (
	vendorURL  = "https://api.openai.com/v1"
	vendorHost = "api.openai.com"
	// longestPrompt is how many bytes of vocabulary are sent. Models read about 224 tokens and
	// sources differ on which end is cut; rare names take a token for every two to three bytes.
	longestPrompt = 500
	// chunkName tells the server the format: it goes by the file's ending.
	chunkName = "chunk.flac"
)

// Secret is a key. However it is printed, only a redaction comes out; convert it to a string to use it.
type Secret string

const redaction = "[redacted]"

// Format implements [fmt.Formatter] for every verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redaction) }

// MarshalText keeps the key out of JSON and of logs.
func (Secret) MarshalText() ([]byte, error) { return []byte(redaction), nil }

// OpenAIConfig configures an [OpenAI] engine.
type OpenAIConfig struct {
	BaseURL    string           // of a compatible server, up to and with /v1; "" is the vendor's
	Key        Secret           // may be "" with a BaseURL only
	Model      string           // required
	Language   string           // ISO 639-1 of what is spoken; "" lets the model guess
	Vocabulary []string         // names and terms sent along where the model takes them; never questions
	HTTP       *http.Client     // nil is a client of its own; redirects are not followed in any case
	Parallel   int              // requests under way at once; 0 is what is known to be fine
	Now        func() time.Time // nil is time.Now
	Random     func() float64   // 0 to 1, safe for concurrent use; nil is math/rand/v2
}

// OpenAI is an [Engine] at the vendor's or any compatible API. It sends the sound of chunks,
// the language and the vocabulary, and nothing else. It waits, tries again and gives up by itself.
type OpenAI struct {
	name     string
	model    string
	language string
	prompt   string
	caps     Capabilities
	client   func(openai.HTTPDoer) *openai.Client // a closure: fmt cannot print the key in it
	redact   *strings.Replacer
	http     *http.Client
	gate     *limiter
	random   func() float64

	mu     sync.Mutex
	form   form
	proven bool // the server has answered in this form
}

// form is how an answer is asked for.
type form int

const (
	withTimes  form = iota // verbose_json with words and segments
	textOnly               // json
	withVoices             // diarized_json
)

// NewOpenAI makes the engine; no request is sent. The error wraps [debrief.ErrInvalid].
func NewOpenAI(c OpenAIConfig) (*OpenAI, error) {
	base, err := checkOpenAI(&c)
	if err != nil {
		return nil, err
	}
	o := &OpenAI{
		name:  "openai/" + c.Model,
		model: c.Model, language: c.Language, random: c.Random,
		caps:   capabilitiesOf(c.Model),
		http:   client(c.HTTP),
		redact: strings.NewReplacer(),
	}
	o.form = formOf(o.caps)
	if o.caps.Prompt {
		o.prompt = prompt(c.Vocabulary)
	}
	o.proven = o.caps.Known
	if host := base.Hostname(); host != vendorHost && !strings.HasSuffix(host, "."+vendorHost) {
		// Another server's model shares no more than the name: whether it gives times shows with
		// its first answer, and what it costs and when it ends nobody knows here.
		o.caps.Known, o.proven = false, false
		o.caps.Words, o.caps.Segments = false, false
		o.caps.PricePerMinute, o.caps.Ends, o.caps.Successor = 0, time.Time{}, ""
		o.name = host + "/" + c.Model
	}
	o.caps.Parallel = max(1, cmp.Or(c.Parallel, o.caps.Parallel))
	o.gate = newLimiter(o.caps.Parallel, c.Now, c.Random)
	if c.Key != "" {
		o.redact = strings.NewReplacer(string(c.Key), redaction)
	}
	o.client = func(d openai.HTTPDoer) *openai.Client {
		conf := openai.DefaultConfig(string(c.Key))
		conf.BaseURL, conf.HTTPClient = base.String(), d
		return openai.NewClientWithConfig(conf)
	}
	return o, nil
}

// checkOpenAI fills defaults, rejects nonsense and returns where requests go.
func checkOpenAI(c *OpenAIConfig) (*url.URL, error) {
	invalid := func(what, hint string) error {
		return debrief.WithHint(fmt.Errorf("new API engine: %s: %w", what, debrief.ErrInvalid), hint)
	}
	base, err := url.Parse(cmp.Or(c.BaseURL, vendorURL))
	switch {
	case err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "":
		return nil, invalid("base URL is not one", "OPENAI_BASE_URL looks like http://localhost:8080/v1")
	case base.User != nil:
		return nil, invalid("password in the base URL", "set OPENAI_API_KEY instead")
	case c.Key == "" && c.BaseURL == "":
		return nil, invalid("no key", "set OPENAI_API_KEY, or OPENAI_BASE_URL for a compatible server")
	case strings.ContainsFunc(string(c.Key), func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, invalid("key with a character no key has", "set OPENAI_API_KEY without spaces and line ends")
	case strings.TrimSpace(c.Model) == "":
		return nil, invalid("no model", "name it with --model or DEBRIEF_MODEL")
	case c.Language != "" && isoCode(c.Language) != c.Language:
		return nil, invalid(fmt.Sprintf("language %q", c.Language), "give the two letters of ISO 639-1, as in en")
	case c.Parallel < 0:
		return nil, invalid("negative number of requests at once", "leave it at 0")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	return base, nil
}

// client copies a client so that it follows no redirect: speech goes where the user said, and
// nowhere else. It has no timeout of its own, because every try has a deadline.
func client(given *http.Client) *http.Client {
	c := http.Client{}
	if given != nil {
		c = *given
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// formOf is the form to ask a model for, going by its name.
func formOf(c Capabilities) form {
	switch {
	case c.Speakers:
		return withVoices
	case c.Known && !c.Words:
		return textOnly
	}
	return withTimes
}

// prompt joins as many terms as fit.
func prompt(vocabulary []string) string {
	out := ""
	for _, term := range vocabulary {
		term = strings.Join(strings.Fields(term), " ")
		if term == "" {
			continue
		}
		if out != "" {
			term = ", " + term
		}
		if len(out)+len(term) > longestPrompt {
			break
		}
		out += term
	}
	return out
}

// Name is "openai/" and the model; at a compatible server, its host and the model.
func (o *OpenAI) Name() string { return o.name }

// Capabilities are those known of the model. At a compatible server times count as unknown.
func (o *OpenAI) Capabilities() Capabilities { return o.caps }

// Sent is the vocabulary that goes along with every chunk.
func (o *OpenAI) Sent() string { return o.prompt }

// Recognise sends a chunk and waits for its text. A model that tells voices apart labels them
// anew in every chunk.
func (o *OpenAI) Recognise(ctx context.Context, c *Chunk) (*Heard, error) {
	sound, err := audio.EncodeFLAC(c.PCM())
	if err != nil {
		return nil, fmt.Errorf("recognise with %s: %w", o.Name(), err)
	}
	if most := o.caps.MaxBytes; most > 0 && int64(len(sound)) > most {
		return nil, fmt.Errorf("recognise with %s: chunk of %d bytes, the limit is %d: %w", o.Name(), len(sound), most, debrief.ErrRefused)
	}
	form, probing := o.ask()
	a, err := o.send(ctx, sound, c.Len(), form, probing)
	if probing && dislikesForm(err) {
		form = textOnly
		a, err = o.send(ctx, sound, c.Len(), form, false)
	}
	if err != nil {
		return nil, fmt.Errorf("recognise with %s: %w", o.Name(), err)
	}
	h := a.heard(c)
	h.Spent = o.caps.cost(c.Len())
	if form == withTimes && len(h.Passages) > 0 && !timed(h) {
		form = textOnly // it takes the request and gives no times: ask for less next time
	}
	if len(h.Passages) > 0 {
		o.learn(form)
	}
	return h, nil
}

// ask says which form to ask for, and whether it is open that the server knows it.
func (o *OpenAI) ask() (f form, probing bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.form, !o.proven && o.form != textOnly
}

// learn remembers which form the server answers in; what has been shown once stays.
func (o *OpenAI) learn(f form) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.proven {
		o.form, o.proven = f, true
	}
}

// send asks for the text of one chunk in one form, through go-openai, which writes the form and
// the request. Temperature 0 is the default there and at the server: it is not written.
func (o *OpenAI) send(ctx context.Context, sound []byte, length debrief.Samples, f form, probing bool) (*answer, error) {
	r := openai.AudioRequest{
		Model: o.model, FilePath: chunkName, Reader: flac{bytes.NewReader(sound)},
		Language: o.language, Prompt: o.prompt,
	}
	switch f {
	case withTimes:
		r.Format = openai.AudioResponseFormatVerboseJSON
		r.TimestampGranularities = []openai.TranscriptionTimestampGranularity{
			openai.TranscriptionTimestampGranularityWord,
			openai.TranscriptionTimestampGranularitySegment, // with words alone, confidence is missing
		}
	case withVoices:
		r.Format = "diarized_json"
		r.ChunkingStrategy = "auto" // required from 30 s on
	case textOnly:
		r.Format = openai.AudioResponseFormatJSON
	}
	d := &delivery{engine: o, deadline: deadline(length), probing: probing}
	_, err := o.client(d).CreateTranscription(ctx, r)
	if d.answer != nil {
		return d.answer, nil // whatever go-openai made of it: its decoder rejects some servers' answers
	}
	return nil, cmp.Or(err, errors.New("no answer"))
}

// flac names the media type, which otherwise would depend on the machine's list of types.
type flac struct{ io.Reader }

func (flac) ContentType() string { return "audio/flac" }
