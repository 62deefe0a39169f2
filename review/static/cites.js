// Plays a quote where it stands: one sound for the whole page, stopped at the quote's end.
import { t } from "./text.js";

const sound = document.getElementById("sound");
let playing = null;
let until = 0;

function stop() {
  playing?.classList.remove("playing");
  playing = null;
  sound.pause();
}

addEventListener("click", async (e) => {
  const button = e.target.closest(".hear");
  if (!button) return;
  const same = button === playing;
  stop();
  if (same) return;
  playing = button;
  button.classList.add("playing");
  if (sound.getAttribute("src") !== button.dataset.sound) sound.src = button.dataset.sound;
  until = Number(button.dataset.e);
  sound.currentTime = Number(button.dataset.s);
  try {
    await sound.play();
  } catch (err) {
    if (err.name !== "AbortError") button.title = t("trouble");
    if (playing === button) stop();
  }
});

sound.addEventListener("timeupdate", () => { if (playing && sound.currentTime >= until) stop(); });
sound.addEventListener("ended", stop);

// The sheet alone, or the course with it: the style sheet leaves out the rest.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    document.body.dataset.printing = button.dataset.print;
    print();
  });
}
addEventListener("afterprint", () => { delete document.body.dataset.printing; });

// A browser takes a quote at the edge of the table, or under its first column, for seen.
document.querySelector(".scroll")?.addEventListener("focusin", (e) => e.target.closest(".count")?.scrollIntoView({ block: "nearest", inline: "nearest" }));
