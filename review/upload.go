package review

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"debrief"
)

// Receiving a file follows the ideas of tus (tus.io): an upload has an address, HEAD tells how
// far it is, PATCH adds bytes at an offset with a checksum. It differs where tus would ask a
// browser to remember something: the same file, named by its mark, finds its upload again.

const (
	maxUploadForm = 8 << 10 // bytes of a request that begins an upload
	// statusChecksum is what tus answers when the bytes are not those that were sent.
	statusChecksum = 460
	chunkType      = "application/offset+octet-stream" // as in tus
)

// UploadLimits are what a file may be.
type UploadLimits struct {
	Bytes int64    // of a file
	Chunk int      // bytes of it sent at once
	Types []string // endings of its name, with the dot and in small letters
}

// uploadPage takes past recordings in.
type uploadPage struct {
	shell
	Clients  []option
	Client   string
	Phases   []option
	Sessions int // the highest number of a treatment
	Accept   string
	Limits   UploadLimits
	Largest  string
	Work     []workItem
	Demo     bool
}

func (uploadPage) template() string { return "upload.html" }

func (p *Page) upload(r *http.Request) (view, error) {
	if p.Intake == nil {
		return nil, debrief.ErrNotFound
	}
	v := &uploadPage{
		Limits: p.Limits, Accept: strings.Join(append([]string{"audio/*"}, p.Limits.Types...), ","),
		Largest: p.megabytes(p.Limits.Bytes), Demo: p.Demo,
	}
	v.Title = p.text.get("upload.title")
	v.Script, v.Live = "upload.js", "/live?finished=1"
	v.Crumbs = []crumb{{p.text.get("clients.title"), "/"}}
	known, err := p.index.look(r.Context(), p)
	if err != nil {
		return nil, err
	}
	for _, c := range known.clients {
		v.Clients = append(v.Clients, option{Value: string(c.ID), Label: clientName(c.Client)})
	}
	if id, err := debrief.ParseClientID(r.URL.Query().Get("client")); err == nil {
		v.Client = string(id)
	}
	for _, phase := range debrief.Phases() {
		v.Phases = append(v.Phases, option{Value: string(phase), Label: p.phaseName(phase)})
	}
	v.Sessions = debrief.MaxSession
	v.Work = p.work(scope{finished: true}, p.watches.captures(scope{}))
	return v, nil
}

// received answers every request of an upload.
type received struct {
	ID      debrief.JobID `json:"id,omitempty"`
	Offset  int64         `json:"offset"`
	Bytes   int64         `json:"bytes"`
	Problem string        `json:"problem,omitempty"`
}

// begin starts an upload, or finds the one that broke off.
func (p *Page) begin(w http.ResponseWriter, r *http.Request) error {
	if p.Intake == nil {
		return debrief.ErrNotFound
	}
	var form struct {
		File, Mark, Client, Phase, Speakers string
		Bytes                               int64
		Session                             int
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxUploadForm)).Decode(&form); err != nil {
		return p.sent(w, http.StatusBadRequest, received{Problem: p.text.get("error.invalid")})
	}
	job := debrief.Job{
		File: form.File, Mark: form.Mark, Bytes: form.Bytes, Client: debrief.ClientID(form.Client),
		Session: form.Session, Phase: debrief.Phase(form.Phase), Speakers: form.Speakers,
	}
	if problem := p.unfit(&job); problem != "" {
		return p.sent(w, http.StatusUnprocessableEntity, received{Problem: problem})
	}
	if p.Demo {
		return p.sent(w, http.StatusForbidden, received{Problem: p.text.get("upload.demo")})
	}
	job, err := p.Intake.Begin(r.Context(), job)
	if err != nil {
		return p.refused(w, err, job)
	}
	w.Header().Set("Location", "/uploads/"+string(job.ID))
	return p.sent(w, http.StatusCreated, progressOf(job))
}

// unfit says what is wrong with a file or a form before a byte of it is sent; "" for nothing.
func (p *Page) unfit(j *debrief.Job) string {
	_, client := debrief.ParseClientID(string(j.Client))
	_, session := debrief.ParseSession(j.Session)
	_, phase := debrief.ParsePhase(string(j.Phase))
	switch {
	case !slices.Contains(p.Limits.Types, strings.ToLower(filepath.Ext(j.File))):
		return p.text.get("upload.problem.type")
	case j.Bytes <= 0:
		return p.text.get("upload.problem.empty")
	case j.Bytes > p.Limits.Bytes:
		return p.text.get("upload.problem.large", p.megabytes(p.Limits.Bytes))
	case client != nil:
		return p.text.get("upload.problem.client")
	case session != nil:
		return p.text.get("upload.problem.session")
	case phase != nil:
		return p.text.get("upload.problem.phase")
	}
	return ""
}

