package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// booster writes a client with a long name and a treatment a year, of which nothing is transcribed yet.
func (s *store) booster(t *testing.T, treatments int) {
	t.Helper()
	put := func(doc map[string]any, path ...string) {
		data, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(append([]string{s.dir, "clients", "c12"}, path...)...)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(map[string]any{"id": "c12", "name": "Zoë <b>Müller</b> von und zu Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"}, "client.json")
	for i := range treatments {
		id := fmt.Sprintf("0000000000000000000000%04d", i+1)
		put(map[string]any{"id": id, "client": "c12", "session": i + 1, "phase": "followup", "origin": "imported", "status": "stored", "samples": 960000,
			"segments": []map[string]any{{"samples": 960000, "bytes": 1, "sha256": "x"}}}, "recordings", id, "recording.json")
	}
}

// TestOddClients has a name no screen is wide enough for and more treatments than a sheet of paper is.
func TestOddClients(t *testing.T) {
	s := newStore(t)
	s.booster(t, 12)
	address := s.start(t)
	t.Run("TheNarrowestScreen", func(t *testing.T) {
		ctx := browse(t, screen{width: 320, height: 640}) // as WCAG 2.2 asks, 1.4.10
		for _, page := range []string{"", "clients/c12", "clients/c12/course", "clients/c12/recordings/00000000000000000000000001", "search?client=c12", "upload", "nothing"} {
			run(t, ctx, chromedp.Navigate(address+page))
			drawn(t, ctx)
			if wider := eval[float64](t, ctx, tooWide); wider > 0 {
				t.Errorf("/%s is wider than the screen by %v pixels", page, wider)
			}
		}
	})
	t.Run("LongPromptsAndWords", func(t *testing.T) {
		demo := serve(t, "--demo")
		ctx := browse(t, screen{width: 320, height: 640})
		for _, page := range []string{"clients/maya", "clients/maya/course", complete, "search?q=garden"} {
			run(t, ctx, chromedp.Navigate(demo+page))
			drawn(t, ctx)
			eval[any](t, ctx, `for (const c of document.querySelectorAll(".chip")) c.firstChild.textContent = "What the body wanted to say to the one who carries it";
				for (const q of document.querySelectorAll("q")) q.textContent = "m".repeat(300); null`)
			if wider := eval[float64](t, ctx, tooWide); wider > 0 {
				t.Errorf("/%s is wider than the screen by %v pixels", page, wider)
			}
		}
	})
	t.Run("TheHelpOpensAtItsTop", func(t *testing.T) {
		ctx := browse(t, screen{width: 640, height: 400}) // a page at twice its size
		open(t, ctx, serve(t, "--demo")+complete)
		run(t, ctx, key("?"))
		until(t, ctx, `document.getElementById("help").open && document.getElementById("help").scrollTop === 0`)
	})
	t.Run("OnPaper", func(t *testing.T) {
		ctx := browse(t, wide)
		run(t, ctx, chromedp.Navigate(address+"clients/c12/course"))
		drawn(t, ctx)
		run(t, ctx, onPaper)
		if outside := eval[string](t, ctx, `[...document.querySelectorAll("table td")].filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.dataset.of).join()`); outside != "" {
			t.Errorf("not on paper: %s", outside)
		}
	})
}

// onPaper shows a page as it is printed: as wide as A4 without its margins.
var onPaper = chromedp.Tasks{emulation.SetEmulatedMedia().WithMedia("print"), emulation.SetDeviceMetricsOverride(680, 900, 1, false)}

// TestOnPaper looks at what a printer gets of the pages that are more than a sheet or a debrief.
func TestOnPaper(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, wide)
	for _, c := range []struct{ name, page, want string }{
		{"FoundPassagesAreAsWideAsTheSheet", "search?q=the", `Math.min(...[...document.querySelectorAll(".hits .cite > p")].map((p) => p.getBoundingClientRect().width)) > 500`},
		{"ALongMoodLineFits", "clients/maya/course", `((svg) => { svg.setAttribute("width", 1920); return svg.getBoundingClientRect().right <= innerWidth; })(document.querySelector(".moodline svg"))`},
		{"NothingToPress", complete, `document.querySelector("#rows [data-verdict]") !== null && [...document.querySelectorAll("#rows button:not(.at), #aside button:not(.quote)")].every((b) => !b.checkVisibility())`},
		{"NoHeadingWithoutNotes", complete, `!document.querySelector("#aside [data-do=note]").closest("section").checkVisibility()`},
		{"NotesWithoutAGround", reviewed, `[...document.querySelectorAll(".note:not(.private)")].every((n) => n.checkVisibility() && getComputedStyle(n).backgroundColor === "rgba(0, 0, 0, 0)")`},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, ctx, chromedp.Navigate(address+c.page))
			drawn(t, ctx)
			run(t, ctx, onPaper)
			if ok := eval[bool](t, ctx, c.want); !ok {
				t.Errorf("not so: %s", c.want)
			}
		})
	}
}

