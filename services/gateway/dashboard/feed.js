// What happens to all jobs, as the gateway tells it, handed on once a frame: of each job the latest.
import { session } from "../kit/session.js";
import { follow } from "../kit/stream.js";

/**
 * Tells `news`, whose `detail` is of each job the latest, with all its `types`; `reset` where some may have been
 * missed; `live` where the gateway answers, and `waiting` with the problem where it does not.
 */
export class Feed extends EventTarget {
  constructor() {
    super();
    this.latest = new Map();
    session.addEventListener("changed", () => this.start());
  }

  /** Follow from now on, with the key that there is now. */
  start() {
    this.over?.abort();
    this.over = new AbortController();
    this.latest.clear(); // what another key was told
    follow("/v1/events", {
      signal: this.over.signal,
      onEvent: (event) => this.hear(event),
      onState: (state, problem) => this.dispatchEvent(new CustomEvent(state, { detail: problem })),
    });
  }

  hear({ name, data }) {
    if (name === "reset") return void this.dispatchEvent(new Event("reset"));
    if (this.latest.size === 0) requestAnimationFrame(() => this.flush());
    const types = this.latest.get(data.job_id)?.types ?? new Set();
    this.latest.set(data.job_id, { ...data, types: types.add(name) });
  }

  flush() {
    const news = [...this.latest.values()];
    this.latest.clear();
    this.dispatchEvent(new CustomEvent("news", { detail: news }));
  }
}
