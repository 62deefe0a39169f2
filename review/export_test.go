package review

import (
	"maps"
	"regexp"
	"slices"
)

// ContentPolicy is what every answer must carry.
const ContentPolicy = contentPolicy

// Patterns lists every route.
func (p *Page) Patterns() []string { return slices.Sorted(maps.Keys(p.routes())) }

// StaticPrefix is where scripts and styles are.
func (p *Page) StaticPrefix() string { return p.static.prefix }

// Survey looks through the store, however long that takes: a request waits for two seconds only.
func (p *Page) Survey() { <-p.index.start(p) }

// Streams is how many live streams are open, and how many scopes are watched for them.
func (p *Page) Streams() (streams, watches int) {
	p.watches.mu.Lock()
	defer p.watches.mu.Unlock()
	return int(p.streams.Load()), len(p.watches.open)
}

// verbs are what a string of the catalogue is filled in at.
var verbs = regexp.MustCompile(`%[.0-9]*[dsf]`)

// Bracket puts every string of the catalogue into brackets, but not what it is filled with: what
// a page then shows outside of them does not come from the catalogue. Dates are numbers.
func (p *Page) Bracket() {
	for key, s := range p.text.words {
		p.text.words[key] = "⟦" + verbs.ReplaceAllString(s, "⟧$0⟦") + "⟧"
	}
	p.text.words["format.date"], p.text.words["format.moment"] = "2006-01-02", "2006-01-02 15:04"
}

// Say is how the page shows a phrase of a stage.
func (p *Page) Say(phrase string) string { return p.text.say(phrase) }
