// Correcting a debrief: words, speaker, prompts, notes, summary. Every change is one request
// that is stored wholly or not at all, and can be undone; a clash with somebody else's change
// is shown, never overwritten.
import { t } from "./text.js";
import { say } from "./transcript.js";

const TOAST = 8000; // milliseconds a message stays; Ctrl+Z undoes after it as well

export class Editor {
  constructor(href, transcript, legend, aside, onChange) {
    Object.assign(this, { href: href + "/review", transcript, legend, aside, onChange, undos: [], index: 0 });
    this.tools = document.getElementById("tools");
    this.menu = document.getElementById("menu");
    this.note = document.getElementById("note");
    this.toast = document.getElementById("toast");
    const list = transcript.list;
    list?.addEventListener("pointerover", (e) => this.#place(e.target.closest(".u")));
    list?.addEventListener("focusin", (e) => this.#place(e.target.closest(".u")));
    list?.addEventListener("click", (e) => this.#verdict(e.target.closest("[data-verdict]")));
    this.tools.addEventListener("click", (e) => { const b = e.target.closest("[data-do]"); if (b) this.#do(b.dataset.do, this.index); });
    aside.addEventListener("click", (e) => { const b = e.target.closest("[data-do]"); if (b) this.#doAside(b); });
    this.menu.addEventListener("click", (e) => { const b = e.target.closest("[data-prompt]"); if (b) { this.menu.hidePopover(); this.#toggleTag(this.index, b.dataset.prompt); } });
    this.menu.addEventListener("toggle", (e) => { if (e.newState === "closed") this.#row().at.focus({ preventScroll: true }); });
    document.getElementById("undo").addEventListener("click", () => this.undo());
    this.note.querySelector(".cancel").addEventListener("click", () => this.note.close());
  }

  /** Acts on a key pressed at a row, or at the one that sounds; reports whether it meant something. */
  key(key) {
    const at = document.activeElement?.closest?.(".u");
    const index = at ? Number(at.id.slice(1)) : this.transcript.current;
    if (!this.transcript.rows[index]) return false;
    this.index = index;
    const prompt = this.legend.prompts.find((p) => p.key === key);
    if (prompt) { this.#toggleTag(index, prompt.id); return true; }
    if (key === "a" || key === "x") { this.#verdict(this.#row().el.querySelector(`[data-verdict="${key === "a" ? "accepted" : "rejected"}"]`)); return true; }
    const what = { e: "edit", t: "tag", c: "speaker", n: "note", p: "pin" }[key];
    if (!what) return false;
    this.#place(this.#row().el);
    this.#do(what, index);
    return true;
  }

  /** Takes the last change back; reports whether there was one. */
  undo() {
    const last = this.undos.pop();
    if (!last) return false;
    this.#send(last, true);
    return true;
  }

  #row() { return this.transcript.rows[this.index]; }

  #place(row) {
    if (!row || this.menu.matches(":popover-open")) return;
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
      case "edit": return this.#edit(row.text, row.text.textContent, (text) => this.#send({ ...change, kind: "text", text, seen: row.text.textContent }));
      case "speaker": return this.#send({ ...change, kind: "speaker", speaker: row.speaker === "client" ? "coach" : "client", seen: row.speaker });
      case "tag": return this.#openMenu(row);
      case "note": return this.#writeNote(change);
      case "pin": {
        const prompt = row.el.querySelector(".tags [data-prompt]:not([data-suggested])")?.dataset.prompt;
        if (!prompt) return this.#tell(t("pin_first"));
        return this.#send({ ...change, kind: "sentence", prompt, quote: row.text.textContent, seen: "" });
      }
    }
  }

  #doAside(button) {
    if (button.dataset.do === "note") return this.#writeNote({});
    const el = button.closest(".sentence");
    const index = Number(el.dataset.u);
    const change = { kind: "sentence", utterance: index, start: Number(this.transcript.rows[index].el.dataset.at), prompt: el.dataset.prompt, quote: el.querySelector("q").textContent, seen: el.dataset.full };
    if (button.dataset.do === "hide") return this.#send({ ...change, hidden: true });
    this.#edit(el.querySelector(".quote"), el.dataset.full, (text) => this.#send({ ...change, text }), el.querySelector(".tend"));
  }

  // Puts a text field in the place of an element until it is saved or given up.
  #edit(place, text, save, alsoHide) {
    if (place.hidden) return;
    const form = document.getElementById("editor").content.firstElementChild.cloneNode(true);
    const field = form.querySelector("textarea");
    field.value = text;
    const hide = (on) => { place.hidden = on; if (alsoHide) alsoHide.hidden = on; };
    hide(true);
    place.after(form);
    field.focus();
    const close = () => { form.remove(); hide(false); this.#row()?.at.focus({ preventScroll: true }); };
    form.querySelector(".cancel").addEventListener("click", close);
    form.addEventListener("submit", (e) => { e.preventDefault(); submit(); });
    field.addEventListener("keydown", (e) => {
      if (e.key === "Escape") { e.stopPropagation(); close(); }
      if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); submit(); }
    });
    // The field stays until the server has the words: a lost connection loses nothing.
    const submit = async () => {
      if (field.value.trim() === text.trim()) return close();
      if (await save(field.value)) close();
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
    const box = row.el.getBoundingClientRect();
    this.menu.showPopover();
    const size = this.menu.getBoundingClientRect();
    this.menu.style.left = Math.max(8, Math.min(box.right - size.width, innerWidth - size.width - 8)) + "px";
    this.menu.style.top = Math.max(8, Math.min(box.top + 28, innerHeight - size.height - 8)) + "px";
    this.menu.querySelector("button").focus();
  }

  #writeNote(change) {
    const field = this.note.querySelector("textarea"), box = this.note.querySelector("input");
    const form = this.note.querySelector("form");
    form.onsubmit = async (e) => {
      e.preventDefault();
      if (await this.#send({ ...change, kind: "note", text: field.value, private: box.checked, seen: "" })) {
        field.value = "";
        this.note.close();
      }
    };
    this.note.showModal();
  }

  /** Sends a change; resolves to whether it is stored. */
  async #send(change, undoing = false) {
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
    this.#tell(t(undoing ? "undone" : "saved"), Boolean(body.undo) && !undoing);
    return true;
  }

  #show(body) {
    const inAside = this.aside.contains(document.activeElement);
    for (const html of body.rows ?? []) this.transcript.replace(html);
    this.tools.remove();
    if (body.aside) this.aside.innerHTML = body.aside;
    if (inAside) this.aside.querySelector("button")?.focus({ preventScroll: true });
    this.legend.recount();
    this.onChange();
  }

  async #conflict(change, body) {
    const states = { assigned: t("state.assigned"), suggested: t("state.suggested"), rejected: t("state.rejected") };
    const words = (value) => states[value] ?? value;
    const dialog = document.getElementById("conflict");
    dialog.querySelector(".theirs").textContent = words(body.theirs);
    dialog.querySelector(".mine").textContent = change.kind === "tag" ? words(change.verdict === "rejected" ? "rejected" : "assigned") : change.text || change.speaker || change.quote;
    dialog.returnValue = "theirs";
    dialog.showModal();
    await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
    if (dialog.returnValue === "mine") {
      const seen = change.kind === "tag" && body.theirs === "rejected" ? "" : body.theirs;
      return this.#send({ ...change, seen });
    }
    this.#show(body);
    return true;
  }

  #tell(words, undo = false) {
    this.toast.querySelector("span").textContent = words;
    document.getElementById("undo").hidden = !undo;
    this.toast.hidden = false;
    clearTimeout(this.hiding);
    this.hiding = setTimeout(() => { this.toast.hidden = true; }, TOAST);
    say(words);
  }
}
