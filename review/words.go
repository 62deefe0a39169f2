package review

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"debrief"
)

// words sends where each word of each utterance begins, in seconds: an array per utterance, or
// null where the words are not timed one by one. It comes after the page, which is whole without it.
func (p *Page) words(w http.ResponseWriter, r *http.Request) error {
	rec, err := p.find(r)
	if err != nil {
		return err
	}
	docs, err := p.documents(r.Context(), rec)
	if err != nil {
		return err
	}
	if docs.transcript == nil {
		return debrief.ErrNotFound
	}
	out := make([][]json.Number, len(docs.transcript.Utterances))
	for i, u := range docs.transcript.Utterances {
		if len(u.Words) != len(strings.Fields(u.Text)) {
			continue
		}
		out[i] = make([]json.Number, len(u.Words))
		for j, word := range u.Words {
			out[i][j] = json.Number(seconds(word.Start))
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("write word times: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(data)
	if err != nil {
		p.Log.Debug("send word times", "err", err)
	}
	return nil
}
