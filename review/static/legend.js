// The prompts of this debrief: their colours, counts and digit keys, and the filter.
export class Legend {
  constructor(el, transcript) {
    this.el = el;
    this.transcript = transcript;
    this.wanted = new Set();
    /** {id, name, key, chip} of each prompt, in the order of the scheme. */
    this.prompts = [...(el?.querySelectorAll("[data-prompt]") ?? [])].map((chip) => ({ id: chip.dataset.prompt, name: chip.dataset.name, key: chip.dataset.key, chip }));
    el?.addEventListener("click", (e) => this.#click(e));
  }

  /** The colour of each prompt, by id; asked for once a drawing, because asking costs. */
  colours() {
    return new Map(this.prompts.map((p) => [p.id, getComputedStyle(p.chip).textDecorationColor]));
  }

  /** Counts the tags again after a change. */
  recount() {
    const count = new Map();
    for (const row of this.transcript.rows) for (const id of row.prompts()) count.set(id, (count.get(id) ?? 0) + 1);
    for (const { id, chip } of this.prompts) {
      chip.querySelector("small").textContent = count.get(id) ?? 0;
      chip.hidden = !count.get(id);
    }
  }

  #click(e) {
    const chip = e.target.closest("[data-prompt]");
    const all = document.getElementById("all");
    if (chip) {
      const on = chip.getAttribute("aria-pressed") !== "true";
      chip.setAttribute("aria-pressed", String(on));
      if (on) this.wanted.add(chip.dataset.prompt); else this.wanted.delete(chip.dataset.prompt);
    } else if (e.target === all) {
      this.wanted.clear();
      for (const { chip } of this.prompts) chip.setAttribute("aria-pressed", "false");
    } else return;
    all.hidden = this.wanted.size === 0;
    this.transcript.filter(this.wanted);
  }
}
