// What was asked for since the page was opened, newest first. It is kept in this page, and nowhere else.
import { attribute, element, keyed, text } from "../kit/dom.js";
import { headline } from "./telling.js";

const MOST = 40; // whose pictures the browser holds

export class History {
  #runs = [];
  #shown = null;

  /** `onChoose` is called with the run that the reader wants to see. */
  constructor(node, onChoose) {
    this.node = node;
    this.list = node.querySelector("ol");
    this.onChoose = onChoose;
  }

  /** Keep `run`, and show how it goes. */
  add(run) {
    this.#runs.unshift(run);
    for (const old of this.#runs.splice(MOST)) old.forget();
    run.addEventListener("change", () => this.#draw());
    this.mark(run);
  }

  /** Forget `run`, which came to nothing. Returns the one before, where there is one. */
  drop(run) {
    this.#runs = this.#runs.filter((other) => other !== run);
    this.#draw();
    return this.#runs[0] ?? null;
  }

  /** `run` is the one that is shown. */
  mark(run) {
    this.#shown = run;
    this.#draw();
  }

  #draw() {
    this.node.hidden = this.#runs.length === 0;
    keyed(this.list, this.#runs, (run) => run, (run) => this.#entry(run));
  }

  #entry(run) {
    const image = element("img", { alt: "", hidden: true });
    const words = element("span", {});
    const more = element("span", { class: "unseen" }, run.values["/prompt"]);
    const button = element("button", { type: "button", onclick: () => this.onChoose(run) }, image, words, more);
    const update = () => {
      const url = run.pictures[0]?.picture.url ?? null;
      attribute(image, "src", url);
      image.hidden = !url;
      text(words, url ? run.mode.title : headline(run));
      attribute(button, "aria-current", run === this.#shown ? "true" : null);
    };
    return { node: element("li", {}, button), update };
  }
}
