package debrief

import (
	"fmt"
	"time"
)

// MaxSession bounds treatment numbers. A course has six treatments; boosters follow for
// years, and two digits keep the keys sorted.
const MaxSession = 99

// Session is one treatment of a client's course.
type Session struct {
	Client  ClientID  `json:"client"`
	Number  int       `json:"number"`            // 1 is the first treatment
	DoseEnd time.Time `json:"dose_end,omitzero"` // both debrief windows count from here
}

// ParseSession checks a treatment number.
func ParseSession(n int) (int, error) {
	if n < 1 || n > MaxSession {
		return 0, WithHint(fmt.Errorf("session %d: %w", n, ErrInvalid),
			fmt.Sprintf("a session is the treatment's number, 1-%d, e.g. --session 3", MaxSession))
	}
	return n, nil
}
