// Correcting a debrief: words, speaker, prompts, notes, summary. Every change is one request
// that is stored wholly or not at all, and can be undone; a clash with somebody else's change
// is shown, never overwritten.
import { t } from "./text.js";
import { say } from "./transcript.js";

const TOAST = 8000; // milliseconds a message stays; Ctrl+Z undoes after it as well

export class Editor {
  constructor(href, transcript, legend, aside, onChange) {
    Object.assign(this, { href: href + "/review", transcript, legend, aside, onChange, undos: [], index: 0 });
    this.sending = this.sent = 0; // changes under way, and answered
    this.last = Promise.resolve(); // settled when the last change is answered
    this.asideDrawn = aside.innerHTML; // as the server renders it
    this.tools = document.getElementById("tools");
    this.menu = document.getElementById("menu");
    this.speakers = document.getElementById("speakers");
    this.note = document.getElementById("note");
    this.toast = document.getElementById("toast");
    const list = transcript.list;
    list?.addEventListener("pointerover", (e) => this.#place(e.target.closest(".u")));
    list?.addEventListener("focusin", (e) => this.#place(e.target.closest(".u")));
    list?.addEventListener("click", (e) => { this.#verdict(e.target.closest("[data-verdict]")); this.#doNote(e.target.closest(".note [data-do]")); });
    this.tools.addEventListener("click", (e) => { const b = e.target.closest("[data-do]"); if (b) this.#do(b.dataset.do, this.index); });
    aside.addEventListener("click", (e) => { const b = e.target.closest("[data-do]"); if (b) this.#doAside(b); });
    this.menu.addEventListener("click", (e) => { const b = e.target.closest("[data-prompt]"); if (b) { this.menu.hidePopover(); this.#toggleTag(this.index, b.dataset.prompt); } });
    this.speakers.addEventListener("click", (e) => { const b = e.target.closest("[data-speaker]"); if (b) { this.speakers.hidePopover(); this.#speaker(this.index, b.dataset.speaker); } });
    for (const menu of [this.menu, this.speakers]) {
      menu.addEventListener("toggle", (e) => { if (e.newState === "closed") this.#row().at.focus({ preventScroll: true }); });
      menu.addEventListener("keydown", (e) => step(menu, e));
    }
    document.getElementById("undo").addEventListener("click", () => this.undo());
    this.note.querySelector(".cancel").addEventListener("click", () => this.note.close());
    this.note.addEventListener("close", () => {
      document.body.append(this.toast);
      // What had the focus may have been drawn anew meanwhile, and the browser cannot go back to it.
      if (document.activeElement === document.body || this.note.contains(document.activeElement)) this.noteFrom()?.focus({ preventScroll: true });
    });
    addEventListener("beforeunload", (e) => { if (!this.going && this.#unsaved()) e.preventDefault(); });
  }

  #unsaved() {
    const fields = [...document.querySelectorAll(".editor textarea")];
    if (this.note.open) fields.push(this.note.querySelector("textarea"));
    return fields.some((f) => f.value !== f.defaultValue);
  }

  /** Acts on a key pressed at a row, or at the one that sounds; reports whether it meant something. */
  key(key) {
    const menu = document.querySelector(".menu:popover-open"); // the keys beside its entries mean its row
    const at = document.activeElement?.closest?.(".u");
    const index = menu ? this.index : at ? Number(at.id.slice(1)) : this.transcript.current;
    if (!this.transcript.rows[index]) return false;
    if (menu && !/^[1-9axcu]$/.test(key)) return false;
    menu?.hidePopover();
    this.index = index;
    const prompt = this.legend.prompts.find((p) => p.key === key);
    if (prompt) { this.#toggleTag(index, prompt.id); return true; }
    if (key === "a" || key === "x") { this.#verdict(this.#row().el.querySelector(`[data-verdict="${key === "a" ? "accepted" : "rejected"}"]`)); return true; }
    if (key === "c" || key === "u") { this.#speaker(index, key === "u" ? "unknown" : this.#row().speaker === "client" ? "coach" : "client"); return true; }
    const what = { e: "edit", t: "tag", n: "note", p: "pin" }[key];
    if (!what) return false;
    this.#place(this.#row().el);
    this.#do(what, index);
    return true;
  }

  /** Takes the last change back; reports whether there was one. It stays the last one until that is stored. */
  undo() {
    const last = this.undos.pop();
    if (!last) return false;
    this.#send(last, true).then((stored) => { if (!stored) this.undos.push(last); });
    return true;
  }

  #row() { return this.transcript.rows[this.index]; }

  #place(row) {
    if (!row || document.querySelector(".menu:popover-open")) return;
    this.index = Number(row.id.slice(1));
    if (this.tools.parentElement === row) return;
    if (this.tools.contains(document.activeElement) && !row.contains(document.activeElement)) return;
    this.tools.closest(".u")?.classList.remove("tooled");
    row.classList.add("tooled");
    row.append(this.tools);
    this.tools.hidden = false;
  }

  #do(what, index) {
    this.index = index;
    const row = this.#row();
    const change = { utterance: index, start: Number(row.el.dataset.at) };
    switch (what) {
      case "edit": {
        const seen = row.text.textContent;
        const now = () => this.transcript.rows[index]; // drawn anew, perhaps, under the open field
        return this.#edit({ places: () => [now().text], text: seen, save: (text) => this.#send({ ...change, kind: "text", text, seen }), back: () => now().at });
      }
      case "speaker": {
        for (const b of this.speakers.children) b.setAttribute("aria-pressed", String(b.dataset.speaker === row.speaker));
        return this.#openAt(this.speakers, row);
      }
      case "tag": return this.#openMenu(row);
      case "note": return this.#writeNote(change);
      case "pin": {
        const prompt = row.el.querySelector(".tags [data-prompt]:not([data-suggested])")?.dataset.prompt;
        if (!prompt) return this.#tell(t("pin_first"));
        return this.#send({ ...change, kind: "sentence", prompt, quote: row.text.textContent, seen: "" });
      }
    }
  }

  #speaker(index, speaker) {
    const row = this.transcript.rows[index];
    if (row.speaker === speaker) return;
    this.#send({ kind: "speaker", utterance: index, start: Number(row.el.dataset.at), speaker, seen: row.speaker });
  }

  #doNote(button) {
    const el = button?.closest(".note");
    if (!el) return;
    const row = el.closest(".u");
    const where = row ? { utterance: Number(row.id.slice(1)), start: Number(row.dataset.at) } : {};
    const text = el.querySelector("p").textContent;
    const change = { ...where, kind: "note", note: Number(el.dataset.note), seen: text };
    if (row) this.index = where.utterance;
    if (button.dataset.do === "note-remove") return this.#send({ ...change, text: "", private: "private" in el.dataset });
    this.#writeNote(change, text, "private" in el.dataset);
  }

  #doStranded(button) {
    const el = button.closest(".stranded"), at = el.dataset;
    const stranded = { start: Number(at.start), end: Number(at.end) };
    if (button.dataset.do === "settle") return this.#send({ kind: "settle", stranded, seen: "" });
    this.#send({ kind: "place", stranded, utterance: Number(at.u), start: Number(at.at), seen: at.now });
  }

  #doAside(button) {
    if (button.dataset.do === "note") return this.#writeNote({});
    if (button.closest(".note")) return this.#doNote(button);
    if (button.closest(".stranded")) return this.#doStranded(button);
    const el = button.closest(".sentence");
    const index = Number(el.dataset.u);
    const change = { kind: "sentence", utterance: index, start: Number(this.transcript.rows[index].el.dataset.at), prompt: el.dataset.prompt, quote: el.querySelector("q").textContent, seen: el.dataset.full };
    if (button.dataset.do === "hide") return this.#send({ ...change, hidden: true });
    if (button.dataset.do === "unhide") return this.#send({ ...change, text: el.dataset.full, seen: "" });
    const places = [el.querySelector(".quote"), el.querySelector(".tend")];
    this.#edit({ places: () => places, text: el.dataset.full, save: (text) => this.#send({ ...change, text }), back: () => button });
  }

  // Puts a text field in the place of elements until it is saved or given up; back is where the focus goes then.
  #edit({ places, text, save, back }) {
    if (places()[0].hidden) return places()[0].parentElement.querySelector(".editor textarea").focus();
    const form = document.getElementById("editor").content.firstElementChild.cloneNode(true);
    const field = form.querySelector("textarea");
    field.defaultValue = text;
    if (this.aside.contains(places()[0])) field.setAttribute("aria-labelledby", "summary-title");
    places()[0].after(form);
    for (const place of places()) place.hidden = true;
    field.focus();
    field.setSelectionRange(text.length, text.length);
    form.scrollIntoView({ block: "nearest" }); // its buttons, too
    const close = () => {
      form.remove();
      for (const place of places()) place.hidden = false;
      back()?.focus({ preventScroll: true });
      this.#drawAside();
    };
    form.querySelector(".cancel").addEventListener("click", close);
    form.addEventListener("submit", (e) => { e.preventDefault(); submit(); });
    field.addEventListener("keydown", (e) => {
      if (e.key === "Escape") { e.stopPropagation(); close(); }
      if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); submit(); }
    });
    // The field stays until the server has the words: a lost connection loses nothing.
    let saving = false; // a second press of the key must not clash with the first
    const submit = async () => {
      if (saving) return;
      if (field.value.trim() === text.trim()) return close();
      saving = true;
      if (await save(field.value)) close();
      saving = false;
    };
  }

  #state(index, prompt) {
    const chip = this.transcript.rows[index].el.querySelector(`.tags [data-prompt="${CSS.escape(prompt)}"]`);
    if (!chip) return "";
    return "suggested" in chip.dataset ? "suggested" : "assigned";
  }

  #toggleTag(index, prompt) {
    const seen = this.#state(index, prompt);
    const verdict = { assigned: "rejected", suggested: "accepted", "": "set" }[seen];
    this.#send({ kind: "tag", utterance: index, start: Number(this.transcript.rows[index].el.dataset.at), prompt, verdict, seen });
  }

  #verdict(button) {
    if (!button) return;
    const row = button.closest(".u");
    this.#send({ kind: "tag", utterance: Number(row.id.slice(1)), start: Number(row.dataset.at), prompt: button.closest("[data-prompt]").dataset.prompt, verdict: button.dataset.verdict, seen: "suggested" });
  }

  #openMenu(row) {
    this.menu.replaceChildren(...this.legend.prompts.map((p) => {
      const b = document.createElement("button");
      b.type = "button";
      b.dataset.prompt = p.id;
      const state = this.#state(this.index, p.id);
      b.setAttribute("aria-pressed", String(state === "assigned"));
      const chip = p.chip.cloneNode(false);
      const name = document.createElement("span");
      name.className = chip.className + (state === "suggested" ? " suggested" : "");
      name.textContent = p.name;
      const why = document.createElement("small");
      why.textContent = row.el.querySelector(`.tags [data-prompt="${CSS.escape(p.id)}"]`)?.title.split("\n").pop() ?? "";
      const key = document.createElement("kbd");
      key.textContent = p.key ?? "";
      key.hidden = !p.key;
      b.append(name, why, key);
      return b;
    }));
    this.#openAt(this.menu, row);
  }

  #openAt(menu, row) {
    const box = row.el.getBoundingClientRect();
    menu.showPopover();
    const size = menu.getBoundingClientRect();
    menu.style.left = Math.max(8, Math.min(box.right - size.width, innerWidth - size.width - 8)) + "px";
    menu.style.top = Math.max(8, Math.min(box.top + 28, innerHeight - size.height - 8)) + "px";
    menu.querySelector("button").focus();
  }

  // A new note keeps what was typed until it is saved; changing one begins with its text.
  #writeNote(change, text = this.draft ?? "", secret = this.draftPrivate ?? false) {
    const field = this.note.querySelector("textarea"), box = this.note.querySelector("input");
    this.noteFrom = () => ("utterance" in change ? this.transcript.rows[change.utterance].at : this.aside.querySelector("[data-do=note]"));
    field.value = field.defaultValue = text;
    box.checked = secret;
    const fresh = !("note" in change);
    field.oninput = box.onchange = fresh ? () => { this.draft = field.value; this.draftPrivate = box.checked; } : null;
    const form = this.note.querySelector("form");
    form.onsubmit = async (e) => {
      e.preventDefault();
      if (await this.#send({ seen: "", ...change, kind: "note", text: field.value, private: box.checked })) {
        if (fresh) this.draft = this.draftPrivate = undefined;
        this.note.close();
      }
    };
    this.note.showModal();
  }

  /** Draws what was made anew by somebody else: rows and the summary, as the server renders them. */
  renew(rows, aside) { this.#show({ rows, aside }); }

  /** Sends a change once those before it are answered, or their answers could be drawn in another order; resolves to whether it is stored. */
  async #send(change, undoing = false) {
    this.sending++;
    const turn = this.last.then(() => this.#ask(change, undoing));
    this.last = turn.catch(() => {});
    const stored = await turn.finally(() => this.sending--);
    this.sent++;
    return stored;
  }

  async #ask(change, undoing) {
    let answer, body;
    try {
      answer = await fetch(this.href, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(change) });
      body = await answer.json();
    } catch {
      this.#tell(t("unsaved"));
      return false;
    }
    if (answer.status === 409) return this.#conflict(change, body);
    if (!answer.ok) {
      this.#tell(t("refused", body.problem));
      return false;
    }
    this.#show(body);
    if (body.undo && !undoing) this.undos.push(body.undo);
    const removed = change.kind === "note" && !change.text;
    this.#tell(t(undoing ? "undone" : removed ? "removed" : "saved"), Boolean(body.undo) && !undoing);
    return true;
  }

  #show(body) {
    const held = this.tools.contains(document.activeElement) ? document.activeElement : null;
    for (const html of body.rows ?? []) this.transcript.replace(html);
    if (!this.tools.isConnected) { // their row is another element now; where it is not, nothing moves under a finger
      this.tools.remove();
      this.#place(document.activeElement?.closest?.(".u") ?? document.querySelector(".u:hover"));
    }
    if (held?.isConnected && document.activeElement !== held) held.focus({ preventScroll: true });
    this.#drawAside(body.aside);
    this.legend.recount();
    this.onChange();
  }

  // Draws the summary anew if it is another, but not under somebody who is writing in it; the focus stays in its place.
  #drawAside(html = this.asideNext) {
    this.asideNext = html;
    if (!html || this.aside.querySelector(".editor")) return;
    this.asideNext = undefined;
    const next = document.createElement("template");
    next.innerHTML = html;
    if (next.innerHTML === this.asideDrawn) return;
    this.asideDrawn = next.innerHTML;
    const buttons = () => [...this.aside.querySelectorAll("button, a, summary")].filter((b) => b.checkVisibility());
    const at = buttons().indexOf(document.activeElement);
    const unfolded = this.aside.querySelector("details")?.open;
    this.aside.replaceChildren(next.content);
    const details = this.aside.querySelector("details");
    if (details && unfolded) details.open = true;
    if (at >= 0) buttons()[Math.min(at, buttons().length - 1)]?.focus({ preventScroll: true });
  }

  async #conflict(change, body) {
    const states = { assigned: t("state.assigned"), suggested: t("state.suggested"), rejected: t("state.rejected"), removed: t("state.removed"), hidden: t("state.hidden"),
      client: t("state.client"), coach: t("state.coach"), unknown: t("state.unknown") };
    const words = (value) => (change.kind === "text" ? value : states[value] ?? value);
    const dialog = document.getElementById("conflict");
    dialog.querySelector(".theirs").textContent = words(body.theirs);
    const kinds = { tag: change.verdict === "rejected" ? "rejected" : "assigned", speaker: change.speaker, note: "removed", sentence: change.hidden ? "hidden" : change.quote };
    dialog.querySelector(".mine").textContent = (change.kind !== "tag" && !change.hidden && change.text) || words(kinds[change.kind] ?? "");
    dialog.querySelector(".history-advice").hidden = change.kind !== "text";
    dialog.returnValue = "theirs";
    dialog.showModal();
    dialog.focus(); // not at an answer: the next Enter may be meant for the words
    await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
    const mine = dialog.returnValue === "mine";
    const nothing = { tag: "rejected", note: "removed", sentence: "hidden" }[change.kind];
    const again = { ...change, ...body.moved, seen: body.theirs === nothing ? "" : body.theirs };
    if (body.moved && change.kind !== "text") again.seen = change.seen;
    // Words that give way are stored as well: the history has both.
    const stored = mine ? await this.#ask(again) : change.kind !== "text" || await this.#ask({ ...again, yields: true });
    if (stored && body.moved) this.#goTo(body.moved.utterance);
    else if (!mine && change.kind !== "text") this.#show(body);
    return stored;
  }

  // The page is older than the transcript: it is loaded anew where the words are said now, unless
  // somebody is still writing in it.
  #goTo(utterance) {
    if (document.querySelectorAll(".editor").length > 1) { document.getElementById("fresh").hidden = false; return; }
    this.going = true;
    history.replaceState(null, "", "#u" + utterance);
    location.reload();
  }

  #tell(words, undo = false) {
    this.toast.querySelector("span").textContent = words;
    document.getElementById("undo").hidden = !undo;
    (document.querySelector("dialog[open]") ?? document.body).append(this.toast); // nothing outside of an open dialog is seen
    this.toast.hidden = false;
    clearTimeout(this.hiding);
    this.hiding = setTimeout(() => { this.toast.hidden = true; }, TOAST);
    say(words);
  }
}

// The arrow keys go through the entries of a menu.
function step(menu, e) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (!by) return;
  e.preventDefault();
  const all = [...menu.querySelectorAll("button")];
  all[(all.indexOf(document.activeElement) + by + all.length) % all.length].focus();
}
