package debrief

// Version identifies the state of a stored document, for compare-and-swap: a write names the
// version it was based on and is refused with [ErrConflict] when that is no longer current.
// The empty version means that the document must not exist yet.
type Version string
