package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// state is one state a page can be in, with the name of its picture.
type state struct {
	name, path string
	await      string // what must be true of the page before it is prepared
	link       string // what to go to from there, if the address is not known before
	prepare    string // what brings the state about
	ready      string // what must be true once it has come about
	whole      bool   // drawn from top to bottom, not only as far as the screen goes
	bare       bool   // on a store that holds nothing
	long       bool   // too long for axe-core, which looks at every word
}

const (
	// captured holds once what is being recorded has come with the stream.
	captured = `document.querySelector("#work .capturing") !== null`
	// chooser holds once the script that takes files is there.
	chooser = `performance.getEntriesByType("resource").some(e => e.name.includes("send.js")) && ` + captured
	// choose drops two files on the page: one whose name tells what it is, and one whose does not.
	choose = `const d = new DataTransfer(); d.items.add(new File(["x".repeat(2e6)], "c01_s2_immediate.ogg"));
	d.items.add(new File(["x".repeat(9e5)], "New Recording 14.m4a")); dispatchEvent(new DragEvent("drop", {dataTransfer: d, cancelable: true}));`
	// upload says what the second file is, and starts.
	upload = choose + ` document.querySelector(".file:last-child [name=session]").value = 3; document.querySelector(".file:last-child [name=phase]").value = "followup";
	document.getElementById("start").click();`
	// atRow gives the keyboard to an utterance of the complete recording.
	atRow = `document.querySelector("#u4 .at").focus(); const press = (what) => document.querySelector("#tools [data-do=" + what + "]").click();`
	// slow keeps what sounds from being over before it is drawn.
	slow = `document.getElementById("sound").defaultPlaybackRate = document.getElementById("sound").playbackRate = 0.1; `
	// offline cuts the page off from its server.
	offline = `window.fetch = () => Promise.reject(new TypeError("gone"));`
)

// said holds once the first file that was chosen says this.
func said(words string) string {
	return `document.querySelector(".file .said")?.textContent.includes("` + words + `")`
}

