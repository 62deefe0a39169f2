// One recording: puts player, wave and transcript together and listens to the keyboard.
import { Editor } from "./editor.js";
import { Find } from "./find.js";
import { Legend } from "./legend.js";
import { Player } from "./player.js";
import { renew } from "./renew.js";
import { Transcript } from "./transcript.js";
import { Wave } from "./wave.js";

const root = document.getElementById("debrief");
const { href, length } = root.dataset;
const list = document.getElementById("rows");
const spans = list ? [...list.querySelectorAll(".u")].map((el) => [Number(el.dataset.s), Number(el.dataset.e)]) : [];
const player = new Player(root, document.getElementById("sound"), Number(length), spans);
const transcript = new Transcript(list, player);

const legend = new Legend(document.getElementById("legend"), transcript);
const rows = () => {
  const colours = legend.colours();
  return transcript.rows.map((row) => ({ start: row.start, end: row.end, hues: (row.el.dataset.p ?? "").split(" ").map((id) => colours.get(id)).filter(Boolean) }));
};
const aside = document.getElementById("aside");
const markers = () => [...aside.querySelectorAll(".marker")].map((el) => Number(el.dataset.s));
const wave = new Wave(document.getElementById("wave"), Number(length), player, rows, markers);
const editor = new Editor(href, transcript, legend, aside, () => { wave.refresh(); find?.again(); });
wave.refresh();
// The page is whole without these two; they come when it has been drawn.
requestAnimationFrame(() => { wave.load(href + "/wave"); if (list) transcript.load(href + "/words"); });

aside.addEventListener("click", (e) => {
  const quote = e.target.closest(".quote");
  if (!quote) return;
  player.play(Number(quote.dataset.s), quote.dataset.e ? Number(quote.dataset.e) : null);
  aside.querySelector(".sounding")?.classList.remove("sounding");
  quote.classList.add("sounding");
});

// A link from elsewhere names an utterance: it is shown, and the player stands ready at it.
const named = /^#u(\d+)$/.exec(location.hash);
if (named && transcript.rows[named[1]]) {
  player.seek(transcript.rows[named[1]].start);
  // After the browser's own jump, which would take the focus away again.
  addEventListener("load", () => setTimeout(() => {
    transcript.goTo(Number(named[1]), 1);
    transcript.show(Number(named[1]));
  }));
}

const find = list ? new Find(transcript) : null;
document.addEventListener("remade", async () => { if (!(await renew(transcript, editor, legend))) document.getElementById("fresh").hidden = false; });
const help = document.getElementById("help");
function openHelp() {
  help.showModal();
  help.focus(); // not at the switch below the list, to which a small window would be scrolled
  help.scrollTop = 0;
}
document.getElementById("help-open").addEventListener("click", openHelp);

// Single letters can be switched off: speech input and shaky hands press them by accident.
const letters = document.getElementById("letters");
letters.checked = localStorage.getItem("letters") !== "off";
letters.addEventListener("change", () => localStorage.setItem("letters", letters.checked ? "on" : "off"));

const keys = {
  " ": () => player.toggle(), j: () => player.jump(-1), l: () => player.jump(1), s: () => player.toggleSkip(), r: () => player.toggleRepeat(),
  "<": () => player.speed(-1), ">": () => player.speed(1), "?": openHelp, "/": () => find?.focus(),
  ArrowDown: () => transcript.goTo(Math.max(0, transcript.current), 1), ArrowUp: () => transcript.goTo(Math.max(0, transcript.current), -1),
};
// A key that is held down acts once: what it brings up is not answered by it.
addEventListener("keydown", (e) => { if (e.repeat && e.key === "Enter" && e.target.closest?.("button, a")) e.preventDefault(); }, true);
addEventListener("keydown", (e) => {
  if (e.defaultPrevented || e.altKey || document.querySelector("dialog[open]")) return;
  const field = e.target.closest?.("input, textarea, select");
  const row = e.target.classList?.contains("at");
  if (field || (!row && e.target.closest?.("button, a, summary") && (e.key === " " || e.key === "Enter"))) return;
  if (e.ctrlKey || e.metaKey) {
    if (e.key === "z" && editor.undo()) e.preventDefault();
    return;
  }
  if (e.key.length === 1 && e.key !== " " && !letters.checked) return;
  if (e.key.startsWith("Arrow") && (!list || e.target !== document.body)) return;
  const act = keys[e.key] ?? keys[e.key.toLowerCase()];
  if (act) act(); else if (!editor.key(e.key.toLowerCase())) return;
  e.preventDefault();
});
