// A picture to begin with: a file of the reader's, or one that was drawn here.
import { call } from "../kit/api.js";

export const TYPES = ["image/png", "image/jpeg", "image/webp"];

/** A picture of the reader's or of a job, with the URL to show it by. */
export class Source {
  constructor(blob, name, job = null) {
    this.blob = blob;
    this.url = URL.createObjectURL(blob);
    this.name = name;
    this.job = job;
  }

  /** What a request names it by; a file is uploaded first, once. Throws a Problem. */
  async image() {
    if (this.job) return { job: this.job };
    this.uploading ??= uploaded(this.blob).catch((problem) => {
      this.uploading = undefined; // the next time, try again
      throw problem;
    });
    return { upload_id: await this.uploading };
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
  return file.size > most ? `is larger than ${(most / 2 ** 20).toFixed(0)} MB` : "";
}

async function uploaded(blob) {
  const answer = await call("v1/uploads", { method: "POST", body: blob, headers: { "Content-Type": blob.type } });
  return (await answer.json()).upload_id;
}
