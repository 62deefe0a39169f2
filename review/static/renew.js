// What machines made anew of a transcript that is the same, such as tags after a correction, is
// put into the page while somebody works in it.

/** Resolves to whether the page shows it all; it cannot when the transcript is another one. */
export async function renew(transcript, editor, legend) {
  for (;;) {
    const sent = editor.sent;
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (editor.sending || editor.sent !== sent) { // what was fetched may be older than what was changed meanwhile
      await new Promise((done) => setTimeout(done, 300));
      continue;
    }
    const rows = [...page.querySelectorAll("#rows .u")];
    const prompts = [...page.querySelectorAll("#legend [data-prompt]")].map((el) => el.dataset.prompt);
    if (rows.length !== transcript.rows.length || prompts.join() !== legend.prompts.map((p) => p.id).join()) return false;
    if (rows.some((el, i) => el.dataset.at !== transcript.rows[i].el.dataset.at)) return false;
    editor.renew(rows.filter((el, i) => shown(el) !== shown(transcript.rows[i].el)).map((el) => el.outerHTML), page.getElementById("aside").innerHTML);
    if (!page.querySelector(".unfinished")) document.querySelector(".unfinished")?.remove();
    return true;
  }
}

function shown(el) {
  const speaker = ["client", "coach", "unknown"].find((s) => el.classList.contains(s));
  return [speaker, el.querySelector(".text").textContent, ...[...el.querySelectorAll(".speaker, .doubt, .history, .note, .tags")].map((part) => part.innerHTML)].join("\n");
}
