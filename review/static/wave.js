// The outline of the sound with speech and tags on it; a slider for ear, hand and keyboard.
import { clock } from "./text.js";

const STEP = 5; // seconds an arrow key moves
const LANE = 5; // pixels of the lane of tags

export class Wave {
  /** readRows gives {start, end, hues: [colour]} of each utterance, readMarkers seconds. */
  constructor(el, length, player, readRows, readMarkers) {
    Object.assign(this, { el, length, player, readRows, readMarkers, rows: [], markers: [] });
    this.canvas = el.querySelector("canvas");
    this.columns = null;
    this.at = 0;
    player.addEventListener("time", (e) => this.#moved(e.detail.at));
    new ResizeObserver(() => this.draw()).observe(el);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.refresh());
    this.#pointer();
    el.addEventListener("keydown", (e) => this.#key(e));
  }

  async load(href) {
    const answer = await fetch(href);
    if (!answer.ok) return; // speech and tags are drawn without it
    this.columns = new Uint8Array(await answer.arrayBuffer());
    this.loudest = this.columns.reduce((a, b) => Math.max(a, b), 1);
    this.draw();
  }

  /** Reads utterances, tags and colours again. */
  refresh() {
    this.rows = this.readRows();
    this.markers = this.readMarkers();
    this.draw();
  }

  #moved(at) {
    const x = Math.round(at / this.length * this.el.clientWidth);
    const second = Math.floor(at);
    if (second !== this.second) {
      this.second = second;
      this.el.setAttribute("aria-valuenow", second);
      this.el.setAttribute("aria-valuetext", clock(at));
    }
    this.at = at;
    if (x !== this.x) { this.x = x; this.draw(); }
  }

  #pointer() {
    const hover = this.el.querySelector("output");
    const time = (e) => {
      const box = this.el.getBoundingClientRect();
      return Math.min(Math.max(0, (e.clientX - box.left) / box.width), 1) * this.length;
    };
    this.el.addEventListener("pointerdown", (e) => {
      this.el.setPointerCapture(e.pointerId);
      this.player.seek(time(e));
    });
    this.el.addEventListener("pointermove", (e) => {
      hover.hidden = false;
      hover.textContent = clock(time(e));
      hover.style.left = time(e) / this.length * 100 + "%";
      if (e.buttons & 1) this.player.seek(time(e));
    });
    this.el.addEventListener("pointerleave", () => { hover.hidden = true; });
  }

  #key(e) {
    const to = {
      ArrowLeft: this.at - STEP, ArrowDown: this.at - STEP, ArrowRight: this.at + STEP, ArrowUp: this.at + STEP,
      PageDown: this.at - 12 * STEP, PageUp: this.at + 12 * STEP, Home: 0, End: this.length,
    }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    e.stopPropagation();
    this.player.seek(to);
  }

  draw() {
    const width = this.el.clientWidth, height = this.el.clientHeight, ratio = devicePixelRatio;
    if (!width) return;
    if (this.canvas.width !== Math.round(width * ratio)) this.canvas.width = Math.round(width * ratio);
    if (this.canvas.height !== Math.round(height * ratio)) this.canvas.height = Math.round(height * ratio);
    const style = getComputedStyle(this.el);
    const colour = { played: style.color, ahead: style.textDecorationColor };
    const g = this.canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    const x = (at) => at / this.length * width;
    const room = height - LANE - 8;
    this.#sound(g, width, room, colour, x);
    for (const row of this.rows) {
      row.hues.forEach((hue, i, all) => {
        g.fillStyle = hue;
        const h = LANE / all.length;
        g.fillRect(x(row.start), height - LANE + i * h, Math.max(2, x(row.end) - x(row.start)), h);
      });
    }
    g.fillStyle = colour.played;
    for (const at of this.markers) {
      g.beginPath();
      g.moveTo(x(at) - 4, 0); g.lineTo(x(at) + 4, 0); g.lineTo(x(at), 6);
      g.fill();
    }
    g.fillRect(Math.min(x(this.at), width - 2), 0, 2, height);
  }

  // Bars of two pixels; until the outline has come, speech alone is drawn.
  #sound(g, width, room, colour, x) {
    const bars = Math.floor(width / 3);
    const middle = room / 2 + 2;
    const spoken = this.columns ? null : this.#spoken(bars);
    for (let i = 0; i < bars; i++) {
      let level = spoken ? spoken[i] : 0;
      if (this.columns) {
        const to = Math.ceil((i + 1) * this.columns.length / bars);
        for (let j = Math.floor(i * this.columns.length / bars); j < to; j++) level = Math.max(level, this.columns[j] / this.loudest);
      }
      const h = Math.max(2, level * room);
      g.fillStyle = i * 3 <= x(this.at) && this.at > 0 ? colour.played : colour.ahead;
      g.fillRect(i * 3, middle - h / 2, 2, h);
    }
  }

  #spoken(bars) {
    const out = new Float32Array(bars);
    for (const row of this.rows) {
      const to = Math.min(bars - 1, Math.floor(row.end / this.length * bars));
      for (let i = Math.floor(row.start / this.length * bars); i <= to; i++) out[i] = 0.3;
    }
    return out;
  }
}
