package review

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed text
var textFiles embed.FS

// catalogue holds every string a person reads, by key, in one language. Another language is
// another file with the same keys.
type catalogue struct {
	lang  string
	words map[string]string
}

func readCatalogue(lang string) (*catalogue, error) {
	data, err := textFiles.ReadFile("text/" + lang + ".json")
	if err != nil {
		return nil, fmt.Errorf("read strings: %w", err)
	}
	c := &catalogue{lang: lang}
	if err := json.Unmarshal(data, &c.words); err != nil {
		return nil, fmt.Errorf("read strings: %w", err)
	}
	return c, nil
}

// get returns the string under a key with its verbs filled in. A key that is missing shows
// itself; a test keeps that from happening.
func (c *catalogue) get(key string, args ...any) string {
	s, ok := c.words[key]
	switch {
	case !ok:
		return key
	case len(args) == 0:
		return s
	}
	return fmt.Sprintf(s, args...)
}

// count returns the string for a number of things: key.one or key.other, %d filled in.
func (c *catalogue) count(key string, n int) string {
	if n == 1 {
		return c.get(key+".one", n)
	}
	return c.get(key+".other", n)
}

// under returns the strings below a prefix, without it.
func (c *catalogue) under(prefix string) map[string]string {
	out := map[string]string{}
	for k, v := range c.words {
		if rest, ok := strings.CutPrefix(k, prefix); ok {
			out[rest] = v
		}
	}
	return out
}
