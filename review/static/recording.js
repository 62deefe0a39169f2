// One recording: puts player, wave and transcript together and listens to the keyboard.
import { Player } from "./player.js";
import { Transcript } from "./transcript.js";
import { Wave } from "./wave.js";

const root = document.getElementById("debrief");
const { href, length } = root.dataset;
const list = document.getElementById("rows");
const spans = list ? [...list.querySelectorAll(".u")].map((el) => [Number(el.dataset.s), Number(el.dataset.e)]) : [];
const player = new Player(root, document.getElementById("sound"), Number(length), spans);
const transcript = new Transcript(list, player);

const hueOf = new Map([...document.querySelectorAll("#legend [data-prompt]")].map((el) => [el.dataset.prompt, el]));
const rows = transcript.rows.map((row) => ({
  start: row.start, end: row.end, speaker: row.speaker,
  get hues() { return (row.el.dataset.p ?? "").split(" ").filter((p) => hueOf.has(p)).map((p) => getComputedStyle(hueOf.get(p)).textDecorationColor); },
}));
const markers = [...document.querySelectorAll(".marker")].map((el) => Number(el.dataset.s));
const wave = new Wave(document.getElementById("wave"), Number(length), player, rows, markers);
wave.draw();
// The page is whole without these two; they come when it has been drawn.
requestAnimationFrame(() => { wave.load(href + "/wave"); if (list) transcript.load(href + "/words"); });

for (const quote of document.querySelectorAll(".quote")) {
  quote.addEventListener("click", () => {
    player.play(Number(quote.dataset.s), quote.dataset.e ? Number(quote.dataset.e) : null);
    document.querySelector(".quote.sounding")?.classList.remove("sounding");
    quote.classList.add("sounding");
  });
}

const legend = document.getElementById("legend");
const wanted = new Set();
legend?.addEventListener("click", (e) => {
  const chip = e.target.closest("[data-prompt]");
  if (chip) {
    const on = chip.getAttribute("aria-pressed") !== "true";
    chip.setAttribute("aria-pressed", String(on));
    on ? wanted.add(chip.dataset.prompt) : wanted.delete(chip.dataset.prompt);
  } else if (e.target.id === "all") {
    wanted.clear();
    for (const c of legend.querySelectorAll("[aria-pressed]")) c.setAttribute("aria-pressed", "false");
  } else return;
  document.getElementById("all").hidden = wanted.size === 0;
  transcript.filter(wanted);
});

const help = document.getElementById("help");
document.getElementById("help-open").addEventListener("click", () => help.showModal());

const keys = {
  " ": () => player.toggle(), j: () => player.jump(-1), l: () => player.jump(1), s: () => player.toggleSkip(), r: () => player.toggleRepeat(),
  "<": () => player.speed(-1), ">": () => player.speed(1), "?": () => help.showModal(),
  ArrowDown: () => transcript.goTo(Math.max(0, transcript.current), 1), ArrowUp: () => transcript.goTo(Math.max(0, transcript.current), -1),
};
addEventListener("keydown", (e) => {
  if (e.defaultPrevented || e.altKey || e.ctrlKey || e.metaKey || help.open) return;
  const field = e.target.closest?.("input, textarea, select, [contenteditable]");
  const button = e.target.closest?.("button, a") && !e.target.classList.contains("at");
  if (field || (button && (e.key === " " || e.key === "Enter"))) return;
  if (e.key.startsWith("Arrow") && (!list || e.target !== document.body)) return;
  const act = keys[e.key] ?? keys[e.key.toLowerCase()];
  if (!act) return;
  e.preventDefault();
  act();
});
