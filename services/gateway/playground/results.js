// A run that has ended: its pictures, compared with what they were made of, and what may be done with one.
import { compared } from "../kit/compare.js";
import { attribute, element, withFocus } from "../kit/dom.js";
import { Source } from "./source.js";

const NAMES = { refinement: "Refinement keeps the outline", variation: "Variation keeps the content" };

export class Results {
  constructor(run, doing) {
    this.run = run;
    this.doing = doing;
    this.chosen = run.pictures[0] ?? null;
    this.main = element("div", { class: "main" });
    this.row = element("div", { class: "thumbs", role: "group", "aria-label": "Pictures of this run" });
    this.actions = element("div", { class: "row actions" });
    const line = run.mode.name === "both" && run.pictures.length ? element("p", { class: "line" }, run.mode.says) : null;
    this.node = element("div", { class: "results" }, this.main, this.row, line, this.actions);
    this.#show();
  }

  /** Nothing changes any more. */
  update() {}

  /** It is shown no longer. */
  stop() {}

  #choose(made) {
    this.chosen = made;
    withFocus(this.node, () => this.#show());
  }

  #show() {
    const isGrid = ["variations", "both"].includes(this.run.mode.name);
    this.main.className = isGrid ? "main grid" : "main";
    this.main.replaceChildren(...(isGrid ? this.#grid() : this.#one()));
    const many = !isGrid && this.run.pictures.length > 1 ? this.run.pictures : [];
    this.row.replaceChildren(...many.map((made, index) => this.#button(made, `Picture ${index + 1}`)));
    this.actions.replaceChildren(...this.#actions());
  }

  #one() {
    if (!this.chosen) return this.run.problems.map((problem) => element("p", { class: "wrong" }, problem.message));
    const { drawing, picture } = this.chosen;
    const base = drawing.of("base").find((made) => made.index === picture.index);
    if (base) return [compared({ url: base.url, name: "base" }, { url: picture.url, name: "refined" }, this.#words())];
    if (!this.run.source) return [element("img", { src: picture.url, alt: this.#words() })];
    return [compared({ url: this.run.source.url, name: "yours" }, { url: picture.url, name: "refined" }, this.#words())];
  }

  #grid() {
    const yours = figure(element("img", { src: this.run.source?.url ?? null, alt: "Your picture" }), "Yours");
    const made = this.run.pictures.map((one, index) => {
      const name = this.run.mode.name === "both" ? NAMES[one.drawing.request.kind] : `Variation ${index + 1}`;
      return figure(this.#button(one, name), name);
    });
    const wrong = this.run.problems.map((problem) => element("p", { class: "wrong" }, problem.message));
    return [yours, ...made, ...wrong];
  }

  #button(made, name) {
    const button = element("button", { type: "button", onclick: () => this.#choose(made) });
    attribute(button, "aria-pressed", made.picture === this.chosen?.picture);
    button.append(element("img", { src: made.picture.url, alt: name }));
    return button;
  }

  #actions() {
    const again = button("Same settings", () => this.doing.again(this.run));
    if (!this.chosen) return [again];
    const source = () => sourceOf(this.chosen);
    const { seed, url } = this.chosen.picture;
    return [
      element("a", { class: "button primary", href: url, download: fileName(this.chosen) }, "Download"),
      button("Vary this", () => this.doing.begin("variations", source())),
      button("Refine this", () => this.doing.begin("refinement", source())),
      again,
      element("span", { class: "quiet small" }, seed === null ? "" : `seed ${seed}`),
    ];
  }

  #words() {
    return this.run.values["/prompt"] || "A picture drawn here";
  }
}

/** The picture of a job, to begin another with. */
function sourceOf({ drawing, picture }) {
  return new Source(picture.blob, fileName({ drawing, picture }), { job_id: drawing.job.id, index: picture.index });
}

function fileName({ drawing, picture }) {
  return `${drawing.job.id}-${picture.index}.${picture.blob.type.split("/").pop()}`;
}

function figure(picture, name) {
  return element("figure", {}, picture, element("figcaption", {}, name));
}

function button(words, onclick) {
  return element("button", { type: "button", onclick }, words);
}
