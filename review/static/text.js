// The strings a module shows; the server sends them with the page.
const strings = JSON.parse(document.getElementById("text").textContent);

/** The string under a key, with each %d or %s filled in. */
export function t(key, ...args) {
  return (strings[key] ?? key).replace(/%[ds]/g, () => args.shift());
}

/** Seconds as people read them: m:ss, or h:mm:ss from an hour on. */
export function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}
