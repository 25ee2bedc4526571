// Asking again and again: slower while the gateway is away or the key's minute runs out, not at all while hidden.
import { api } from "../kit/api.js";

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
    Object.assign(this, { seconds, ask, heard, failures: 0, notBefore: 0, over: new AbortController() });
    document.addEventListener("visibilitychange", () => this.soon(0), { signal: this.over.signal });
    queueMicrotask(() => this.now()); // who made it has its name by then
  }

  /** Ask at once, since a reader wants it; while an answer is awaited, once more after it. */
  async now() {
    this.calm();
    if (this.over.signal.aborted) return;
    if (this.asking) return void (this.again = true);
    this.asking = true;
    const problem = await this.ask().then(() => null, theirs);
    this.asking = false;
    this.next(problem);
  }

  /** Ask soon, if nobody has until then: many wishes become one question, and none while the gateway wants a rest. */
  soon(seconds = 1) {
    if (this.hurried || document.hidden || this.over.signal.aborted) return;
    const rest = this.notBefore - performance.now();
    this.hurried = setTimeout(() => this.now(), Math.max(seconds * thrift * 1000, rest));
  }

  next(problem) {
    if (this.over.signal.aborted) return;
    this.failures = problem ? this.failures + 1 : 0;
    const seconds = this.again && !problem ? 0 : this.wait(problem);
    this.notBefore = problem ? performance.now() + seconds * 1000 : 0;
    this.again = false;
    this.heard(problem);
    if (!document.hidden) this.timer = setTimeout(() => this.now(), seconds * 1000);
  }

  wait(problem) {
    const slower = this.seconds * thrift * 2 ** this.failures;
    return Math.max(Math.min(MOST_SECONDS, slower), problem?.retryAfter ?? 0);
  }

  stop() {
    this.over.abort();
    this.calm();
  }

  calm() {
    clearTimeout(this.timer);
    clearTimeout(this.hurried);
    this.hurried = null;
  }
}

/** A problem that the gateway told. A flaw of the page is none: it is for the console, and asking goes on. */
function theirs(error) {
  if (error.status !== undefined) return error;
  reportError(error);
  return null;
}
