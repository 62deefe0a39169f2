// Brings files in: chooses, asks what they are, and sends them piece by piece. What breaks off
// goes on by itself, and after the page was closed when the same file is chosen again.
import { t } from "./text.js";
import { Sender, markOf } from "./send.js";

const page = document.getElementById("upload");
const chunk = Number(page.dataset.chunk);
const largest = Number(page.dataset.largest);
const types = page.dataset.types.trim().split(" ");
const input = document.getElementById("files");
const chosen = document.getElementById("chosen");
const go = document.getElementById("go");
const problem = document.getElementById("problem");
const files = new Map(); // element of a file -> File
const sending = [];
let busy = false;

/** client, treatment and phase as names of files tell them: c01_s2_immediate.ogg */
function fromName(name) {
  const m = /^([a-z0-9][a-z0-9-]*)_s(\d{1,2})_(preparation|immediate|followup)\b/i.exec(name);
  return m ? { client: m[1].toLowerCase(), session: Number(m[2]), phase: m[3].toLowerCase() } : null;
}

/** An upload of this file that broke off, as the list shows it. */
function begun(file) {
  const el = [...document.querySelectorAll("#work .receiving, #work .paused")].find((el) => el.dataset.file === file.name && Number(el.dataset.bytes) === file.size);
  return el ? { client: el.dataset.client, session: el.dataset.session, phase: el.dataset.phase, speakers: el.dataset.speakers || "auto" } : null;
}

function unfit(file, folders) {
  const name = file.name.toLowerCase();
  if (folders.has(name)) return t("upload.folder", file.name);
  if (!types.some((ending) => name.endsWith(ending))) return t("upload.type", file.name);
  if (file.size === 0) return t("upload.empty", file.name);
  if (file.size > largest) return t("upload.large", file.name, page.dataset.largestSaid);
  return "";
}

function choose(list, folders = new Set()) {
  const bad = [];
  let added = null;
  for (const file of list) {
    const why = unfit(file, folders);
    if (why) { bad.push(why); continue; }
    if ([...files.values()].some((f) => f.name === file.name && f.size === file.size && f.lastModified === file.lastModified)) continue;
    const el = row(file);
    added ??= el;
  }
  problem.textContent = bad.join("\n");
  problem.hidden = bad.length === 0;
  show();
  added?.querySelector("input:invalid, select:invalid")?.focus();
}

function row(file) {
  const el = document.getElementById("file").content.firstElementChild.cloneNode(true);
  el.querySelector(".name").textContent = file.name;
  el.querySelector(".size").textContent = t("upload.megabytes", Math.max(file.size / 1e6, 0.1).toFixed(1));
  const before = chosen.lastElementChild;
  const known = begun(file);
  const values = known ?? fromName(file.name) ?? { client: page.dataset.client || before?.querySelector("[name=client]").value };
  for (const [name, value] of Object.entries(values)) {
    if (value) el.querySelector(`[name=${name}]`).value = value;
  }
  if (known) el.querySelector(".said").textContent = t("upload.resumes");
  el.querySelector(".drop-file").addEventListener("click", () => { files.delete(el); el.remove(); show(); input.focus(); });
  files.set(el, file);
  chosen.append(el);
  return el;
}

function show() {
  chosen.hidden = files.size === 0;
  go.hidden = ![...files.keys()].some((el) => !el.dataset.sent);
}

input.addEventListener("change", () => { choose(input.files); input.value = ""; });
for (const kind of ["dragenter", "dragover"]) addEventListener(kind, (e) => {
  if (!e.dataTransfer?.types.includes("Files")) return;
  e.preventDefault(); // otherwise the browser opens the file in place of the page
  page.classList.add("over");
});
addEventListener("dragleave", (e) => { if (!e.relatedTarget) page.classList.remove("over"); });
addEventListener("drop", (e) => {
  if (!e.dataTransfer?.files.length) return;
  e.preventDefault();
  page.classList.remove("over");
  const entries = [...e.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory);
  choose(e.dataTransfer.files, new Set(entries.map((entry) => entry.name.toLowerCase())));
});

document.getElementById("send").addEventListener("submit", (e) => {
  e.preventDefault();
  const open = [...files.keys()].filter((el) => !el.dataset.sent);
  const lacking = open.flatMap((el) => [...el.querySelectorAll(":invalid")]);
  problem.hidden = lacking.length === 0;
  problem.textContent = lacking.length ? t("upload.missing") : "";
  if (lacking.length) { lacking[0].focus(); return; }
  for (const el of open) {
    el.dataset.sent = "yes";
    for (const field of el.querySelectorAll("input, select")) field.disabled = true;
    el.querySelector(".said").textContent = t("upload.waiting");
    sending.push(el);
  }
  show();
  next();
});

// One after the other: two at once only share the line, and the first is done later.
async function next() {
  if (busy || !sending.length) return;
  busy = true;
  const el = sending.shift();
  try {
    if (files.has(el)) await send(el, files.get(el));
  } finally {
    busy = false;
    show();
    next();
  }
}

async function send(el, file) {
  const said = el.querySelector(".said");
  const say = (words) => { if (said.textContent !== words) said.textContent = words; };
  // A screen reader hears how an upload begins and ends; the figures between are in the list.
  said.removeAttribute("role");
  say(t("upload.checking"));
  const value = (name) => el.querySelector(`[name=${name}]`).value;
  const sender = new Sender(file, chunk, (part) => say(t("upload.sending", Math.floor(part * 100))), () => say(t("upload.broken")));
  const form = { file: file.name, bytes: file.size, mark: await markOf(file).catch(() => ""), client: value("client"), session: Number(value("session")), phase: value("phase"), speakers: value("speakers") };
  const why = form.mark ? await sender.run(form) : t("upload.unreadable");
  if (why === "") { files.delete(el); el.remove(); return; } // the list below tells the rest
  said.setAttribute("role", "status");
  say(why);
  delete el.dataset.sent;
  for (const field of el.querySelectorAll("input, select")) field.disabled = false;
}
