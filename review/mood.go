package review

import (
	"fmt"
	"strings"

	"debrief"
)

// moodLine is the client's own numbers as a line, each under the word it was said with. Where a
// client spoke about mood without a number the line is broken: nothing is filled in.
type moodLine struct {
	Width, Height int
	Top, Bottom   int    // where ten and zero lie
	Path          string // of the line, as SVG writes it
	Points        []moodPoint
	Places        []moodPlace
	Told          string // all of it in words
}

type moodPoint struct {
	X, Y, Label int // Label is the base line of the word
	Word        string
}

type moodPlace struct {
	X    int
	Text string
}

// The drawing, in pixels.
const (
	moodStep   = 120 // between two numbers
	moodEdge   = 60  // to the left and right of them: half of the longest word below
	moodTop    = 26  // room for a word above ten
	moodScale  = 11  // of one step of the scale
	moodBelow  = 26  // room for the places
	moodMost   = 10  // of the scale people use
	wordAbove  = 9   // from a point to its word
	placeBelow = 20  // from zero to a place
)

// moodLine draws the moods in their order; nil when there are no two numbers to compare.
func (p *Page) moodLine(moods []debrief.Mood) *moodLine {
	l := &moodLine{Top: moodTop, Bottom: moodTop + moodMost*moodScale}
	l.Height = l.Bottom + moodBelow
	var path strings.Builder
	var told []string
	at, move := moodEdge, "M"
	for _, m := range moods {
		place := p.text.get("course.place", m.Session, p.phaseName(m.Phase))
		if len(m.Values) == 0 {
			move = "M"
			continue
		}
		first := at
		for i, value := range m.Values {
			y := l.Bottom - value*moodScale
			fmt.Fprintf(&path, "%s%d %d", move, at, y)
			l.Points = append(l.Points, moodPoint{X: at, Y: y, Label: y - wordAbove, Word: m.Numbers[i]})
			at, move = at+moodStep, "L"
		}
		l.Places = append(l.Places, moodPlace{(first + at - moodStep) / 2, p.text.get("client.treatment", m.Session)})
		told = append(told, place+": "+strings.Join(m.Numbers, ", "))
	}
	if len(l.Points) < 2 {
		return nil
	}
	l.Width, l.Path, l.Told = at-moodStep+moodEdge, path.String(), strings.Join(told, "; ")
	return l
}

// PlaceY is the base line of the places.
func (l *moodLine) PlaceY() int { return l.Bottom + placeBelow }
