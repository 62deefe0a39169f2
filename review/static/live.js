// Keeps a page up to date from its stream of events, for as long as the page can be seen. The
// server sends what is under way as a whole each time; a page that comes back lacks nothing.
import { t } from "./text.js";

const CALM = 1500; // milliseconds in which what changed is told together
const LATER = 30000; // milliseconds until a stream that was refused is tried again
const section = document.getElementById("underway");
const list = document.getElementById("work");
const news = document.getElementById("news");
let stream = null;
let seen = document.body.dataset.seen;
let again = 0;

function open() {
  if (stream || document.hidden) return;
  stream = new EventSource(document.body.dataset.live);
  stream.addEventListener("work", (e) => draw(JSON.parse(e.data).html));
  stream.addEventListener("version", (e) => version(JSON.parse(e.data).version));
  stream.addEventListener("error", () => {
    if (stream?.readyState !== EventSource.CLOSED) return; // it comes back by itself
    close();
    again = setTimeout(open, LATER);
  });
}

function close() {
  clearTimeout(again);
  stream?.close();
  stream = null;
}

// A browser has six connections to a server. A tab in the back must not hold one.
document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
addEventListener("pagehide", close);
addEventListener("pageshow", open);

/** Draws what changed and leaves the rest alone: what has the focus keeps it. */
function draw(html) {
  if (!list) return;
  const next = document.createElement("template");
  next.innerHTML = html;
  const told = [];
  const old = new Map([...list.children].map((el) => [el.id, el]));
  let place = list.firstElementChild;
  for (const el of [...next.content.children]) {
    const was = old.get(el.id);
    old.delete(el.id);
    if (!was || was.dataset.kind !== el.dataset.kind) told.push(el.dataset.say);
    const here = was !== undefined && was === place;
    if (here) place = place.nextElementSibling;
    const now = was && was.outerHTML !== el.outerHTML ? renew(was, el) : was ?? el;
    if (!here) list.insertBefore(now, place);
  }
  for (const el of old.values()) el.remove();
  section.hidden = list.children.length === 0;
  tell(told);
  document.dispatchEvent(new CustomEvent("work"));
}

// Only numbers move most of the time: then the element stays, and with it focus and hover.
function renew(was, el) {
  if (was.dataset.kind === el.dataset.kind && was.querySelectorAll("button").length === el.querySelectorAll("button").length) {
    const bar = was.querySelector("progress"), bar2 = el.querySelector("progress");
    if (Boolean(bar) === Boolean(bar2)) {
      if (bar) Object.assign(bar, { max: bar2.max, value: bar2.value });
      for (const part of [".doing", ".what"]) {
        if (was.querySelector(part).innerHTML !== el.querySelector(part).innerHTML) was.querySelector(part).innerHTML = el.querySelector(part).innerHTML;
      }
      return was;
    }
  }
  const focused = was.contains(document.activeElement);
  was.replaceWith(el);
  if (focused) el.querySelector("button, a")?.focus();
  return el;
}

let waiting = [];
let timer = 0;
let first = true; // what a page shows when it opens is read with the page

function tell(words) {
  if (first) { first = false; return; }
  if (!words.length) return;
  waiting.push(...words);
  clearTimeout(timer);
  timer = setTimeout(() => {
    news.textContent = waiting.slice(-3).join(". ");
    waiting = [];
  }, CALM);
}

/** The page shows something that has changed in the store. */
function version(now) {
  const was = seen;
  seen = now;
  if (!was || was === now) return;
  if (!document.getElementById("debrief")) { refresh(); return; }
  if (document.getElementById("rows")) { document.dispatchEvent(new CustomEvent("remade")); return; }
  // Nobody is taken out of hearing or writing; a page that had nothing to read becomes one that has.
  const busy = document.getElementById("sound")?.paused === false || document.querySelector("dialog[open], .editor");
  if (busy) document.getElementById("fresh").hidden = false;
  else location.reload();
}

/** Takes the parts of the page that may change from the server again. */
async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) { seen = ""; return; } // the next event tries again
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const el of document.querySelectorAll("[data-region]")) {
    const fresh = page.querySelector(`[data-region="${el.dataset.region}"]`);
    if (!fresh || fresh.innerHTML === el.innerHTML) continue;
    const at = el.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    el.innerHTML = fresh.innerHTML;
    if (at) el.querySelector(`[href="${CSS.escape(at)}"]`)?.focus();
  }
  document.dispatchEvent(new CustomEvent("refreshed"));
}

// Cancel, try again and the like; without this script the form does the same with a new page.
document.addEventListener("submit", async (e) => {
  const form = e.target.closest("form[data-act]");
  if (!form) return;
  e.preventDefault();
  const body = new URLSearchParams(new FormData(form, e.submitter));
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) tell([t(answer ? "act.refused" : "act.failed")]);
});

open();
