// Package e2e drives the coach's page in a real Chromium, against the real command. It never
// runs in the product: it is a module of its own with the other tools of the tests.
package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The demo's recordings.
const (
	complete = "clients/maya/recordings/01DEMQ00000000000000000005"
	reviewed = "clients/maya/recordings/01DEMQ00000000000000000008"
	followup = "clients/maya/recordings/01DEMQ00000000000000000006"
	long     = "clients/lena/recordings/01DEMQ00000000000000000200"
)

func unfinished(n int) string {
	return fmt.Sprintf("clients/tomas/recordings/01DEMQ%020d", 100+n)
}

// patience is how long anything on a page may take before a test gives up, on a busy machine.
const patience = 4 * time.Minute

// binary is the command under test, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "debrief-e2e")
	if err == nil {
		err = prepare(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// prepare builds the command in a directory, and names the models to it: it looks beside itself.
func prepare(dir string) error {
	models, err := filepath.Abs("../../models")
	if err != nil {
		return err
	}
	if err := os.Setenv("DEBRIEF_MODELS", models); err != nil {
		return err
	}
	binary = os.Getenv("DEBRIEF_BIN") // a build to test instead
	if binary != "" {
		return nil
	}
	binary = filepath.Join(dir, "debrief")
	build := exec.Command("go", "build", "-C", "../..", "-o", binary, "./cmd/debrief")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build debrief: %w", err)
	}
	return nil
}

var pageAddress = regexp.MustCompile(`http://\S+`)

// serve starts the page and returns its address, which ends in "/".
func serve(t testing.TB, args ...string) string {
	t.Helper()
	address, _ := start(t, args...)
	return address
}

// start does the same, and returns a way to kill the server as kill -9 does.
func start(t testing.TB, args ...string) (address string, kill func()) {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // it may have ended by itself; Wait tells
		_ = cmd.Wait()
	})
	t.Cleanup(kill)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address := pageAddress.FindString(lines.Text()); address != "" {
			return address, kill
		}
	}
	t.Fatalf("debrief serve named no address: %v", lines.Err())
	return "", nil
}

// screen is a size and a colour scheme.
type screen struct {
	width, height int64
	dark          bool
}

var (
	wide  = screen{width: 1400, height: 900}
	phone = screen{width: 390, height: 844}
)

func (s screen) name() string {
	kind, light := "wide", "light"
	if s.width < 600 {
		kind = "phone"
	}
	if s.dark {
		light = "dark"
	}
	return kind + "-" + light
}

// chromium finds the browser that make setup installs.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("Chromium is not installed; on Debian: apt-get install chromium")
	return ""
}

// browse opens a tab of its own browser. The test fails when the page reports a script error
// or breaks its own content policy.
func browse(t testing.TB, s screen) context.Context {
	t.Helper()
	profile, err := os.MkdirTemp("", "debrief-e2e-profile")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(profile); err != nil {
			t.Logf("remove the browser's profile: %v", err) // a child of the browser may still be writing
		}
	})
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.UserDataDir(profile), chromedp.WSURLReadTimeout(patience),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("mute-audio", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
	)
	if s.width >= 600 { // a screen on a desk has a mouse, which headless Chromium does not know
		options = append(options, chromedp.Flag("blink-settings", "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"))
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	// The library logs events newer than itself; they are none of a test's business.
	quiet := func(string, ...any) {}
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithErrorf(quiet))
	t.Cleanup(closeTab)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // waits until the browser has ended
			t.Logf("end the browser: %v", err)
		}
	})
	var mu sync.Mutex
	var faults []string
	chromedp.ListenTarget(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			faults = append(faults, e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			// Tests cut the line of a stream, an upload or a sound that is not read to its end, as a server that is
			// killed does; whether it comes back they see on the page.
			cut := strings.Contains(e.Entry.Text, "net::ERR") && (strings.HasSuffix(e.Entry.URL, "/live?finished=1") || strings.HasSuffix(e.Entry.URL, "/live") || strings.Contains(e.Entry.URL, "/uploads") || strings.HasSuffix(e.Entry.URL, "/audio.wav"))
			if e.Entry.Level == log.LevelError && !strings.Contains(e.Entry.Text, "status of 4") && !cut {
				faults = append(faults, e.Entry.Text)
			}
		}
	})
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, f := range faults {
			t.Errorf("the page reports: %s", f)
		}
	})
	// The browser lives as long as the context it is started with: not one of run's.
	if err := chromedp.Run(ctx); err != nil {
		t.Fatal(err)
	}
	run(t, ctx,
		log.Enable(),
		once(page.AddScriptToEvaluateOnNewDocument(messagesStay)),
		emulation.SetFocusEmulationEnabled(true), // two tabs at once: each believes it is in front
		emulation.SetDeviceMetricsOverride(s.width, s.height, 1, s.width < 600),
		s.scheme(),
	)
	return ctx
}

// messagesStay has a page show its messages until the next one, not for 8 seconds: a test may come late to look at them.
const messagesStay = `{ const later = setTimeout; window.setTimeout = (f, ms, ...rest) => later(f, ms === 8000 && document.getElementById("toast") ? 2 ** 31 - 1 : ms, ...rest); }`

// once is a step whose answer nobody needs.
func once[T any](step interface {
	Do(context.Context) (T, error)
}) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := step.Do(ctx)
		return err
	})
}

// scheme sets light or dark, which a page follows at once.
func (s screen) scheme() chromedp.Action {
	scheme := "light"
	if s.dark {
		scheme = "dark"
	}
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	})
}

func run(t testing.TB, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, action := range actions {
		err := chromedp.Run(ctx, action)
		for last := err; err != nil && drawnAnew.MatchString(last.Error()); {
			if err = chromedp.Run(ctx, action); errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("%v: %v", err, last)
			} else if err != nil {
				last = err
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// eval returns the value of an expression on the page.
func eval[T any](t testing.TB, ctx context.Context, expression string) T {
	t.Helper()
	var value T
	run(t, ctx, chromedp.Evaluate(expression, &value, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return value
}

// ctrlZ takes the last change back.
func ctrlZ(ctx context.Context) error {
	return key("z", input.ModifierCtrl).Do(ctx)
}

// leaving is how the browser says that a page went away while it was asked: it may load itself anew.
var leaving = regexp.MustCompile(`target navigated|context with specified id|context was destroyed|Promise was collected`)

// until waits for an expression to become true on the page. While what it asks for is not there it may throw.
func until(t testing.TB, ctx context.Context, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	poll := func() error {
		return chromedp.Run(ctx, chromedp.Poll(`(async () => { try { return await (`+expression+`); } catch { return false; } })()`, nil, chromedp.WithPollingTimeout(patience)))
	}
	err := poll()
	for err != nil && leaving.MatchString(err.Error()) {
		err = poll()
	}
	if err != nil {
		var shown string
		if errors.Is(err, context.DeadlineExceeded) {
			shown = " (never came true)"
		}
		t.Fatalf("%s: %v%s", expression, err, shown)
	}
}