// pages are every state a page can be in.
var pages = []state{
	{name: "library-empty", bare: true},
	{name: "clients", await: captured, whole: true},
	{name: "clients-nobody", await: captured, prepare: `const f = document.getElementById("find"); f.value = "zz"; f.dispatchEvent(new Event("input", {bubbles: true}))`, ready: `!document.getElementById("nobody").hidden`},
	{name: "client", path: "clients/maya", whole: true},
	{name: "client-unfinished", path: "clients/tomas", await: captured, whole: true},
	{name: "client-empty", path: "clients/c04"},
	{name: "course", path: "clients/maya/course", whole: true},
	{name: "course-playing", path: "clients/maya/course", prepare: slow + `document.querySelector(".hear").click()`, ready: `document.querySelector(".hear.playing") !== null`},
	{name: "course-empty", path: "clients/c04/course"},
	{name: "search", path: "search"},
	{name: "search-found", path: "search?q=gate&client=maya", whole: true},
	{name: "search-nothing", path: "search?q=zeppelin"},
	{name: "recording", path: complete},
	{name: "recording-playing", path: complete, prepare: `document.getElementById("sound").currentTime = 26`, ready: `document.querySelector("#rows [aria-current]") !== null`},
	{name: "recording-away", path: complete, prepare: `const s = document.getElementById("sound"); s.addEventListener("timeupdate", () => dispatchEvent(new WheelEvent("wheel"))); ` + slow + `document.getElementById("play").click()`, ready: `!document.getElementById("follow").hidden`},
	{name: "recording-tools", path: complete, prepare: atRow},
	{name: "recording-editing", path: complete, prepare: atRow + `press("edit")`},
	{name: "recording-prompts", path: complete, prepare: atRow + `press("tag")`},
	{name: "recording-speakers", path: complete, prepare: atRow + `press("speaker")`},
	{name: "recording-note", path: complete, prepare: atRow + `press("note")`},
	{name: "recording-filter", path: complete, prepare: `document.querySelector("#legend [data-prompt=body]").click()`},
	{name: "recording-found", path: complete, prepare: `const f = document.getElementById("find"); f.value = "the"; f.dispatchEvent(new Event("input"))`, ready: `document.getElementById("find-count").textContent !== ""`},
	{name: "recording-keys", path: complete, prepare: `document.getElementById("help-open").click()`},
	{name: "recording-flagged", path: complete, prepare: `document.querySelector(".doubtful").scrollIntoView({block: "center"})`},
	{name: "recording-reword", path: complete, prepare: `document.querySelector("#aside [data-do=reword]").click()`},
	{name: "recording-conflict", path: complete, prepare: `const c = document.getElementById("conflict"); c.querySelector(".theirs").textContent = "My mother was there, young."; c.querySelector(".mine").textContent = "My mother was there, younger than me."; c.showModal()`},
	{name: "recording-unsaved", path: complete, prepare: offline + atRow + `press("edit"); document.querySelector("#u4 textarea").value = "Not lost."; document.querySelector("#u4 form .button").click()`, ready: `document.getElementById("toast").innerText.includes("Not saved")`},
	{name: "recording-fresh", path: complete, prepare: `document.getElementById("fresh").hidden = false`},
	{name: "recording-silent", path: complete, prepare: `document.getElementById("sound").src = "/nothing"`, ready: `!document.getElementById("trouble").hidden`},
	{name: "recording-long", path: long, prepare: `document.getElementById("sound").currentTime = 4000`, ready: `document.querySelector("#rows [aria-current]") !== null`, long: true},
	{name: "reviewed", path: reviewed, prepare: `document.querySelector(".history").open = true`},
	{name: "reviewed-aside", path: reviewed, prepare: `document.querySelector(".hidden-lines").open = true; document.querySelector(".strand").scrollIntoView({block: "center"})`},
	{name: "followup", path: followup},
	{name: "unsummarised", path: unfinished(1)},
	{name: "gap", path: unfinished(2)},
	{name: "untagged", path: unfinished(3)},
	{name: "unheard", path: unfinished(4)},
	{name: "no-speech", path: unfinished(5)},
	{name: "partial", path: unfinished(6)},
	{name: "arriving", path: unfinished(7), await: `document.querySelector("#work .job") !== null`},
	{name: "stalled", path: unfinished(8), await: `document.querySelector("#work .job") !== null`},
	{name: "capturing", path: "clients/tomas", await: captured, link: "#work .capturing a", ready: captured},
	{name: "upload-empty", path: "upload", bare: true},
	{name: "upload", path: "upload", await: captured, whole: true},
	{name: "upload-chosen", path: "upload", await: chooser, prepare: choose, whole: true},
	{name: "upload-missing", path: "upload", await: chooser, prepare: choose + `document.getElementById("start").click()`, ready: `!document.getElementById("problem").hidden`, whole: true},
	{name: "upload-refused", path: "upload", await: chooser, prepare: `const d = new DataTransfer(); d.items.add(new File(["x"], "letter.pdf")); d.items.add(new File([], "empty.wav")); dispatchEvent(new DragEvent("drop", {dataTransfer: d, cancelable: true}))`},
	{name: "upload-sending", path: "upload", await: chooser, prepare: `window.fetch = () => new Promise(() => {});` + upload, ready: said("%") + ` || ` + said("Looking")},
	{name: "upload-broken", path: "upload", await: chooser, prepare: offline + upload, ready: said("goes on by itself")},
	{name: "upload-denied", path: "upload", await: chooser, prepare: upload, ready: said("it takes no files in and keeps nothing")},
	// What was done to the recording stays: last of those that show it.
	{name: "recording-undo", path: complete, prepare: `document.querySelector("#u14 .at").focus(); document.querySelector("#tools [data-do=tag]").click(); document.querySelector("#menu [data-prompt=breakthrough]").click()`, ready: `!document.getElementById("toast").hidden`},
	{name: "error", path: "nothing"},
}

// visit brings a page into a state, and waits until all that belongs to it is drawn.
func (s *state) visit(t *testing.T, ctx context.Context, address string) {
	t.Helper()
	// A page on which something is being written asks before it is left.
	eval[any](t, ctx, `document.querySelectorAll(".editor").forEach(e => e.remove()); null`)
	run(t, ctx, chromedp.Navigate(address+s.path))
	if s.await != "" {
		until(t, ctx, s.await)
	}
	if s.link != "" {
		run(t, ctx, chromedp.Navigate(eval[string](t, ctx, `document.querySelector("`+s.link+`").href`)))
	}
	if s.prepare != "" {
		eval[any](t, ctx, "{"+s.prepare+"}; null")
	}
	if s.ready != "" {
		until(t, ctx, s.ready)
	}
	if strings.Contains(s.path, "recordings/") {
		until(t, ctx, `performance.getEntriesByType("resource").some(e => e.name.endsWith("/wave") && e.responseEnd > 0)`)
	}
}

// drawn returns when what changed can be seen.
func drawn(t testing.TB, ctx context.Context) {
	t.Helper()
	eval[any](t, ctx, `document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))))`)
}
