package review

import (
	"maps"
	"slices"
)

// ContentPolicy is what every answer must carry.
const ContentPolicy = contentPolicy

// Patterns lists every route.
func (p *Page) Patterns() []string { return slices.Sorted(maps.Keys(p.routes())) }

// StaticPrefix is where scripts and styles are.
func (p *Page) StaticPrefix() string { return p.static.prefix }

// Streams is how many live streams are open, and how many scopes are watched for them.
func (p *Page) Streams() (streams, watches int) {
	p.watches.mu.Lock()
	defer p.watches.mu.Unlock()
	return int(p.streams.Load()), len(p.watches.open)
}
