// Sends one file piece by piece, each with the checksum of its bytes, and does not give up.
import { t } from "./text.js";

const FIRST = 1000; // milliseconds before the first new attempt; twice as long each time
const MOST = 30000;
const EDGE = 65536; // bytes at each end of a file that go into its mark

async function sha256(bytes) { return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)); }
function base64(bytes) { return btoa(String.fromCharCode(...bytes)); }

/** By what the same file is known again: name, size, time, and both of its ends. */
export async function markOf(file) {
  const words = new TextEncoder().encode([file.name, file.size, file.lastModified].join("\n"));
  const ends = new Blob([words, file.slice(0, EDGE), file.slice(Math.max(0, file.size - EDGE))]);
  return base64(await sha256(await ends.arrayBuffer()));
}

export class Sender {
  /** progress is told the part sent, 0 to 1; broken that the server cannot be reached. */
  constructor(file, chunk, progress, broken) {
    Object.assign(this, { file, chunk, progress, broken, tries: 0 });
  }

  /** Returns "" when all has arrived, or why it cannot. */
  async run(form) {
    const begun = await this.#ask("/uploads", { method: "POST", body: JSON.stringify(form) });
    if (begun.status !== 201) return begun.problem;
    const address = "/uploads/" + begun.id;
    for (let at = begun.offset; at < this.file.size;) {
      this.progress(at / this.file.size);
      let bytes;
      try {
        bytes = await this.file.slice(at, at + this.chunk).arrayBuffer();
      } catch {
        return t("upload.unreadable");
      }
      const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": at, "Upload-Checksum": "sha256 " + base64(await sha256(bytes)) };
      const answer = await this.#ask(address, { method: "PATCH", headers, body: bytes }, address);
      switch (answer.status) {
        case 200: case 409: case 460: at = answer.offset; break; // where the server stands counts
        case 404: return t("upload.gone");
        default: return answer.problem;
      }
    }
    this.progress(1);
    return "";
  }

  // Asks until the server answers. After a silence nobody knows what of a request has arrived:
  // then the server is asked where it stands.
  async #ask(address, request, whenBroken) {
    for (;;) {
      try {
        const answer = await fetch(address, request);
        const body = await answer.json();
        if (answer.status < 500 || answer.status === 507) {
          this.tries = 0;
          return { status: answer.status, ...body };
        }
      } catch { /* the line broke; told below */ }
      this.broken();
      await this.#pause();
      if (whenBroken) { [address, request] = [whenBroken, {}]; }
    }
  }

  #pause() {
    const rest = Math.min(MOST, FIRST * 2 ** this.tries++);
    return new Promise((done) => {
      const timer = setTimeout(end, rest);
      function end() {
        clearTimeout(timer);
        removeEventListener("online", end);
        done();
      }
      addEventListener("online", end);
    });
  }
}
