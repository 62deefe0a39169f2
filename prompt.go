package debrief

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// PromptID names a debrief prompt, e.g. "body" or "intention.gain".
type PromptID string

// Prompt is one question of a debrief.
type Prompt struct {
	ID       PromptID `yaml:"id" json:"id"`
	Name     string   `yaml:"name" json:"name"` // short label for chips and tables
	Question string   `yaml:"question" json:"question"`
	Phase    Phase    `yaml:"phase" json:"phase"`
	// AlsoIn lists further phases in which the prompt may be answered, from the second session on.
	AlsoIn []Phase `yaml:"also_in,omitempty" json:"also_in,omitempty"`
	// FromSession is the first session in which the prompt is asked; 0 is every one. What compares with the last
	// treatment has no answer at the first.
	FromSession int `yaml:"from_session,omitempty" json:"from_session,omitempty"`
	// Window is the time after the dose's end in which the question is asked; empty for preparation.
	Window *Window `yaml:"window,omitempty" json:"window,omitempty"`
	// Questions are other wordings a coach may use; Examples are answers. They teach the tagger a prompt it was not trained on.
	Questions []string `yaml:"questions,omitempty" json:"questions,omitempty"`
	Examples  []string `yaml:"examples" json:"examples"`
}

// Window is a stretch of time counted from the end of the dose.
type Window struct {
	From time.Duration `yaml:"from" json:"from"`
	To   time.Duration `yaml:"to" json:"to"`
}

// Scheme is a set of prompts, with a version that tags name. A scheme is data: the built-in
// one can be replaced whole.
type Scheme struct {
	Name    string   `yaml:"name" json:"name"`
	Version string   `yaml:"version" json:"version"`
	Prompts []Prompt `yaml:"prompts" json:"prompts"`
}

// Ref is name@version: how tags name the scheme they were made with.
func (s *Scheme) Ref() string { return s.Name + "@" + s.Version }

// Prompt returns the prompt with the id.
func (s *Scheme) Prompt(id PromptID) (Prompt, error) {
	for _, p := range s.Prompts {
		if p.ID == id {
			return p, nil
		}
	}
	return Prompt{}, fmt.Errorf("prompt %q in scheme %s: %w", id, s.Name, ErrUnknownPrompt)
}

// For lists the prompts that may be answered in a phase of a session, in scheme order.
func (s *Scheme) For(phase Phase, session int) []Prompt {
	var out []Prompt
	for _, p := range s.Prompts {
		if p.Phase == phase || session >= 2 && slices.Contains(p.AlsoIn, phase) {
			out = append(out, p)
		}
	}
	return out
}

// AskedIn reports whether the absence of an answer is an open question in a phase of a session: the phase is the
// prompt's own, and the session is not too early for it. Elsewhere an answer comes unasked, if it comes.
func (p *Prompt) AskedIn(phase Phase, session int) bool {
	return p.Phase == phase && session >= p.FromSession
}

var promptID = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)

// Validate checks the scheme; the error names every prompt at fault, not only the first.
func (s *Scheme) Validate() error {
	var bad problems
	if s.Name == "" {
		bad.add("name is empty")
	}
	if s.Version == "" {
		bad.add("version is empty")
	}
	if len(s.Prompts) == 0 {
		bad.add("there are no prompts")
	}
	seen := map[PromptID]bool{}
	for i, p := range s.Prompts {
		where := fmt.Sprintf("prompt %d (%s)", i+1, p.ID)
		if !promptID.MatchString(string(p.ID)) {
			bad.add(where + ": id must be small letters, digits and '_', parts joined by '.'")
		}
		if seen[p.ID] {
			bad.add(where + ": id stands twice")
		}
		seen[p.ID] = true
		if p.Question == "" {
			bad.add(where + ": question is empty")
		}
		for _, ph := range append([]Phase{p.Phase}, p.AlsoIn...) {
			if !slices.Contains(Phases(), ph) {
				bad.add(fmt.Sprintf("%s: unknown phase %q", where, ph))
			}
		}
		if p.FromSession < 0 || p.FromSession > MaxSession {
			bad.add(fmt.Sprintf("%s: from_session is not between 0 and %d", where, MaxSession))
		}
		if p.Window != nil && p.Window.To <= p.Window.From {
			bad.add(where + ": window ends before it begins")
		}
		if len(p.Examples) == 0 {
			bad.add(where + ": needs at least one example answer")
		}
	}
	return bad.err(ErrBadScheme)
}
