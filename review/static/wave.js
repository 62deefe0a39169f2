// The outline of the sound with speech and tags on it; a slider for ear, hand and keyboard.
import { clock } from "./text.js";

const STEP = 5; // seconds an arrow key moves
const LANE = 5; // pixels of the lane of tags
const QUIET = 80; // of 255: a recording that never gets louder is drawn low, not blown up

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
    const answer = await fetch(href).catch(() => null);
    if (!answer?.ok) return; // speech and tags are drawn without it
    this.columns = new Uint8Array(await answer.arrayBuffer());
    this.loudest = this.columns.reduce((a, b) => Math.max(a, b), QUIET);
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
    if (x !== this.x) { this.x = x; this.#compose(); }
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
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const style = getComputedStyle(this.el);
    this.colour = style.color;
    this.ahead = this.#layer(width, height, ratio, style.textDecorationColor);
    this.played = this.#layer(width, height, ratio, style.color);
    this.#compose();
  }

  // Both colours are drawn once; moving on only shows more of the one and less of the other.
  #compose() {
    if (!this.ahead) return;
    const { width, height } = this.canvas;
    const g = this.canvas.getContext("2d");
    const x = Math.round(Math.min(this.at / this.length, 1) * width);
    g.clearRect(0, 0, width, height);
    g.drawImage(this.ahead, 0, 0);
    if (x > 0) {
      g.clearRect(0, 0, x, height);
      g.drawImage(this.played, 0, 0, x, height, 0, 0, x, height);
    }
    g.fillStyle = this.colour;
    g.fillRect(Math.min(x, width - 2 * devicePixelRatio), 0, 2 * devicePixelRatio, height);
  }

  #layer(width, height, ratio, colour) {
    const layer = new OffscreenCanvas(this.canvas.width, this.canvas.height);
    const g = layer.getContext("2d");
    g.scale(ratio, ratio);
    const x = (at) => at / this.length * width;
    g.fillStyle = colour;
    this.#sound(g, width, height - LANE - 8);
    for (const at of this.markers) {
      g.beginPath();
      g.moveTo(x(at) - 4, 0); g.lineTo(x(at) + 4, 0); g.lineTo(x(at), 6);
      g.fill();
    }
    for (const row of this.rows) {
      row.hues.forEach((hue, i, all) => {
        g.fillStyle = hue;
        g.fillRect(x(row.start), height - LANE + i * LANE / all.length, Math.max(2, x(row.end) - x(row.start)), LANE / all.length);
      });
    }
    return layer;
  }

  // Bars of two pixels; until the outline has come, speech alone is drawn.
  #sound(g, width, room) {
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
