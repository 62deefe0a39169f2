// The utterances: which one sounds, moving through them by keyboard, playing any word, filtering.
import { t } from "./text.js";

export class Transcript extends EventTarget {
  constructor(list, player) {
    super();
    this.list = list;
    this.player = player;
    this.rows = list ? [...list.querySelectorAll(".u")].map(readRow) : [];
    this.words = []; // start of each word, by row; empty until loaded
    this.current = -1; // the row that sounds
    this.focused = 0; // the row the keyboard is in
    this.cursor = -1; // the word the keyboard is at
    this.following = true;
    if (!list) return;
    this.rows[0]?.at.setAttribute("tabindex", "0");
    list.addEventListener("click", (e) => this.#click(e));
    list.addEventListener("keydown", (e) => this.#key(e));
    list.addEventListener("focusin", (e) => this.#focus(e));
    player.addEventListener("time", (e) => this.#time(e.detail));
    player.addEventListener("state", () => this.#followButton());
    player.addEventListener("repeat", () => this.#repeat());
    for (const kind of ["wheel", "touchmove"]) addEventListener(kind, () => this.#leave(), { passive: true });
    document.getElementById("follow").addEventListener("click", () => { this.following = true; this.show(this.current); this.#followButton(); });
  }

  /** Loads where each word begins; without it words are found by their share of the utterance. */
  async load(href) {
    const answer = await fetch(href).catch(() => null);
    if (answer?.ok) this.words = await answer.json();
  }

  play(index, word = 0) {
    this.following = true;
    this.player.play(this.#wordStart(index, word));
  }

  show(index) {
    const row = this.rows[index];
    if (!row) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    row.el.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  }

  #time({ at, jumped }) {
    const index = lastStarted(this.rows, at);
    if (index !== this.current) {
      this.rows[this.current]?.el.removeAttribute("aria-current");
      this.rows[index]?.el.setAttribute("aria-current", "true");
      this.current = index;
      if (this.player.repeating && (jumped || !this.player.repeat)) this.#repeat();
      if (this.following && (this.player.playing || jumped)) this.#bringIntoView(index);
    }
    this.#mark("word", index, this.player.playing || at > 0 ? this.#wordAt(index, at) : -1);
  }

  // Scrolls only when the row leaves the middle of the window: text that jumps cannot be read.
  #bringIntoView(index) {
    const box = this.rows[index]?.el.getBoundingClientRect();
    if (box && (box.top < innerHeight * 0.28 || box.bottom > innerHeight * 0.72)) this.show(index);
  }

  #leave() {
    if (!this.player.playing || !this.following) return;
    this.following = false;
    this.#followButton();
  }

  #followButton() { document.getElementById("follow").hidden = this.following || !this.player.playing; }

  #repeat() {
    const row = this.rows[Math.max(0, this.current)];
    if (this.player.repeating && row) this.player.repeat = [row.start, row.end];
  }

  #click(e) {
    const el = e.target.closest(".u");
    if (!el || e.target.closest("button:not(.at), form, details")) return;
    const index = Number(el.id.slice(1));
    if (e.target.closest(".at")) this.play(index, index === this.focused ? Math.max(0, this.cursor) : 0);
    else if (e.target.closest(".text") && getSelection().isCollapsed) this.play(index, this.#wordUnder(index, e));
  }

  #wordUnder(index, e) {
    const at = document.caretPositionFromPoint?.(e.clientX, e.clientY);
    if (!at || at.offsetNode.parentElement !== this.rows[index].text) return 0;
    const word = this.rows[index].words.findIndex(([, end]) => at.offset <= end);
    return Math.max(0, word);
  }

  #focus(e) {
    if (!e.target.classList.contains("at")) return;
    const index = Number(e.target.closest(".u").id.slice(1));
    if (index === this.focused) return;
    this.rows[this.focused].at.setAttribute("tabindex", "-1");
    this.focused = index;
    this.rows[index].at.setAttribute("tabindex", "0");
    this.#moveCursor(-1);
  }

  #key(e) {
    if (!e.target.classList.contains("at") || e.altKey || e.ctrlKey || e.metaKey) return;
    const go = { ArrowDown: () => this.step(1), ArrowUp: () => this.step(-1), Home: () => this.goTo(0, 1), End: () => this.goTo(this.rows.length - 1, -1),
      ArrowRight: () => this.#moveCursor(this.cursor + 1), ArrowLeft: () => this.#moveCursor(this.cursor - 1) }[e.key];
    if (!go) return;
    e.preventDefault();
    go();
  }

  /** Moves the keyboard to the next visible row in a direction. */
  step(direction) { this.goTo(this.focused + direction, direction); }

  goTo(index, direction) {
    while (this.rows[index] && this.#filteredOut(index)) index += direction;
    const row = this.rows[index];
    if (!row) return;
    row.at.focus({ preventScroll: true });
    row.el.scrollIntoView({ block: "nearest" });
  }

  #filteredOut(index) { return this.list.classList.contains("filtered") && !this.rows[index].el.classList.contains("hit"); }

  #moveCursor(word) {
    const row = this.rows[this.focused];
    this.cursor = Math.min(Math.max(-1, word), row.words.length - 1);
    this.#mark("cursor", this.focused, this.cursor);
    if (this.cursor >= 0) say(row.text.textContent.slice(...row.words[this.cursor]));
  }

  #wordStart(index, word) {
    const row = this.rows[index];
    if (word <= 0) return row.start;
    return this.words[index]?.[word] ?? row.start + (row.end - row.start) * row.words[word][0] / row.text.textContent.length;
  }

  #wordAt(index, at) {
    const row = this.rows[index];
    if (!row || at > row.end + 0.3) return -1;
    let word = 0;
    while (word + 1 < row.words.length && this.#wordStart(index, word + 1) <= at) word++;
    return word;
  }

  // Marks a word without touching the document: 3,000 rows stay as they are.
  #mark(name, index, word) {
    if (!window.Highlight) return;
    const key = index + ":" + word;
    if (this["mark-" + name] === key) return;
    this["mark-" + name] = key;
    const node = this.rows[index]?.text.firstChild;
    if (word < 0 || !node) { CSS.highlights.delete(name); return; }
    const range = new Range();
    range.setStart(node, this.rows[index].words[word][0]);
    range.setEnd(node, this.rows[index].words[word][1]);
    CSS.highlights.set(name, new Highlight(range));
  }

  /** Takes a row the server rendered anew in place of the old one; focus and marks stay. */
  replace(html) {
    const shell = document.createElement("template");
    shell.innerHTML = html;
    const el = shell.content.querySelector(".u");
    const index = Number(el.id.slice(1));
    const old = this.rows[index];
    if (el.dataset.at !== old?.el.dataset.at) return; // of a transcript made again, which this page does not show yet
    const focused = old.el.contains(document.activeElement);
    const editor = old.el.querySelector(".editor"), typing = editor?.contains(document.activeElement);
    for (const name of ["word", "cursor"]) if (this["mark-" + name]?.startsWith(index + ":")) this.#mark(name, index, -1);
    if (old.el.hasAttribute("aria-current")) el.setAttribute("aria-current", "true");
    if (old.el.classList.contains("hit")) el.classList.add("hit");
    old.el.replaceWith(el);
    this.rows[index] = readRow(el);
    if (index === this.focused) this.rows[index].at.setAttribute("tabindex", "0");
    if (editor) { // somebody is writing in it, and goes on
      this.rows[index].text.hidden = true;
      this.rows[index].text.after(editor);
    }
    if (focused) (typing ? editor.querySelector("textarea") : this.rows[index].at).focus({ preventScroll: true });
    if (this.words[index]?.length !== this.rows[index].words.length) this.words[index] = null;
  }

  /** Shows only rows tagged with one of the prompts; none shows all. */
  filter(prompts) {
    let shown = 0;
    for (const row of this.rows) {
      const hit = row.prompts().some((p) => prompts.has(p));
      row.el.classList.toggle("hit", hit);
      if (hit) shown++;
    }
    this.list.classList.toggle("filtered", prompts.size > 0);
    say(t("filtered", prompts.size ? shown : this.rows.length, this.rows.length));
  }
}

function readRow(el) {
  const text = el.querySelector(".text");
  return {
    el, text, at: el.querySelector(".at"), start: Number(el.dataset.s), end: Number(el.dataset.e),
    speaker: ["client", "coach"].find((s) => el.classList.contains(s)) ?? "unknown",
    prompts: () => [...el.querySelectorAll(".tags [data-prompt]")].map((c) => c.dataset.prompt),
    get words() { // [start, end] of each word in the text, found when first asked for
      const found = [...text.textContent.matchAll(/\S+/g)].map((m) => [m.index, m.index + m[0].length]);
      Object.defineProperty(this, "words", { value: found, configurable: true });
      return found;
    },
  };
}

function lastStarted(rows, at) {
  let low = 0, high = rows.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (rows[mid].start <= at + 0.05) low = mid + 1; else high = mid;
  }
  return low - 1;
}

/** Tells a screen reader. */
export function say(words) {
  let live = document.getElementById("live");
  if (!live) {
    live = document.createElement("p");
    live.id = "live";
    live.className = "hidden";
    live.setAttribute("aria-live", "polite");
    document.body.append(live);
  }
  live.textContent = words;
}
