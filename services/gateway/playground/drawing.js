// One job, from its submission to its pictures, live. Knows no element: it tells `change` whenever something is new.
import { getJson, send, submit } from "../kit/api.js";
import { Album } from "../kit/pictures.js";
import { Preview } from "../kit/preview.js";
import { follow } from "../kit/stream.js";

const AGAIN_SECONDS = 2;
const LOOK_SECONDS = 5; // where it waits between two stages nothing is told
const NEWS = ["job.stage_started", "job.stage_finished", "job.image_ready", "job.retried"];
const OVER = ["job.succeeded", "job.failed", "job.canceled", "job.expired"];

export class Drawing extends EventTarget {
  /** The job as it was told last; null before it is submitted. */
  job = null;
  /** What is known of it by now; `waits`: for a worker of its stage. */
  at = { status: "queued", stage: null, sequence: 0, waits: true };
  /** Where it stands in the queue, while it waits: {position, eta_seconds}. */
  queue = null;
  /** {stage, step, steps} of the stage at work. */
  progress = null;
  /** When it is expected to end, in milliseconds since 1970; null where nobody can tell. */
  endsAt = null;
  preview = new Preview(() => this.#tell());
  /** What was drawn: {index, role, seed, blob, url}. */
  pictures = [];
  /** Why it failed: {message, errors}. */
  problem = null;

  #ending = new AbortController();
  #last = null;
  #unwanted = false;
  #album = new Album();
  #looking = setInterval(() => this.at.waits && this.job && !document.hidden && this.#look(), LOOK_SECONDS * 1000);

  constructor(request) {
    super();
    this.request = request;
  }

  get isOver() {
    return this.#ending.signal.aborted;
  }

  /** Submit the job, and follow it to its end. It throws nothing: `problem` tells. */
  async draw() {
    try {
      this.#stands(await submit(this.request));
      if (this.#unwanted) await this.cancel();
      const heard = { onEvent: (event) => this.#hear(event), onState: (_, problem) => this.#lost(problem) };
      await follow(`${this.job.href}/events`, { ...heard, signal: this.#ending.signal });
      await (this.#last ??= this.#finish()); // also where the stream was cut short
    } catch (problem) {
      this.#end(problem);
    }
  }

  /** Stop it, wherever it is. */
  async cancel() {
    this.#unwanted = true; // it may be on its way there still
    if (this.job && !this.isOver) this.#stands(await send("POST", `${this.job.href}/cancel`));
  }

  /** The pictures of `role` ("final", "base"), in their order. */
  of(role) {
    return this.pictures.filter((made) => made.role === role).sort((one, other) => one.index - other.index);
  }

  /** Let go of the pictures. */
  forget() {
    this.#album.close();
  }

  #hear({ name, data }) {
    if (name === "queue") this.queue = data;
    else if (name !== "job.stage_finished") this.#reach({ ...data, waits: data.status === "queued" });
    if (name === "job.stage_started") this.progress = { stage: data.stage, step: 0, steps: 0 };
    if (name === "job.progress") this.#advance(data.progress);
    if (NEWS.includes(name)) this.#look();
    if (OVER.includes(name)) this.#last ??= this.#finish();
    this.#tell();
  }

  #reach({ status, stage, sequence, waits }) {
    if (sequence < this.at.sequence) return;
    this.at = { status, stage: stage ?? this.at.stage, sequence, waits };
    if (!waits) this.queue = null;
  }

  #advance(progress) {
    const isNew = progress.preview_href && progress.preview !== this.progress?.preview;
    this.progress = progress;
    if (isNew) this.preview.look(progress.preview_href);
  }

  #stands(job) {
    if (job.sequence < (this.job?.sequence ?? 0)) return;
    this.job = job;
    this.queue = job.queue ?? this.queue;
    this.endsAt = job.eta_seconds === null ? null : Date.now() + job.eta_seconds * 1000;
    this.#reach({ ...job, waits: job.status === "queued" || job.queue !== null });
    this.#tell();
  }

  /** See how it stands; a look that fails is made up for by the next, and in the end. */
  #look() {
    this.#refresh().catch(() => null);
  }

  async #refresh() {
    this.#stands(await getJson(this.job.href));
    await Promise.all(this.job.images.filter((image) => image.ready).map((image) => this.#fetch(image)));
  }

  async #fetch(image) {
    const { index, role, seed } = image;
    const fetched = await this.#album.picture(image);
    if (this.pictures.some((made) => made.url === fetched.url)) return; // two looks bring it
    this.pictures.push({ index, role, seed, ...fetched });
    this.#tell();
  }

  /** It has ended: fetch what was made, and wait for a gateway that is away or has been asked too often. */
  async #finish() {
    for (;;) {
      try {
        await this.#refresh();
        const { error } = this.job;
        return this.#end(error && { message: error.detail, errors: error.errors });
      } catch (problem) {
        if (!isPassing(problem)) return this.#end(problem);
        const seconds = Math.max(AGAIN_SECONDS, problem.retryAfter ?? 0);
        await new Promise((resume) => setTimeout(resume, seconds * 1000));
      }
    }
  }

  #lost(problem) {
    if (problem?.status === 404) this.#end(problem); // somebody deleted it
  }

  #end(problem) {
    if (this.isOver) return;
    this.problem = problem ?? null;
    this.#ending.abort();
    clearInterval(this.#looking);
    this.preview.end();
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

/** Whether the same may be answered in a while. */
function isPassing({ status }) {
  return status === 0 || status === 429 || status >= 500;
}
