package debrief

import (
	"fmt"
	"regexp"
)

// ClientID names a client in keys and on the command line: a code, not a person's name.
// It becomes part of an object key, so it is kept to letters every store accepts.
type ClientID string

var clientID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// ParseClientID accepts 1-63 characters of a-z, 0-9, '-' and '_', beginning with a letter or digit.
func ParseClientID(s string) (ClientID, error) {
	if !clientID.MatchString(s) {
		return "", WithHint(fmt.Errorf("client %q: %w", s, ErrInvalid),
			"a client id is 1-63 small letters, digits, '-' or '_', e.g. --client c01")
	}
	return ClientID(s), nil
}

// Client is what is known of a client beside the recordings.
type Client struct {
	ID       ClientID `json:"id"`
	Name     string   `json:"name,omitempty"`      // shown to the coach; never sent to an engine
	TimeZone string   `json:"time_zone,omitempty"` // IANA name, e.g. Europe/Dublin
}
