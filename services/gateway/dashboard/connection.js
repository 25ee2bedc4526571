// Whether what is shown is what is: live, or how old and why.
import { attribute, text } from "../kit/dom.js";
import { age } from "./format.js";

/** Tells in `shown` whether polls and the stream are well, and why not in `why`: a change is announced, seconds are not. */
export class Connection {
  constructor(shown, why, body) {
    Object.assign(this, { shown, why, body, problems: new Map(), freshAt: Date.now() });
    setInterval(() => this.show(), 1000);
  }

  /** How it went with `source`: null is well. */
  heard(source, problem) {
    if (problem) this.problems.set(source, problem);
    else this.problems.delete(source);
    if (!problem && source === "overview") this.freshAt = Date.now();
    this.show();
  }

  old() {
    return `What is shown is ${age((Date.now() - this.freshAt) / 1000)} old.`;
  }

  show() {
    const problem = [...this.problems.values()][0];
    attribute(this.shown, "data-state", problem ? "stale" : "live");
    attribute(this.body, "data-stale", problem ? "" : null);
    text(this.shown, problem ? stale(problem) : "Live");
    text(this.why, problem ? `${problem.message} ${this.old()}` : "");
  }
}

function stale(problem) {
  if (problem.status === 401) return "Stale: an API key is needed";
  if (problem.status === 429) return "Stale: too many requests, slowing down";
  return problem.status ? `Stale: ${problem.code}` : "Stale: no answer, trying again";
}
