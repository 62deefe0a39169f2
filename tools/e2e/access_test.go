package e2e

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// axe-core, the rules of WCAG as a script (MPL-2.0); fetched once by npm, checked against its pin.
const (
	axePackage = "axe-core@4.14.1"
	axePin     = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)

// axe returns the script, from bin/tools/ or from npm.
func axe(t *testing.T) string {
	t.Helper()
	kept := filepath.Join("..", "..", "bin", "tools", axePackage+".tgz")
	if _, err := os.Stat(kept); err != nil {
		dir := t.TempDir()
		pack := exec.Command("npm", "pack", "--silent", axePackage)
		pack.Dir = dir
		name, err := pack.Output()
		if err != nil {
			t.Fatalf("fetch %s: %v", axePackage, err)
		}
		if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, string(name[:len(name)-1])))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(kept, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha512.Sum512(data); base64.StdEncoding.EncodeToString(sum[:]) != axePin {
		t.Fatalf("%s is not what is pinned here; delete it and run again", kept)
	}
	script, err := exec.Command("tar", "-xOzf", kept, "package/axe.min.js").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		Target  []any
		Summary string `json:"failureSummary"`
	}
}

// Rules of axe-core: all of WCAG 2.2 AA, and those to which light or dark makes a difference.
const (
	allRules    = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	colourRules = `{type: "rule", values: ["color-contrast", "link-in-text-block"]}`
)

// tooWide is by how many pixels a page is wider than its screen. A phone zooms out of such a page:
// innerWidth grows with it, clientWidth does not.
const tooWide = `((e) => Math.max(e.scrollWidth, innerWidth) - e.clientWidth)(document.documentElement)`

// accessible holds what the page shows now to some rules, as far as a machine can tell.
func accessible(t *testing.T, ctx context.Context, script, rules string) {
	t.Helper()
	found := eval[string](t, ctx, `(async () => { if (!window.axe) { `+script+` } return JSON.stringify((await axe.run(document, {runOnly: `+rules+`})).violations); })()`)
	var violations []violation
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Errorf("%s (%s): %s: %v %s", v.ID, v.Impact, v.Help, v.Nodes[0].Target, v.Nodes[0].Summary)
	}
	if wider := eval[float64](t, ctx, tooWide); wider > 0 {
		t.Errorf("wider than the screen by %v pixels", wider)
	}
}

// TestAccessLooks shows that the rules find what is wrong: one that finds nothing anywhere may not be looking.
func TestAccessLooks(t *testing.T) {
	ctx := browse(t, wide)
	run(t, ctx, chromedp.Navigate(serve(t, "--demo")+"nothing"))
	eval[any](t, ctx, `document.body.append(document.createElement("img")); null`)
	if broken := eval[float64](t, ctx, `(async () => { `+axe(t)+`; return (await axe.run(document, {runOnly: ["wcag2a"]})).violations.length; })()`); broken == 0 {
		t.Error("axe does not see a picture without a text")
	}
}

// focused tells of the element that has the focus. A control that is drawn by another (the field
// over the place to drop files on) shows its focus there.
const focused = `(() => {
	const el = document.activeElement;
	if (el === document.body) return {Place: -1};
	const box = el.getBoundingClientRect();
	const styles = [el, el.closest(".drop")].filter(Boolean).map((e) => getComputedStyle(e));
	const middle = (from, to, size) => (Math.max(0, from) + Math.min(size, to)) / 2; // of what the window shows of it
	const over = document.elementFromPoint(middle(box.left, box.right, innerWidth), middle(box.top, box.bottom, innerHeight));
	return {
		Place: [...document.querySelectorAll("*")].indexOf(el), Name: el.tagName + "." + el.className + " " + el.textContent.trim().slice(0, 30),
		Ring: styles.some((s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && s.outlineColor !== "rgba(0, 0, 0, 0)"),
		Seen: box.bottom > 0 && box.top < innerHeight && over !== null && (el.contains(over) || over.contains(el)) && getComputedStyle(el.closest(".drop") ?? el).opacity > 0,
	};
})()`

// TestKeyboard goes through every page with the Tab key alone: each stop is in the order of the page,
// shows that it has the focus, and is not hidden under anything.
func TestKeyboard(t *testing.T) {
	address := serve(t, "--demo")
	for _, s := range []screen{wide, {width: phone.width, height: phone.height, dark: true}} {
		t.Run(s.name(), func(t *testing.T) {
			ctx := browse(t, s)
			for _, page := range []struct {
				path  string
				stops int // at least
			}{{"", 20}, {"clients/maya", 12}, {"clients/maya/course", 40}, {complete, 40}, {reviewed, 40}, {"search?q=gate", 15}, {"upload", 15}, {"nothing", 4}} {
				run(t, ctx, chromedp.Navigate(address+page.path))
				if page.path == "" || page.path == "upload" {
					until(t, ctx, captured)
				}
				deafen(t, ctx) // what comes in between two stops would move the later ones
				last, stops, again := -1, 0, 0
				for {
					run(t, ctx, key(kb.Tab))
					at := eval[struct {
						Place      int
						Name       string
						Ring, Seen bool
					}](t, ctx, focused)
					if at.Place == last && again < 3 { // a date has a field for the day, the month and the year, and a calendar
						again++
						continue
					}
					again = 0
					if at.Place <= last { // out of the page, or at its first stop again
						break
					}
					last = at.Place
					stops++
					if !at.Ring {
						t.Errorf("/%s: the focus cannot be seen on %s", page.path, at.Name)
					}
					if !at.Seen {
						t.Errorf("/%s: %s has the focus and is hidden", page.path, at.Name)
					}
				}
				if stops < page.stops {
					t.Errorf("/%s: the Tab key stops %d times", page.path, stops)
				}
			}
		})
	}
}

// TestRows goes through the transcript by arrow keys: one row is a stop of the Tab key, and one, the one that sounds, is current.
func TestRows(t *testing.T) {
	address := serve(t, "--demo")
	ctx := browse(t, phone)
	open(t, ctx, address+complete)
	crawl(t, ctx)
	for i := range 3 {
		run(t, ctx, chromedp.Focus(`#rows .at[tabindex="0"]`), key(kb.ArrowDown), key(kb.Enter))
		row := strconv.Itoa(i + 1)
		until(t, ctx, `[...document.querySelectorAll("#rows [aria-current=true]")].map(r => r.id).join() === "u`+row+`"`)
		if stops := eval[string](t, ctx, `[...document.querySelectorAll("#rows .at[tabindex='0']")].map(r => r.closest(".u").id).join()`); stops != "u"+row {
			t.Errorf("the Tab key stops at %q, the focus is in u%s", stops, row)
		}
		if seen := eval[bool](t, ctx, focused+`.Seen`); !seen {
			t.Errorf("row %s has the focus and is hidden", row)
		}
		run(t, ctx, key(" "))
	}
}
