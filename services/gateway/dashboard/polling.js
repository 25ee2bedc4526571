// Asking again and again: slower while the gateway is away or the key's minute runs out, not at all while hidden.
import { api } from "../kit/api.js";
import { session } from "../kit/session.js";

const MOST_SECONDS = 60;
let thrift = 1; // how much slower everything is asked, so that the last of a minute's requests stays for people

api.addEventListener("rate", ({ detail }) => {
  thrift = detail.remaining < detail.quota / 10 ? 6 : detail.remaining < detail.quota / 3 ? 2 : 1;
});

/** Whether requests that only please the eye should be left out for now. */
export function isScarce() {
  return thrift > 1;
}

/** Asks by `ask()` every few seconds until stopped. `heard(problem)` is told how it went: null is well. */
export class Polling {
  constructor(seconds, ask, heard = () => {}) {
    Object.assign(this, { seconds, ask, heard, failures: 0, over: new AbortController() });
    const again = { signal: this.over.signal };
    document.addEventListener("visibilitychange", () => document.hidden || this.now(), again);
    session.addEventListener("changed", () => this.now(), again);
    queueMicrotask(() => this.now()); // who made it has its name by then
  }

  /** Ask at once; while an answer is awaited, once more after it. */
  async now() {
    clearTimeout(this.timer);
    if (this.over.signal.aborted) return;
    if (this.asking) return void (this.again = true);
    this.asking = true;
    const problem = await this.ask().then(() => null, (error) => error);
    if (problem && problem.status === undefined) reportError(problem); // ours, and not the gateway's
    this.asking = false;
    this.next(problem);
  }

  /** Ask soon, if nobody has until then: many wishes become one question. */
  soon(seconds = 1) {
    if (this.hurried || this.over.signal.aborted) return;
    this.hurried = setTimeout(() => {
      this.hurried = null;
      this.now();
    }, seconds * thrift * 1000);
  }

  next(problem) {
    if (this.over.signal.aborted) return;
    this.failures = problem ? this.failures + 1 : 0;
    this.heard(problem);
    if (this.again && !problem) return void ((this.again = false), this.now());
    if (!document.hidden) this.timer = setTimeout(() => this.now(), this.wait(problem) * 1000);
  }

  wait(problem) {
    const slower = this.seconds * thrift * 2 ** this.failures;
    return Math.max(Math.min(MOST_SECONDS, slower), problem?.retryAfter ?? 0);
  }

  stop() {
    this.over.abort();
    clearTimeout(this.timer);
    clearTimeout(this.hurried);
  }
}
