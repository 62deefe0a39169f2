package e2e

import (
	"bytes"
	"encoding/base64"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const sample = "../../samples/c01_s2_immediate.ogg"

// store is a server on a store of its own, which can be killed and started again.
type store struct {
	dir, uploads string
	kill         func()
}

func newStore(t *testing.T) *store {
	t.Helper()
	return &store{dir: t.TempDir(), uploads: t.TempDir(), kill: func() {}}
}

// start kills the server if there is one, as kill -9 does, and starts it.
func (s *store) start(t *testing.T) (address string) {
	t.Helper()
	s.kill()
	address, s.kill = start(t, "--store", s.dir, "--uploads", s.uploads)
	return address
}

// sound cuts a part out of the sample, in the form its name asks for.
func sound(t *testing.T, name string, options ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	cut := exec.Command("ffmpeg", append(append([]string{"-nostdin", "-loglevel", "error", "-i", sample}, options...), path)...)
	if out, err := cut.CombinedOutput(); err != nil {
		t.Fatalf("cut the sample: %v: %s", err, out)
	}
	return path
}

// original is the file as the store keeps it, "" while there is none.
func (s *store) original(t *testing.T) []byte {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, "clients", "*", "recordings", "*", "audio", "original*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("originals in the store: %q, %v", found, err)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestUpload drops a file on the page and follows it until it can be read and heard.
func TestUpload(t *testing.T) {
	s := newStore(t)
	address := s.start(t)
	ctx := browse(t, wide)
	file := sound(t, "c01_s2_immediate.ogg", "-t", "70", "-c", "copy")
	data := base64.StdEncoding.EncodeToString(read(t, file))
	run(t, ctx, chromedp.Navigate(address+"upload"), chromedp.WaitReady("#files"))
	until(t, ctx, `performance.getEntriesByType("resource").some(e => e.name.includes("send.js"))`)
	eval[any](t, ctx, `(() => {
		const bytes = Uint8Array.from(atob("`+data+`"), c => c.charCodeAt(0)), d = new DataTransfer();
		d.items.add(new File([bytes], "c01_s2_immediate.ogg"));
		d.items.add(new File(["not sound"], "letter.pdf"));
		document.getElementById("drop").dispatchEvent(new DragEvent("drop", {dataTransfer: d, bubbles: true, cancelable: true}));
	})(); null`)
	if shown := eval[string](t, ctx, `document.getElementById("problem").textContent`); !strings.Contains(shown, "letter.pdf") {
		t.Errorf("of the letter it says %q", shown)
	}
	if form := eval[string](t, ctx, `["client", "session", "phase", "speakers"].map(n => document.querySelector("#chosen [name=" + n + "]").value).join(" ")`); form != "c01 2 immediate auto" {
		t.Errorf("the name of the file tells %q", form)
	}
	run(t, ctx, chromedp.Focus("#start"), key(kb.Enter))
	until(t, ctx, `document.querySelector("#work .job") !== null && document.querySelector("#chosen li") === null`)
	until(t, ctx, underWay)
	until(t, ctx, `document.querySelector("#work .finished a") !== null`)
	if !bytes.Equal(s.original(t), read(t, file)) {
		t.Error("the store does not hold the bytes that were uploaded")
	}
	run(t, ctx, click("#work .finished a"))
	arrive(t, ctx, "#rows .u")
	if title := eval[string](t, ctx, `document.querySelector("h1").textContent`); title != "Treatment 2: Immediate debrief" {
		t.Errorf("it is shown as %q", title)
	}
	if left, err := filepath.Glob(filepath.Join(s.uploads, "*", "*", "sound*")); err != nil || len(left) > 0 {
		t.Errorf("left behind of the upload: %q, %v", left, err)
	}
}

// breaking lies between browser and server and can be cut.
type breaking struct {
	mu       sync.Mutex
	upstream string
	left     int // bytes that still go through
	conns    map[net.Conn]bool
}

func breakable(t *testing.T, upstream string) (*breaking, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &breaking{conns: map[net.Conn]bool{}}
	b.mend(upstream, 1<<40)
	t.Cleanup(func() { l.Close(); b.cut() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go b.carry(in)
		}
	}()
	return b, "http://" + l.Addr().String() + "/"
}

// mend lets so many bytes through to a server.
func (b *breaking) mend(upstream string, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.upstream, b.left = strings.TrimSuffix(strings.TrimPrefix(upstream, "http://"), "/"), bytes
}

func (b *breaking) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = 0
	for c := range b.conns {
		c.Close()
	}
	clear(b.conns)
}

func (b *breaking) carry(in net.Conn) {
	defer in.Close()
	b.mu.Lock()
	upstream, open := b.upstream, b.left > 0
	b.mu.Unlock()
	if !open {
		return
	}
	out, err := net.Dial("tcp", upstream)
	if err != nil {
		return
	}
	defer out.Close()
	b.mu.Lock()
	b.conns[in], b.conns[out] = true, true
	b.mu.Unlock()
	go func() {
		io.Copy(in, out) // ends with either side, and that is all there is to know
		in.Close()
	}()
	buf := make([]byte, 32<<10)
	for {
		n, err := in.Read(buf)
		if err != nil {
			return
		}
		b.mu.Lock()
		n = min(n, b.left)
		b.left -= n
		broken := b.left == 0
		b.mu.Unlock()
		if _, err := out.Write(buf[:n]); err != nil {
			return
		}
		if broken {
			b.cut()
			return
		}
	}
}

// TestUploadBreaks cuts the line in the middle of an upload, kills the server, closes the page,
// and still has every byte arrive; then a person stops the work and has it go on.
func TestUploadBreaks(t *testing.T) {
	s := newStore(t)
	line, address := breakable(t, s.start(t))
	ctx := browse(t, wide)
	file := sound(t, "REC0042.wav", "-t", "120", "-ar", "48000", "-ac", "1") // 11 MB, six chunks; long enough to be stopped at work
	choose := func() {
		run(t, ctx, chromedp.Navigate(address+"upload"), chromedp.WaitReady("#files"))
		until(t, ctx, `performance.getEntriesByType("resource").some(e => e.name.includes("send.js")) && document.getElementById("upload") !== null`)
		run(t, ctx, chromedp.SetUploadFiles("#files", []string{file}), chromedp.WaitVisible("#start"))
	}
	choose()
	run(t, ctx, click("#start"))
	until(t, ctx, `!document.getElementById("problem").hidden && document.activeElement.name === "client"`)
	run(t, ctx, chromedp.SendKeys("#chosen [name=client]", "c07"), chromedp.SendKeys("#chosen [name=session]", "1"),
		chromedp.SetValue("#chosen [name=phase]", "followup"))
	eval[any](t, ctx, `window.told = []; new MutationObserver((all) => all.forEach((one) => told.push(one.target.textContent))).observe(document.querySelector("#chosen .said"), {childList: true}); null`)
	line.mend(line.upstream, 5<<20)
	run(t, ctx, click("#start"))
	until(t, ctx, `/%.*goes on by itself/s.test(told.join(" "))`)
	line.mend(s.start(t), 3<<20) // comes back, breaks off again
	until(t, ctx, `/goes on by itself.*%.*goes on by itself/s.test(told.join(" "))`)
	run(t, ctx, chromedp.Navigate("about:blank")) // or it would go on by itself once more
	line.mend(s.start(t), 1<<40)
	choose() // a new page
	if said := eval[string](t, ctx, `document.querySelector("#chosen .said").textContent + document.querySelector("#chosen [name=client]").value`); !strings.HasSuffix(said, "c07") || !strings.Contains(said, "broke off") {
		t.Errorf("of the file chosen again it says %q", said)
	}
	begun := eval[float64](t, ctx, `document.querySelector("#work progress").value`)
	if begun == 0 {
		t.Error("nothing of what was sent is kept")
	}
	run(t, ctx, click("#start"))
	press(t, ctx, `document.querySelector("#work .transcribing [value=cancel]")`)
	until(t, ctx, `document.querySelector("#work .cancelled") !== null`)
	line.mend(s.start(t), 1<<40)
	run(t, ctx, chromedp.Reload())
	until(t, ctx, `document.querySelector("#work .cancelled [value=retry]") !== null`)
	run(t, ctx, chromedp.Focus("#work [value=retry]"), key(kb.Enter))
	until(t, ctx, underWay)
	line.mend(s.start(t), 1<<40) // killed at work: it goes on by itself
	until(t, ctx, `document.querySelector("#work .finished") !== null`)
	if !bytes.Equal(s.original(t), read(t, file)) {
		t.Error("the store does not hold the bytes of the file")
	}
}

// underWay holds once a recording is seen to move on, or has been so quick that it is done already.
const underWay = `document.querySelector("#work .transcribing progress")?.value > 0 || document.querySelector("#work .finished") !== null`

// TestUploadFails shows why, without a path of the server, and what to do; then it is done.
func TestUploadFails(t *testing.T) {
	s := newStore(t)
	models := os.Getenv("DEBRIEF_MODELS")
	missing := filepath.Join(t.TempDir(), "models")
	t.Setenv("DEBRIEF_MODELS", missing)
	address := s.start(t)
	ctx := browse(t, phone)
	good := sound(t, "c01_s2_followup.flac", "-t", "20")
	bad := filepath.Join(t.TempDir(), "c01_s3_followup.wav")
	if err := os.WriteFile(bad, []byte("this is no sound at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, ctx, chromedp.Navigate(address+"upload"), chromedp.WaitReady("#files"))
	until(t, ctx, `performance.getEntriesByType("resource").some(e => e.name.includes("send.js"))`)
	run(t, ctx, chromedp.SetUploadFiles("#files", []string{good, bad}), chromedp.WaitVisible("#start"), click("#start"))
	until(t, ctx, `document.querySelectorAll("#work .failed").length === 2`)
	if shown := eval[string](t, ctx, `document.getElementById("work").innerText`); !strings.Contains(shown, "make setup") || strings.Contains(shown, missing) || strings.Contains(shown, s.uploads) {
		t.Errorf("without models it says %q", shown)
	}
	if err := os.Symlink(models, missing); err != nil {
		t.Fatal(err)
	}
	const lacking = `[...document.querySelectorAll("#work .failed")].filter((j) => j.innerText.includes("make setup"))`
	for left := 1; left >= 0; left-- {
		press(t, ctx, lacking+`[0].querySelector("[value=retry]")`)
		until(t, ctx, lacking+`.length === `+strconv.Itoa(left))
	}
	until(t, ctx, `document.querySelector("#work .finished")?.innerText.includes("c01_s2_followup.flac")`)
	until(t, ctx, `document.querySelector("#work .failed")?.innerText.includes("cannot be read as audio")`)
	press(t, ctx, `document.querySelector("#work .failed [value=remove]")`)
	until(t, ctx, `document.querySelector("#work .failed") === null`)
}
