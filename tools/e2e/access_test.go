package e2e

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
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

// choose drops two files on the page: one whose name tells what it is, and one whose does not.
const choose = `const d = new DataTransfer(); d.items.add(new File(["x".repeat(2e6)], "c01_s2_immediate.ogg"));
	d.items.add(new File(["x".repeat(9e5)], "New Recording 14.m4a")); dispatchEvent(new DragEvent("drop", {dataTransfer: d, cancelable: true}))`

// pages are every state a page can be in, by name.
var pages = []struct{ name, path, prepare string }{
	{"clients", "", ""},
	{"client", "clients/maya", ""},
	{"client-unfinished", "clients/tomas", ""},
	{"client-empty", "clients/c04", ""},
	{"course", "clients/maya/course", ""},
	{"search", "search", ""},
	{"search-found", "search?q=gate&client=maya", ""},
	{"search-nothing", "search?q=zeppelin", ""},
	{"recording", complete, ""},
	{"recording-playing", complete, `document.getElementById("sound").currentTime = 26`},
	{"recording-tools", complete, `document.querySelector("#u4 .at").focus()`},
	{"recording-editing", complete, `document.querySelector("#u4 .at").focus(); document.querySelector("[data-do=edit]").click()`},
	{"recording-prompts", complete, `document.querySelector("#u4 .at").focus(); document.querySelector("[data-do=tag]").click()`},
	{"recording-note", complete, `document.querySelector("#u4 .at").focus(); document.querySelector("#tools [data-do=note]").click()`},
	{"recording-filter", complete, `document.querySelector("#legend [data-prompt=body]").click()`},
	{"recording-keys", complete, `document.getElementById("help-open").click()`},
	{"recording-speakers", complete, `document.querySelector("#u4 .at").focus(); document.querySelector("#tools [data-do=speaker]").click()`},
	{"recording-found", complete, `const f = document.getElementById("find"); f.value = "the"; f.dispatchEvent(new Event("input"))`},
	{"recording-conflict", complete, `const c = document.getElementById("conflict"); c.querySelector(".theirs").textContent = "My mother was there, young."; c.querySelector(".mine").textContent = "My mother was there, younger than me."; c.showModal()`},
	{"recording-undo", complete, `document.querySelector("#u14 .at").focus(); document.querySelector("#tools [data-do=tag]").click(); document.querySelector("#menu [data-prompt=breakthrough]").click()`},
	{"reviewed", reviewed, ""},
	{"reviewed-aside", reviewed, `document.querySelector(".hidden-lines").open = true; document.querySelector(".strand").scrollIntoView({block: "center"})`},
	{"followup", followup, ""},
	{"unsummarised", unfinished(1), ""},
	{"gap", unfinished(2), ""},
	{"untagged", unfinished(3), ""},
	{"unheard", unfinished(4), ""},
	{"no-speech", unfinished(5), ""},
	{"partial", unfinished(6), ""},
	{"capturing", unfinished(8), ""},
	{"upload", "upload", ""},
	{"upload-chosen", "upload", choose},
	{"upload-refused", "upload", `document.getElementById("files").dispatchEvent(new Event("change")); const d = new DataTransfer(); d.items.add(new File(["x"], "letter.pdf")); d.items.add(new File([], "empty.wav")); dispatchEvent(new DragEvent("drop", {dataTransfer: d, cancelable: true}))`},
	{"error", "nothing", ""},
}

type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		Target  []any
		Summary string `json:"failureSummary"`
	}
}

// TestAccess holds every page state to WCAG 2.2 AA as far as a machine can tell.
func TestAccess(t *testing.T) {
	script := axe(t)
	address := serve(t, "--demo")
	dark := wide
	dark.dark = true
	for _, s := range []screen{wide, dark, phone} { // a phone in the dark has the colours of the one and the layout of the other
		t.Run(s.name(), func(t *testing.T) {
			ctx := browse(t, s)
			for _, page := range pages {
				run(t, ctx, chromedp.Navigate(address+page.path))
				if page.prepare != "" {
					eval[any](t, ctx, page.prepare+"; null")
				}
				eval[any](t, ctx, script+"; null")
				found := eval[string](t, ctx, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify(r.violations))`)
				var violations []violation
				if err := json.Unmarshal([]byte(found), &violations); err != nil {
					t.Fatal(err)
				}
				for _, v := range violations {
					t.Errorf("%s: %s (%s): %s: %v %s", page.name, v.ID, v.Impact, v.Help, v.Nodes[0].Target, v.Nodes[0].Summary)
				}
				if page.name == "error" { // a rule that finds nothing anywhere may not be looking
					eval[any](t, ctx, `document.body.append(document.createElement("img")); null`)
					if broken := eval[float64](t, ctx, `axe.run(document, {runOnly: ["wcag2a"]}).then(r => r.violations.length)`); broken == 0 {
						t.Error("axe does not see a picture without a text")
					}
				}
				if wider := eval[float64](t, ctx, `document.documentElement.scrollWidth - innerWidth`); wider > 0 {
					t.Errorf("%s: wider than the screen by %v pixels", page.name, wider)
				}
			}
		})
	}
}