// TestAlreadyThere pins what the summary has, and has one coach reword what the other has hidden.
func TestAlreadyThere(t *testing.T) {
	address := serve(t, "--demo")
	one, two := browse(t, wide), browse(t, wide)
	open(t, one, address+complete)
	open(t, two, address+complete)
	deafen(t, two)
	const sentence = `#aside .sentence[data-u="4"]`
	run(t, one, chromedp.Focus("#u4 .at"), key("p"))
	until(t, one, `document.getElementById("toast").checkVisibility() && document.querySelectorAll('`+sentence+`').length === 1`)
	if asked := eval[bool](t, one, `document.getElementById("conflict").open`); asked {
		t.Fatal("pinning what is in the summary is taken for somebody else's change")
	}
	eval[any](t, one, `document.querySelector('`+sentence+` [data-do=hide]').click(); null`)
	until(t, one, `document.querySelector('`+sentence+` [data-do=hide]') === null`)
	reword(t, two, sentence, "Her mother was young.")
	run(t, two, chromedp.WaitVisible("#conflict"))
	if shown := eval[string](t, two, `document.querySelector("#conflict .theirs").innerText + "/" + document.querySelector("#conflict .mine").innerText`); shown != "not in the summary/Her mother was young." {
		t.Errorf("the clash shows %q", shown)
	}
	run(t, two, chromedp.Focus(`#conflict [value="mine"]`), key(kb.Enter))
	until(t, two, `document.querySelector('`+sentence+` .said')?.textContent === "Her mother was young." && !document.querySelector("#aside .editor")`)
}

// TestDropped drops what is not simply a file: a folder, and two files that only look the same.
func TestDropped(t *testing.T) {
	ctx := browse(t, wide)
	run(t, ctx, chromedp.Navigate(serve(t, "--demo")+"upload"))
	arrive(t, ctx, "#files")
	until(t, ctx, `performance.getEntriesByType("resource").some((e) => e.name.includes("send.js"))`)
	dir := t.TempDir()
	folder := filepath.Join(dir, "last year.wav")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	drag := &input.DragData{Items: []*input.DragDataItem{}, Files: []string{folder}, DragOperationsMask: 1}
	for _, step := range []input.DispatchDragEventType{input.DragEnter, input.DragOver, input.Drop} {
		run(t, ctx, input.DispatchDragEvent(step, 700, 300, drag))
	}
	until(t, ctx, `document.getElementById("problem").textContent.includes("is a folder") && document.querySelector("#chosen li") === null`)
	eval[any](t, ctx, `for (const written of [1000, 2000, 2000]) {
		const d = new DataTransfer();
		d.items.add(new File(["RIFF"], "REC001.wav", {lastModified: written}));
		dispatchEvent(new DragEvent("drop", {dataTransfer: d, cancelable: true}));
	} null`)
	if chosen := eval[int](t, ctx, `document.querySelectorAll("#chosen li").length`); chosen != 2 {
		t.Errorf("of two recordings, one of them dropped twice, %d are chosen", chosen)
	}
}
