package debrief

import (
	"fmt"
	"slices"
)

// Phase says when in a treatment a recording was made.
type Phase string

// The three phases. The windows of the two debriefs are the product's reason to exist:
// what stood out fades within hours, what still matters shows only after them.
const (
	Preparation Phase = "preparation" // before the treatment
	Immediate   Phase = "immediate"   // 15-30 minutes after it
	Followup    Phase = "followup"    // 4-6 hours after it
)

// Phases lists the phases in the order they happen.
func Phases() []Phase { return []Phase{Preparation, Immediate, Followup} }

// ParsePhase accepts exactly the names above.
func ParsePhase(s string) (Phase, error) {
	if p := Phase(s); slices.Contains(Phases(), p) {
		return p, nil
	}
	return "", WithHint(fmt.Errorf("phase %q: %w", s, ErrInvalid),
		"use one of preparation, immediate, followup")
}
