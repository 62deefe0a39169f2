// The sound of a recording: play, seek, speed, skip silence, repeat.
// It knows times only; what lies at a time is the transcript's business.
import { t, clock } from "./text.js";

// A pause is passed over when it is longer than this, in seconds; a little of it is kept on
// both sides so that words keep their breath.
const SILENCE = 1.5;
const BREATH = 0.35;
const JUMP = 5;

export class Player extends EventTarget {
  /** speech: [start, end] of every stretch of speech, in seconds and in order. */
  constructor(root, sound, length, speech) {
    super();
    this.root = root;
    this.sound = sound;
    this.length = length;
    this.speech = speech;
    this.until = null; // where a quote being played ends
    this.repeat = null; // [start, end] being repeated
    this.skipping = false;
    sound.addEventListener("play", () => this.#state());
    sound.addEventListener("pause", () => this.#state());
    sound.addEventListener("seeked", () => this.#tick(false));
    sound.addEventListener("error", () => this.#trouble());
    this.#controls();
  }

  get now() { return this.sound.currentTime; }
  get playing() { return !this.sound.paused; }

  seek(at) {
    this.until = null;
    this.sound.currentTime = Math.min(Math.max(0, at), this.length);
    this.dispatchEvent(new CustomEvent("time", { detail: { at: this.sound.currentTime, jumped: true } }));
  }

  /** Plays from a position; with an end, stops there. */
  play(from, to = null) {
    if (from !== undefined) this.seek(from);
    this.until = to;
    return this.sound.play().catch((err) => { if (err.name !== "AbortError") this.#trouble(); });
  }

  toggle() { this.playing ? this.sound.pause() : this.play(); }
  jump(direction) { this.seek(this.now + direction * JUMP); }

  /** Goes one speed slower (-1) or faster (+1). */
  speed(step) {
    const select = this.#el("speed");
    select.selectedIndex = Math.min(Math.max(0, select.selectedIndex + step), select.options.length - 1);
    this.#setSpeed();
  }

  // Who listens at one and a half does so tomorrow as well.
  #setSpeed() {
    const select = this.#el("speed");
    this.sound.playbackRate = Number(select.value);
    localStorage.setItem("speed", select.value);
  }

  toggleSkip() { this.skipping = press(this.#el("skip"), !this.skipping); }

  toggleRepeat() {
    const on = press(this.#el("loop"), !this.repeating);
    this.repeating = on;
    if (!on) this.repeat = null;
    this.dispatchEvent(new Event("repeat"));
  }

  #el(id) { return this.root.querySelector("#" + id); }

  #controls() {
    this.#el("play").addEventListener("click", () => this.toggle());
    this.#el("back").addEventListener("click", () => this.jump(-1));
    this.#el("forward").addEventListener("click", () => this.jump(1));
    this.#el("skip").addEventListener("click", () => this.toggleSkip());
    this.#el("loop").addEventListener("click", () => this.toggleRepeat());
    const speed = this.#el("speed"), kept = localStorage.getItem("speed");
    if ([...speed.options].some((o) => o.value === kept)) speed.value = kept;
    this.sound.playbackRate = this.sound.defaultPlaybackRate = Number(speed.value); // whichever a reload of the browser kept in the field
    speed.addEventListener("change", () => this.#setSpeed());
    this.addEventListener("time", (e) => { this.#el("now").textContent = clock(e.detail.at); });
  }

  #state() {
    this.root.classList.toggle("playing", this.playing);
    this.#el("play").setAttribute("aria-label", t(this.playing ? "pause" : "play"));
    if (this.playing) requestAnimationFrame(() => this.#tick(true));
    this.dispatchEvent(new Event("state"));
  }

  #tick(again) {
    const at = this.sound.currentTime;
    if (this.until !== null && at >= this.until) {
      this.until = null;
      this.sound.pause();
    } else if (this.repeat && this.playing && (at >= this.repeat[1] || at < this.repeat[0] - 0.2)) {
      this.sound.currentTime = this.repeat[0];
    } else if (this.skipping && this.playing) {
      this.#skipSilence(at);
    }
    this.dispatchEvent(new CustomEvent("time", { detail: { at, jumped: false } }));
    if (again && this.playing) requestAnimationFrame(() => this.#tick(true));
  }

  #skipSilence(at) {
    const next = firstAfter(this.speech, at);
    if (next < 0 || at >= this.speech[next][0]) return;
    const before = next > 0 ? this.speech[next - 1][1] : 0;
    const resume = this.speech[next][0] - BREATH;
    if (this.speech[next][0] - before > SILENCE && at > before + BREATH && at < resume) this.sound.currentTime = resume;
  }

  #trouble() {
    const el = document.getElementById("trouble");
    el.textContent = t("trouble");
    el.hidden = false;
  }
}

/** Index of the first span that ends after a time, or -1. Spans are in order. */
function firstAfter(spans, at) {
  let low = 0, high = spans.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (spans[mid][1] > at) high = mid; else low = mid + 1;
  }
  return low < spans.length ? low : -1;
}

function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
  return on;
}
