// A picture to begin with: a file of the reader's, or one that was drawn here.
import { call } from "../kit/api.js";
import { once } from "../kit/once.js";
import { key } from "../kit/session.js";

const PATIENCE_SECONDS = 300; // for a large file, over a slow line

export const TYPES = ["image/png", "image/jpeg", "image/webp"];

const gone = new FinalizationRegistry((url) => URL.revokeObjectURL(url)); // the well and many runs may hold one

/** A picture of the reader's or of a job, with the URL to show it by. */
export class Source {
  #job;
  #key = key();
  #uploads = new Map(); // by the key that sent it

  constructor(blob, name, job = null) {
    this.blob = blob;
    this.url = URL.createObjectURL(blob);
    this.name = name;
    this.#job = job;
    gone.register(this, this.url);
  }

  /** The job that drew it, and which of its pictures it is; null for a file, and where another key would not know it. */
  get job() {
    return this.#key === key() ? this.#job : null;
  }

  /** What a request names it by; a file is uploaded first, once by a key. Throws a Problem. */
  async image() {
    if (this.job) return { job: this.job };
    return { upload_id: await once(this.#uploads, key(), () => uploaded(this.blob)) };
  }

  /** What code names it by, before anything is uploaded. */
  get told() {
    return this.job ? { job: this.job } : { file: this.name };
  }
}

/** Why a file cannot be read; "" where it may be. `limits` are those of GET /v1/capabilities. */
export function refusal(file, limits) {
  if (!TYPES.includes(file.type)) return "must be a PNG, JPEG or WebP picture";
  const most = limits?.input_bytes ?? Infinity;
  return file.size > most ? `is larger than ${(most / 2 ** 20).toFixed(0)} MiB` : "";
}

async function uploaded(body) {
  const [headers, read] = [{ "Content-Type": body.type }, (answer) => answer.json()];
  return (await call("v1/uploads", { method: "POST", body, headers, read, seconds: PATIENCE_SECONDS })).upload_id;
}
