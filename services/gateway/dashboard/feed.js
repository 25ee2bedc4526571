// What happens to all jobs, as the gateway tells it, handed on once a frame: of each job the latest.
import { follow } from "../kit/stream.js";

/** Tells `news`, with the latest of each job as `detail`; `reset` where some may have been missed; and `state`. */
export class Feed extends EventTarget {
  constructor() {
    super();
    this.latest = new Map();
    this.over = new AbortController();
  }

  start() {
    follow("/v1/events", {
      signal: this.over.signal,
      onEvent: (event) => this.hear(event),
      onState: (state, problem) => this.dispatchEvent(new CustomEvent("state", { detail: { state, problem } })),
    });
  }

  hear({ name, data }) {
    if (name === "reset") return void this.dispatchEvent(new Event("reset"));
    if (this.latest.size === 0) soon(() => this.flush());
    this.latest.set(data.job_id, { ...this.latest.get(data.job_id), ...data, type: name });
  }

  flush() {
    const news = [...this.latest.values()];
    this.latest.clear();
    this.dispatchEvent(new CustomEvent("news", { detail: news }));
  }
}

/** At the next frame; frames do not come while the page is hidden. */
function soon(work) {
  if (document.hidden) setTimeout(work, 1000);
  else requestAnimationFrame(work);
}
