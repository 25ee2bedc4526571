// A run under way: the preview, what is drawn already, how far each stage has come, and a way out.
import { attribute, element, keyed, text } from "../kit/dom.js";
import { complain } from "../kit/notices.js";
import { expected, legs } from "./telling.js";

export class Progress {
  constructor(run) {
    this.run = run;
    this.pictures = element("div", { class: "pictures" });
    this.legs = element("div", { class: "legs" });
    this.left = element("span", { class: "quiet" });
    this.cancel = element("button", { type: "button", id: "cancel", onclick: () => this.#cancel() }, "Cancel");
    const foot = element("div", { class: "row foot" }, this.left, this.cancel);
    this.node = element("div", { class: "progress" }, this.pictures, this.legs, foot);
    this.clock = setInterval(() => this.#tick(), 1000);
    this.update();
  }

  update() {
    keyed(this.pictures, this.#tiles(), (tile) => tile.id, () => tile());
    const all = this.run.drawings.flatMap((drawing, index) => legs(this.run.mode, index, drawing));
    keyed(this.legs, all, (leg) => leg.stage, ({ stage, name }) => bar(stage, name));
    this.#tick();
  }

  /** It is shown no longer. */
  stop() {
    clearInterval(this.clock);
  }

  /** What is ready, and of every drawing under way its preview. */
  #tiles() {
    const ready = this.run.pictures.map(({ drawing, picture }) => ({ id: picture.url, url: picture.url, of: drawing }));
    const going = this.run.drawings.filter((drawing) => !drawing.isOver);
    const previews = going.map((drawing) => ({ id: `preview ${this.run.drawings.indexOf(drawing)}`, url: drawing.preview.url }));
    return this.run.drawings.length ? [...ready, ...previews] : [{ id: "preview 0", url: null }];
  }

  #tick() {
    text(this.left, expected(this.run, Date.now()));
  }

  async #cancel() {
    this.cancel.disabled = true;
    text(this.cancel, "Canceling");
    await this.run.cancel().catch((problem) => {
      complain(problem);
      this.cancel.disabled = false;
      text(this.cancel, "Cancel");
    });
  }
}

function tile() {
  const image = element("img", { alt: "", hidden: true });
  const node = element("div", { class: "tile" }, image);
  const update = ({ id, url }) => {
    node.classList.toggle("preview", id.startsWith("preview"));
    attribute(image, "src", url);
    image.hidden = !url;
  };
  return { node, update };
}

function bar(stage, name) {
  const words = element("span", { class: "quiet" });
  const part = element("progress", { max: 1, value: 0, "aria-label": name });
  const state = element("span", { class: "state" }, name);
  const node = element("div", { class: "leg", "data-stage": stage }, element("div", { class: "row" }, state, words), part);
  const update = (leg) => {
    attribute(state, "data-state", leg.state);
    text(words, leg.words);
    part.value = leg.part;
  };
  return { node, update };
}
