// The choice of a mode: those whose stages have workers, and why others are not offered.
import { element, text } from "../kit/dom.js";
import { lacking, MODES, modeNamed, whatLacks } from "./modes.js";

export class Picker {
  mode = MODES[0];
  stages = [];

  /** `onChoose` is called with the name of the mode that the reader wants. */
  constructor(node, onChoose) {
    this.node = node;
    this.onChoose = onChoose;
    node.querySelector("#modes").append(...MODES.map((mode) => this.#choice(mode)));
  }

  /** The mode is now that of this name. */
  show(name) {
    this.mode = modeNamed(name);
    this.#input(this.mode).checked = true;
    text(this.node.querySelector("#says"), this.mode.says);
  }

  /** Offer what can be done with `stages`, those of GET /v1/capabilities. */
  offer(stages) {
    this.stages = stages;
    for (const mode of MODES) this.#input(mode).disabled = !this.isOffered(mode);
    text(this.node.querySelector("#missing"), whatLacks(stages));
  }

  /** Whether `mode`, or the one that is chosen, is offered. */
  isOffered(mode = this.mode) {
    return lacking(mode, this.stages).length === 0;
  }

  /** The sides that the model of the mode draws unasked, ["1024", "1024"]; empty where nobody can tell. */
  get usualSize() {
    const model = this.stages.find((told) => told.stage === this.mode.stages[0])?.models[0];
    return model?.size?.split("x") ?? [];
  }

  #input(mode) {
    return this.node.querySelector(`[value="${mode.name}"]`);
  }

  #choice({ name, title }) {
    const id = `mode-${name}`;
    const input = element("input", { type: "radio", name: "mode", id, value: name, "aria-describedby": "says missing" });
    input.addEventListener("change", () => this.onChoose(name));
    return element("span", { class: "mode" }, input, element("label", { for: id }, title));
  }
}
