package summarize

import "slices"

// looseWords are words every client uses of everything: they tie nothing together. Chosen by hand from the words that
// most of the training debriefs contain; names of things and people stay out of the list, however frequent,
// but parts of the body are in it: everybody has them after every treatment.
var looseWords = stemSet(`back see saw seen look looking put tell told ask asked good since right gone go hear heard call called today
	little left whole every need sit sat open light talk room keep kept take took night minute use always turn stop number make
	made man home wait feel felt leave give gave given old walk people hour hold held side face last morning start nice done big
	small mind next stand stood though line round around long bad lie lay stay place warm cold week end till sorry find move
	notice name write wrote read ring finish count thank behind close away run low set differ different want better past shut
	front fine somebody else speak inside bring already watch ever must yet another believe someone person everybody note life
	sad happy flat pass try tried pick show quiet rest near drop suppose forgot tired answer usual even remember guess change
	scared tonight honest play far green red white black blue brown dark hot clear please late mine dead miss month somewhere
	normal slow hang real wee top pull new live wrong expect step along outside empty full middle heavy loud less point fill
	hurt order cut knew know quit enough busy fix lose lost part help figure great hope straight moment press pretty stuff able
	happen seem learn kinda like allow compare edge whatever across care funny there pay sent send proper reach half bit first
	second third once twice sunday monday tuesday wednesday thursday friday saturday tomorrow yesterday afternoon evening day
	year time times spring summer autumn winter easter christmas almost nearly quite bother sense matter felt best worst worse
	again together anyway either neither against without within upon onto off goes came coming going get got let says saying
	thought think looked wanted tried used alright gonna gotta wanna ain yeah okay god lord bloody love proper terribly
	ordinary ordinarily regular sudden suddenly course actual exactly certain perfect absolute completely totally whole
	o'clock dunno gon i'ma cause 'cause because hadn wasn didn couldn wouldn shan shall ought might maybe hit carry carried
	hand head floor feet foot leg arm mouth eye stomach chest finger shoulder neck knee ear teeth belly hip nose jaw throat
	bottom end drive driving car work working
	fella fellow bloke guy lad lass chap folk mate
	treatment session debrief question recording record ketamine dose clinic therapist coach doctor nurse mask medicine`)

func stemSet(list string) map[string]bool {
	set := map[string]bool{}
	for w := range wordSet(list) {
		set[w], set[spokenWord{text: w}.stem()] = true, true
	}
	return set
}

// telling reports whether the stem can tie two mentions together.
func telling(stem string) bool { return !looseWords[stem] }

// The bounds within which two mentions are about the same. Precision goes before recall: a thread that is missed is found by
// reading, one that is not there misleads. Unrelated sentences lie at a cosine of 0.0-0.1, the same thing said in other
// words at 0.7-0.85; a shared word raises it by about 0.2.
const (
	sharedAlone   = 2    // so many telling words in common are enough
	sharedCosine  = 0.35 // with a single one in common, this alike
	meaningCosine = 0.78 // without any, this alike
)

// related reports whether two mentions are about the same, and how strongly. Without an embedder a single shared word is not enough.
func related(a, b *mention) (strength float64, ok bool) {
	shared := len(sharedStems(a, b))
	cosine := dot(a.vector, b.vector)
	switch {
	case shared >= sharedAlone, shared == 1 && cosine >= sharedCosine, cosine >= meaningCosine:
		return float64(shared) + cosine, true
	}
	return 0, false
}

func sharedStems(a, b *mention) []string {
	var out []string
	for _, s := range a.stems {
		if telling(s) && slices.Contains(b.stems, s) {
			out = append(out, s)
		}
	}
	return out
}

// dot is the cosine of two unit vectors; 0 when there are none.
func dot(a, b []float32) float64 {
	if len(a) != len(b) {
		return 0
	}
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// closest returns the mentions related to r, strongest first.
func closest(r *mention, among []*mention) []*mention {
	type scored struct {
		*mention
		strength float64
	}
	var found []scored
	for _, other := range among {
		if s, ok := related(r, other); ok {
			found = append(found, scored{other, s})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int {
		switch {
		case a.strength > b.strength:
			return -1
		case a.strength < b.strength:
			return 1
		}
		return 0
	})
	out := make([]*mention, len(found))
	for i, f := range found {
		out[i] = f.mention
	}
	return out
}
