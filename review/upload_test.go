package review_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"debrief"
	"debrief/pipeline/intake"
	"debrief/review"
)

const chunk = 1 << 10 // bytes; small, so that a test's file has several

var limits = review.UploadLimits{Bytes: 5 << 10, Chunk: chunk, Types: []string{".wav", ".ogg"}}

// newIntake is the real one, with nobody who works.
func newIntake(t testing.TB) (*intake.Intake, string) {
	t.Helper()
	dir := t.TempDir()
	in, err := intake.New(intake.Config{
		Dir:     dir,
		Open:    func(string, bool) (intake.Worker, error) { return nil, debrief.ErrModel },
		Confirm: func(context.Context, *debrief.Recording) error { return nil },
		Discard: func(context.Context, debrief.ClientID, debrief.RecordingID) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in, dir
}

func withIntake(t testing.TB) (*review.Page, *intake.Intake, string) {
	in, dir := newIntake(t)
	return newPage(t, func(c *review.Config) { c.Intake, c.Limits, c.Now = in, limits, nil }), in, dir
}

type answer struct {
	Status  int `json:"-"`
	ID      string
	Offset  int64
	Bytes   int64
	Problem string
}

func ask(t testing.TB, h http.Handler, method, path string, body []byte, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	out := answer{Status: w.Code}
	if w.Header().Get("Content-Type") == "application/json" && method != http.MethodHead {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	if n, err := strconv.ParseInt(w.Header().Get("Upload-Offset"), 10, 64); err == nil {
		out.Offset = n
	}
	return out
}

func form(name string, size int) []byte {
	return fmt.Appendf(nil, `{"file":%q,"bytes":%d,"mark":"m","client":"c01","session":2,"phase":"followup","speakers":"auto"}`, name, size)
}

func checksum(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256 " + base64.StdEncoding.EncodeToString(sum[:])
}

func patch(t testing.TB, h http.Handler, id string, at int, data []byte, headers ...string) answer {
	return ask(t, h, http.MethodPatch, "/uploads/"+id, data, append([]string{
		"Content-Type", "application/offset+octet-stream", "Upload-Offset", strconv.Itoa(at), "Upload-Checksum", checksum(data),
	}, headers...)...)
}

func TestUpload(t *testing.T) {
	p, in, dir := withIntake(t)
	data := make([]byte, 3000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	begun := ask(t, p, "POST", "/uploads", form("memo.wav", len(data)))
	if begun.Status != 201 || begun.Offset != 0 || begun.Bytes != 3000 {
		t.Fatalf("begin: %+v", begun)
	}
	if a := patch(t, p, begun.ID, 0, data[:chunk]); a.Status != 200 || a.Offset != chunk {
		t.Fatalf("first part: %+v", a)
	}
	t.Run("OtherBytesThanVouchedFor", func(t *testing.T) {
		if a := patch(t, p, begun.ID, chunk, data[:chunk], "Upload-Checksum", checksum(data[1:5])); a.Status != 460 || a.Offset != chunk {
			t.Errorf("%+v", a)
		}
		if a := patch(t, p, begun.ID, chunk, data[:chunk], "Upload-Checksum", ""); a.Status != 460 {
			t.Errorf("without a checksum: %+v", a)
		}
	})
	t.Run("AnotherOffset", func(t *testing.T) {
		if a := patch(t, p, begun.ID, 5, data[5:10]); a.Status != 409 || a.Offset != chunk {
			t.Errorf("%+v", a)
		}
	})
	t.Run("TooLargeAPart", func(t *testing.T) {
		if a := patch(t, p, begun.ID, chunk, data[chunk:2*chunk+1]); a.Status != 413 {
			t.Errorf("%+v", a)
		}
	})
	t.Run("NoOffset", func(t *testing.T) {
		for _, at := range []string{"", "-1", "x", "99999999999999999999"} {
			if a := patch(t, p, begun.ID, 0, data[:5], "Upload-Offset", at); a.Status != 400 {
				t.Errorf("%q: %+v", at, a)
			}
		}
	})
	t.Run("FromAnotherSite", func(t *testing.T) {
		if a := patch(t, p, begun.ID, chunk, data[chunk:2*chunk], "Sec-Fetch-Site", "cross-site"); a.Status != 403 {
			t.Errorf("%+v", a)
		}
		if a := ask(t, p, "POST", "/uploads", form("memo.wav", 9), "Origin", "https://evil.example"); a.Status != 403 {
			t.Errorf("%+v", a)
		}
	})
	t.Run("WhereItStands", func(t *testing.T) {
		if a := ask(t, p, "HEAD", "/uploads/"+begun.ID, nil); a.Status != 200 || a.Offset != chunk {
			t.Errorf("%+v", a)
		}
		if a := ask(t, p, "HEAD", "/uploads/01HZZZZZZZZZZZZZZZZZZZZZZZ", nil); a.Status != 404 {
			t.Errorf("of another: %+v", a)
		}
	})
	t.Run("TheSameFileGoesOn", func(t *testing.T) {
		if a := ask(t, p, "POST", "/uploads", form("memo.wav", len(data))); a.ID != begun.ID || a.Offset != chunk {
			t.Errorf("%+v", a)
		}
	})
	for at := chunk; at < len(data); at += chunk {
		if a := patch(t, p, begun.ID, at, data[at:min(len(data), at+chunk)]); a.Status != 200 {
			t.Fatalf("at %d: %+v", at, a)
		}
	}
	if jobs, _ := in.Jobs(); len(jobs) != 1 || jobs[0].State != debrief.Queued {
		t.Errorf("it ended as %+v", jobs)
	}
	if kept, err := os.ReadFile(filepath.Join(dir, begun.ID, "sound.wav")); err != nil || !bytes.Equal(kept, data) {
		t.Errorf("other bytes are kept: %v", err)
	}
	if shown := get(t, p, "/upload").Body.String(); !strings.Contains(shown, "memo.wav") || !strings.Contains(shown, "Next in line") {
		t.Error("the page does not show it")
	}
}

func TestUploadRefused(t *testing.T) {
	p, in, _ := withIntake(t)
	for name, c := range map[string]struct {
		body []byte
		says string
	}{
		"Type":      {form("letter.pdf", 5), "Not a kind of file"},
		"Large":     {form("long.wav", 5<<10+1), "too large"},
		"Empty":     {form("none.wav", 0), "empty"},
		"Client":    {bytes.Replace(form("a.wav", 5), []byte(`"c01"`), []byte(`"Maya L"`), 1), "code of small letters"},
		"Treatment": {bytes.Replace(form("a.wav", 5), []byte(`:2,`), []byte(`:100,`), 1), "which treatment"},
		"Phase":     {bytes.Replace(form("a.wav", 5), []byte(`followup`), []byte(`later`), 1), "which phase"},
		"Nonsense":  {[]byte("]"), "could not be understood"},
	} {
		t.Run(name, func(t *testing.T) {
			if a := ask(t, p, "POST", "/uploads", c.body); a.Status < 400 || a.Status >= 500 || !strings.Contains(a.Problem, c.says) {
				t.Errorf("%+v", a)
			}
		})
	}
	if jobs, _ := in.Jobs(); len(jobs) > 0 {
		t.Errorf("%d jobs are left of what was refused", len(jobs))
	}
	t.Run("NobodyTakesItIn", func(t *testing.T) {
		p := newPage(t, nil)
		if a := ask(t, p, "POST", "/uploads", form("a.wav", 5)); a.Status != 404 {
			t.Errorf("%+v", a)
		}
		if w := get(t, p, "/upload"); w.Code != 404 {
			t.Errorf("the page: %d", w.Code)
		}
	})
}

func TestAct(t *testing.T) {
	p, in, _ := withIntake(t)
	begun := ask(t, p, "POST", "/uploads", form("memo.wav", 5))
	patch(t, p, begun.ID, 0, []byte("12345"))
	act := func(what string, headers ...string) int {
		return ask(t, p, "POST", "/work/"+begun.ID, []byte("act="+what), append(headers, "Content-Type", "application/x-www-form-urlencoded")...).Status
	}
	if code := act("remove"); code != 409 {
		t.Errorf("removing what waits: %d", code)
	}
	if code := act("dance"); code != 409 {
		t.Errorf("an act that is none: %d", code)
	}
	if code := act("cancel", "Sec-Fetch-Site", "cross-site"); code != 403 {
		t.Errorf("from another site: %d", code)
	}
	if code := act("cancel", "Accept", "application/json"); code != 204 {
		t.Errorf("cancel: %d", code)
	}
	if code := act("retry"); code != 303 { // a form without a script goes back to the page
		t.Errorf("retry: %d", code)
	}
	if jobs, _ := in.Jobs(); jobs[0].State != debrief.Queued {
		t.Errorf("it is %s", jobs[0].State)
	}
}

func TestProcess(t *testing.T) {
	p, in, _ := withIntake(t)
	if shown := get(t, p, state(4)).Body.String(); !strings.Contains(shown, "/process") {
		t.Error("what is not transcribed cannot be finished")
	}
	if shown := get(t, p, complete).Body.String(); strings.Contains(shown, "/process") {
		t.Error("what is complete can be finished")
	}
	if a := ask(t, p, "POST", state(4)+"/process", nil); a.Status != 303 {
		t.Fatalf("%+v", a)
	}
	jobs, _ := in.Jobs()
	if len(jobs) != 1 || jobs[0].Client != "tomas" || jobs[0].Session != 2 || jobs[0].Recording == "" {
		t.Fatalf("queued: %+v", jobs)
	}
	if shown := get(t, p, state(4)).Body.String(); !strings.Contains(shown, "Next in line") {
		t.Error("its page does not show that it waits")
	}
}

// FuzzUpload sends a file in pieces with offsets, lengths and checksums that may lie, in any
// order, and stops, takes up and removes it between: what is kept is what was vouched for.
func FuzzUpload(f *testing.F) {
	in, dir := newIntake(f)
	p, store := hostilePage(f, newStore(f), func(c *review.Config) { c.Intake, c.Limits = in, limits })
	p.Survey()
	f.Add(uint16(3000), []byte{0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0}, []byte("abcdefg"))
	f.Add(uint16(40), []byte{0, 0, 9, 1, 0, 1, 9, 0, 0, 128, 9, 0, 0, 0, 9, 2, 0, 0, 9, 3, 0, 0, 9, 4, 1, 0, 0, 0, 0, 0, 200, 0}, []byte("x"))
	f.Add(uint16(5), []byte{0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 4, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0}, []byte{0})
	f.Add(uint16(0), []byte{1, 0, 0, 0}, []byte{})
	f.Add(uint16(65535), []byte{1, 0, 0, 0}, []byte{1})
	f.Fuzz(func(t *testing.T, size uint16, steps, sound []byte) {
		store.reset(0)
		ask := func(head string, body []byte) (answer, int) {
			r, b := shout(t, p, head, body)
			harmless(t, r, head+string(body), b, false)
			var a answer
			if r.Method != http.MethodHead && b.Header().Get("Content-Type") == "application/json" {
				if err := json.Unmarshal(b.Body.Bytes(), &a); err != nil {
					t.Fatal(err)
				}
			}
			return a, b.Code
		}
		begun, code := ask("POST /uploads HTTP/1.1", form("memo.wav", int(size)))
		if fits := size > 0 && int64(size) <= limits.Bytes; (code == http.StatusCreated) != fits {
			t.Fatalf("%d bytes are answered with %d", size, code)
		} else if !fits {
			return
		}
		defer func() {
			for _, act := range []debrief.JobAct{debrief.JobCancel, debrief.JobRemove} {
				if _, err := in.Act(context.Background(), debrief.JobID(begun.ID), act); err != nil && !errors.Is(err, debrief.ErrNotFound) && !errors.Is(err, debrief.ErrConflict) {
					t.Error(err)
				}
			}
		}()
		var kept []byte
		for ; len(steps) >= 4 && len(sound) > 0; steps = steps[4:] {
			what, off, n, lie := steps[0]%5, int(int8(steps[1])), 5*int(steps[2]), steps[3]
			at := len(kept) + off
			switch what {
			case 0:
				part := bytes.Repeat(sound, n/len(sound)+1)[:n]
				sum, length := checksum(part), n
				if lie == 1 {
					sum = checksum(append(part, 'x'))
				} else if lie > 1 {
					length += int(lie) - 128
				}
				a, code := ask(fmt.Sprintf("PATCH /uploads/%s HTTP/1.1\nContent-Type: application/offset+octet-stream\nUpload-Offset: %d\nUpload-Checksum: %s\nContent-Length: %d",
					begun.ID, at, sum, max(0, length)), part)
				good := off == 0 && lie != 1 && max(0, length) == n && n <= chunk && len(kept)+n <= int(size)
				if len(kept) < int(size) && good != (code == http.StatusOK) {
					t.Fatalf("%d bytes at %d of %d, said to be %d: %d", n, at, size, length, code)
				}
				if code == http.StatusOK {
					kept = append(kept, part...)
				}
				if a.Offset != int64(len(kept)) {
					t.Fatalf("after %d it says that %d bytes are here, not %d", code, a.Offset, len(kept))
				}
			case 1:
				ask("HEAD /uploads/"+begun.ID+" HTTP/1.1", nil)
			case 2:
				if a, _ := ask("POST /uploads HTTP/1.1", form("memo.wav", int(size))); a.ID != begun.ID || a.Offset != int64(len(kept)) {
					t.Fatalf("taken up again, it is %+v", a)
				}
			case 3:
				ask("POST /work/"+begun.ID+" HTTP/1.1\nContent-Type: application/x-www-form-urlencoded", []byte("act=retry"))
			case 4:
				if len(kept) == int(size) { // it waits for a worker; what is stopped can be tried again, and keeps its file
					ask("POST /work/"+begun.ID+" HTTP/1.1\nContent-Type: application/x-www-form-urlencoded", []byte("act=cancel"))
				}
			}
			disk, err := os.ReadFile(filepath.Join(dir, begun.ID, "sound.wav"))
			if err != nil && len(kept) > 0 || !bytes.Equal(disk, kept) {
				t.Fatalf("%d bytes are kept of %d: %v", len(disk), len(kept), err)
			}
		}
	})
}
