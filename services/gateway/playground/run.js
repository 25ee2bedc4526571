// One press of the button: the jobs that it asks for, and what it was asked with. Knows no element.
import { requestsOf } from "./contract.js";
import { Drawing } from "./drawing.js";

const TELL_MS = 50; // what comes closer together is told at once

export class Run extends EventTarget {
  drawings = [];
  isOver = false;
  #problem = null;
  #unwanted = false;
  #telling = null;

  /** `values` are those of the form's dials, `source` the picture to begin with, or null. */
  constructor(mode, values, source) {
    super();
    this.mode = mode;
    this.values = mode.kinds.length > 1 ? { ...values, "/seed": values["/seed"] ?? drawn() } : values;
    this.source = mode.takesPicture ? source : null;
  }

  /** Upload what must be, ask for the jobs, and see them through; `problems` tells what went wrong. */
  async draw(contract) {
    try {
      const image = await this.source?.image();
      if (!this.#unwanted) await this.#drawAll(requestsOf(contract, this.mode, this.values, image));
    } catch (problem) {
      this.#problem = problem;
    }
    this.isOver = true;
    this.#tell();
  }

  /** Stop all of it. */
  async cancel() {
    this.#unwanted = true;
    await Promise.all(this.drawings.map((drawing) => drawing.cancel()));
  }

  /** Whether anything of it was taken. */
  get hasBegun() {
    return this.drawings.some((drawing) => drawing.job);
  }

  /** Why something of it could not be drawn. */
  get problems() {
    return [this.#problem, ...this.drawings.map((drawing) => drawing.problem)].filter(Boolean);
  }

  /** What was drawn, each with its drawing. */
  get pictures() {
    return this.drawings.flatMap((drawing) => drawing.of("final").map((picture) => ({ drawing, picture })));
  }

  /** The values that draw the same again: with the seed that was drawn. */
  get repeatable() {
    const seed = this.drawings[0]?.job?.request.seed;
    return seed === undefined ? this.values : { ...this.values, "/seed": seed };
  }

  /** Let go of the pictures. */
  forget() {
    for (const drawing of this.drawings) drawing.forget();
  }

  async #drawAll(requests) {
    this.drawings = requests.map((request) => new Drawing(request));
    for (const drawing of this.drawings) drawing.addEventListener("change", () => this.#tell());
    await Promise.all(this.drawings.map((drawing) => drawing.draw()));
  }

  #tell() {
    this.#telling ??= setTimeout(() => {
      this.#telling = null;
      this.dispatchEvent(new Event("change"));
    }, TELL_MS);
  }
}

/** A seed for jobs that are to be compared: each would draw one of its own. */
function drawn() {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}
