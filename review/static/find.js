// Finds words within this transcript: marks every place, and goes from one to the next.
import { t } from "./text.js";
import { say } from "./transcript.js";

const PAUSE = 120; // milliseconds without a key until a long transcript is looked through

export class Find {
  constructor(transcript) {
    this.transcript = transcript;
    this.field = document.getElementById("find");
    this.count = document.getElementById("find-count");
    this.steps = [document.getElementById("find-previous"), document.getElementById("find-next")];
    this.places = [];
    this.at = -1;
    this.field.addEventListener("input", () => { clearTimeout(this.waiting); this.waiting = setTimeout(() => this.#look(true), PAUSE); });
    this.field.addEventListener("keydown", (e) => {
      if (e.key === "Enter") { e.preventDefault(); this.#step(e.shiftKey ? -1 : 1); }
      if (e.key === "Escape") { this.field.value = ""; this.#look(false); this.field.blur(); }
    });
    this.steps.forEach((b, i) => b.addEventListener("click", () => this.#step(i ? 1 : -1)));
  }

  focus() { this.field.focus(); this.field.select(); }

  /** Looks again after a row has changed, and stays at the place it was at. */
  again() { if (this.field.value.trim()) this.#look(false); }

  #look(go) {
    const was = this.at;
    const wanted = this.field.value.trim().toLowerCase();
    this.places = [];
    if (wanted) {
      this.transcript.rows.forEach((row, index) => {
        const text = row.text.textContent.toLowerCase();
        if (text.length !== row.text.textContent.length) return; // letters whose small form has another length
        for (let i = text.indexOf(wanted); i >= 0; i = text.indexOf(wanted, i + wanted.length)) this.places.push({ index, from: i, to: i + wanted.length });
      });
    }
    this.at = -1;
    if (window.Highlight) CSS.highlights.set("found", new Highlight(...this.places.map((p) => this.#range(p)).filter(Boolean)));
    for (const b of this.steps) b.hidden = this.places.length === 0;
    if (go && this.places.length) { this.#step(1); return; }
    if (was >= 0 && this.places.length) this.#stand(Math.min(was, this.places.length - 1));
    this.#tell();
  }

  #step(direction) {
    if (!this.places.length) return;
    this.#stand((this.at + direction + this.places.length) % this.places.length);
    this.transcript.following = false;
    this.transcript.show(this.places[this.at].index);
    this.#tell();
  }

  #stand(at) {
    this.at = at;
    const range = this.#range(this.places[at]);
    if (window.Highlight && range) CSS.highlights.set("found-here", new Highlight(range));
  }

  #range({ index, from, to }) {
    const node = this.transcript.rows[index].text.firstChild;
    if (!node) return null;
    const range = new Range();
    range.setStart(node, from);
    range.setEnd(node, to);
    return range;
  }

  #tell() {
    const none = !this.places.length;
    if (none || this.at < 0) CSS.highlights?.delete("found-here");
    const words = !this.field.value.trim() ? "" : none ? t("find_none") : t("find", Math.max(1, this.at + 1), this.places.length);
    this.count.textContent = words;
    if (words) say(words);
  }
}
