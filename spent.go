package debrief

// Spent is what the engines of others took for a recording's transcription, over all runs.
// What this machine recognises itself costs nothing and counts nowhere.
type Spent struct {
	Requests int     `json:"requests"`           // answered with a transcription; refused ones are not billed
	Sound    Samples `json:"sound"`              // sent in them
	Dollars  float64 `json:"dollars"`            // by the prices known when they were sent
	Unpriced Samples `json:"unpriced,omitempty"` // of the sound, what went to servers whose price nobody here knows
}

// Add adds what was spent besides.
func (s *Spent) Add(more Spent) {
	s.Requests += more.Requests
	s.Sound += more.Sound
	s.Dollars += more.Dollars
	s.Unpriced += more.Unpriced
}

// Book adds what a run spent to what was booked before. found is what the results cost that the
// run found kept: it is among the booked already, unless the run that paid for them was killed
// before it could book.
func (s *Spent) Book(found, now Spent) {
	if found.Requests > s.Requests {
		*s = found
	}
	s.Add(now)
}