// offset tells how far an upload is.
func (p *Page) offset(w http.ResponseWriter, r *http.Request) error {
	j, err := p.job(r, "upload")
	if err != nil {
		return p.refused(w, err, debrief.Job{})
	}
	return p.sent(w, http.StatusOK, progressOf(j))
}

// receive adds bytes to an upload.
func (p *Page) receive(w http.ResponseWriter, r *http.Request) error {
	j, err := p.job(r, "upload")
	if err != nil {
		return p.refused(w, err, j)
	}
	at, err := strconv.ParseInt(r.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || at < 0 || r.Header.Get("Content-Type") != chunkType {
		return p.refused(w, fmt.Errorf("upload without an offset: %w", debrief.ErrInvalid), j)
	}
	if at != j.Received { // before the bytes are read: whoever is behind must not send them all
		return p.refused(w, debrief.ErrConflict, j)
	}
	chunk, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(p.Limits.Chunk)))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return p.sent(w, http.StatusRequestEntityTooLarge, progressOf(j))
	case err != nil: // the line broke: what came is not kept, for nothing vouches for it
		return p.refused(w, fmt.Errorf("read a part of an upload: %w", debrief.ErrInvalid), j)
	}
	if !vouched(r.Header.Get("Upload-Checksum"), chunk) {
		return p.sent(w, statusChecksum, progressOf(j))
	}
	if j, err = p.Intake.Append(r.Context(), j.ID, at, chunk); err != nil {
		return p.refused(w, err, j)
	}
	return p.sent(w, http.StatusOK, progressOf(j))
}

// vouched compares bytes with a checksum as tus writes it: "sha256", a space, the hash in base64.
func vouched(header string, chunk []byte) bool {
	want, ok := strings.CutPrefix(header, "sha256 ")
	if !ok {
		return false
	}
	sum := sha256.Sum256(chunk)
	return subtle.ConstantTimeCompare([]byte(want), []byte(base64.StdEncoding.EncodeToString(sum[:]))) == 1
}

// act does what a person asks of a job. A script gets a status, a form goes back where it came from.
func (p *Page) act(w http.ResponseWriter, r *http.Request) error {
	j, err := p.job(r, "job")
	if err != nil {
		return p.refused(w, err, j)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxUploadForm)
	if _, err := p.Intake.Act(r.Context(), j.ID, debrief.JobAct(r.FormValue("act"))); err != nil {
		return p.refused(w, err, j)
	}
	return p.back(w, r, "/upload")
}

// process has what is missing of a recording made.
func (p *Page) process(w http.ResponseWriter, r *http.Request) error {
	rec, err := p.find(r)
	if err != nil {
		return err
	}
	if p.Intake == nil {
		return debrief.ErrNotFound
	}
	if _, err := p.Intake.Process(r.Context(), rec); err != nil {
		return err
	}
	return p.back(w, r, recordingHref(rec))
}

func (p *Page) back(w http.ResponseWriter, r *http.Request, to string) error {
	if r.Header.Get("Accept") == "application/json" {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// job finds the job a path names.
func (p *Page) job(r *http.Request, part string) (debrief.Job, error) {
	id, err := debrief.ParseJobID(r.PathValue(part))
	if err != nil || p.Intake == nil {
		return debrief.Job{}, debrief.ErrNotFound
	}
	jobs, _ := p.Intake.Jobs()
	at := slices.IndexFunc(jobs, func(j debrief.Job) bool { return j.ID == id })
	if at < 0 {
		return debrief.Job{}, debrief.ErrNotFound
	}
	return jobs[at], nil
}

func progressOf(j debrief.Job) received {
	return received{ID: j.ID, Offset: j.Received, Bytes: j.Bytes}
}

// refused answers with what a person can read, and where the upload stands.
func (p *Page) refused(w http.ResponseWriter, err error, j debrief.Job) error {
	code, key := status(err)
	out := progressOf(j)
	if out.Problem = p.text.get(key); errors.Is(err, debrief.ErrDiskFull) {
		code, out.Problem = http.StatusInsufficientStorage, p.text.get("reason.disk_full")
	}
	if code >= http.StatusInternalServerError {
		p.Log.Error("take a recording in", "job", j.ID, "err", err)
	}
	return p.sent(w, code, out)
}

func (p *Page) sent(w http.ResponseWriter, code int, body received) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Upload-Offset", strconv.FormatInt(body.Offset, 10))
	h.Set("Upload-Length", strconv.FormatInt(body.Bytes, 10))
	w.WriteHeader(code)
	if _, err := w.Write(data); err != nil {
		p.Log.Debug("send an answer", "err", err)
	}
	return nil
}
