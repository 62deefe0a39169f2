package review_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
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

// FuzzUpload sends anything to everything that takes files in.
func FuzzUpload(f *testing.F) {
	p, _, _ := withIntake(f)
	begun := ask(f, p, "POST", "/uploads", form("memo.wav", 4000))
	f.Add("POST", "", "", "", form("memo.wav", 5))
	f.Add("POST", "", "", "", []byte(`{"bytes":-1,"session":1e99,"file":"../../x.wav"}`))
	f.Add("PATCH", begun.ID, "0", checksum([]byte("abc")), []byte("abc"))
	f.Add("PATCH", begun.ID, "9223372036854775807", "sha256 ", []byte("abc"))
	f.Add("PATCH", begun.ID, "", "md5 x", []byte{})
	f.Add("HEAD", "..", "", "", []byte{})
	f.Fuzz(func(t *testing.T, method, id, offset, sum string, body []byte) {
		for _, path := range []string{"/uploads", "/uploads/" + id, "/work/" + id} {
			r, err := http.NewRequest(method, "http://localhost"+path, bytes.NewReader(body))
			if err != nil {
				continue
			}
			r.Header.Set("Content-Type", "application/offset+octet-stream")
			r.Header.Set("Upload-Offset", offset)
			r.Header.Set("Upload-Checksum", sum)
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			// Refusing for want of room is right when a fuzzer has filled the list.
			if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
				t.Errorf("%s %q: status %d", method, path, w.Code)
			}
		}
	})
}
