package summarize

import (
	"slices"
	"strconv"

	"debrief"
)

// moods are the client's own words about mood, in order; nothing is inferred, averaged or filled in.
func moods(mentions []*mention) []debrief.Mood {
	out := []debrief.Mood{}
	for _, r := range mentions {
		if r.answers(promptMood) && (len(r.stems) > 0 || len(ratings(r.cite.Quote.Text)) > 0) {
			m := debrief.Mood{Citation: r.cite, Numbers: ratings(r.cite.Quote.Text)}
			for _, said := range m.Numbers {
				n, _ := smallNumber(said) // a rating is one
				m.Values = append(m.Values, n)
			}
			out = append(out, m)
		}
	}
	return out
}

// maxRating is the top of the scale people use for a mood; a larger number counts something else.
const maxRating = 10

// ratings are the numbers of a passage that rate something: "a six", "from a three to a five", "seven out of ten". Numbers that count
// ("six hours") and times ("about three") are left out, and so is the ten of "out of ten": one missed is read in its quote anyway.
func ratings(text string) []string {
	var out []string
	ws := essential(spokenWords(text))
	for i, w := range ws {
		n, ok := smallNumber(w.text)
		if !ok || n > maxRating || i > 0 && ws[i-1].joined || w.joined {
			continue
		}
		outOf := i >= 2 && ws[i-1].text == "of" && ws[i-2].text == "out" || i >= 1 && w.text == "10" && ws[i-1].number()
		next := ""
		if i+1 < len(ws) && ws[i+1].gap == gapNone {
			next = ws[i+1].text
		}
		top := next == "out" && i+3 < len(ws) && ws[i+2].text == "of"
		ofTen := next == "10" || top && isTen(ws[i+3])
		scale := n == maxRating && i >= 2 && ws[i-1].text == "to" && smallest[ws[i-2].text] // "from one to ten" is the ruler, not the mark
		clause := clauseOf(ws, 0, i)
		if scale || negatedAt(ws[clause:], i-clause) || top && !ofTen || othersSay(ws, i) {
			continue
		}
		if !outOf && (ofTen || (next == "" || afterRating[next]) && i > 0 && beforeRating[ws[i-1].text]) {
			out = append(out, w.text)
		}
	}
	return out
}

func isTen(w spokenWord) bool { return w.text == "ten" || w.text == "10" }

// othersSay reports whether somebody else is quoted before word i of its sentence: "he said it's a nine".
func othersSay(ws []spokenWord, i int) bool {
	for k := i; k > 0 && ws[k].gap != gapSentence; k-- {
		if reporting[ws[k-1].text] && k > 1 && (others[ws[k-2].text] || ws[k-2].content()) {
			return true
		}
	}
	return false
}

var (
	smallest     = wordSet("one zero 1 0")
	others       = wordSet("he she they who we you everybody somebody")
	beforeRating = wordSet("a an like maybe say said call it to solid or")
	afterRating  = wordSet("now out today tonight this when if and or to but maybe then before since i is")
)

var smallNumbers = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}

func smallNumber(w string) (int, bool) {
	if i := slices.Index(smallNumbers, w); i >= 0 {
		// "one" is mostly a pronoun ("this one", "one could"): only its digit is a rating.
		return i, w != "one"
	}
	n, err := strconv.Atoi(w)
	return n, err == nil && n >= 0
}
