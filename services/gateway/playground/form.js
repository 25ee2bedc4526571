// What is asked for: the mode, the words, the picture and the dials, kept for each mode while the page is open.
import { element, text } from "../kit/dom.js";
import { fieldAt, isRequired } from "./contract.js";
import { Dial } from "./dials.js";
import { isRead, lacking, MODES, modeNamed, whatLacks } from "./modes.js";

const SHARED = ["/prompt", "/seed"];

export class Form {
  #kept = Object.fromEntries(MODES.map((mode) => [mode.name, {}]));
  #dials = [];
  stages = [];

  /** `contract` is the gateway's document; `onChange` is called whenever something is asked otherwise. */
  constructor(node, contract, well, onChange) {
    this.node = node;
    this.contract = contract;
    this.well = well;
    this.onChange = onChange;
    this.place = node.querySelector("#dials");
    this.more = node.querySelector("#more");
    this.choices = node.querySelector("#modes");
    this.choices.append(...MODES.map((mode) => this.#choice(mode)));
    this.mode = MODES[0];
    this.#arrange();
  }

  /** Ask in another way; what the dials of this one say is kept. */
  choose(name) {
    this.#keep();
    this.mode = modeNamed(name);
    this.#arrange();
    this.onChange();
  }

  /** Offer the modes whose stages have workers; say of others why not. */
  offer(stages) {
    this.stages = stages;
    for (const mode of MODES) {
      const input = this.choices.querySelector(`[value="${mode.name}"]`);
      input.disabled = !this.isOffered(mode);
    }
    this.#tellModes();
  }

  /** Whether `mode`, or the one that is chosen, is offered. */
  isOffered(mode = this.mode) {
    return lacking(mode, this.stages).length === 0;
  }

  /** The values of all dials that are read, by their pointers. */
  get values() {
    const all = { ...this.mode.fixed, ...Object.fromEntries(this.#dials.map((dial) => [dial.pointer, dial.value])) };
    const unread = this.#dials.filter(({ dial }) => !isRead(dial, all));
    for (const { pointer } of unread) delete all[pointer];
    return all;
  }

  /** Set the dials to `values`, of the mode `name`. */
  restore(name, values) {
    this.#keep();
    this.mode = modeNamed(name);
    this.#kept[name] = { ...this.#kept[name], ...values };
    for (const pointer of SHARED) this.#share(pointer, values[pointer] ?? null);
    this.#arrange();
    this.onChange();
  }

  /** Show the fields that a problem names, each where it is; what names none of them is left: its words. */
  complain(problem) {
    const places = [...this.#dials, this.well];
    for (const place of places) place.complain("");
    const unplaced = problem.errors.filter(({ pointer, detail }) => {
      const place = placeOf(places, pointer);
      place?.complain(detail);
      return !place;
    });
    const first = places.find((place) => !place.error.hidden);
    if (this.more.contains(first?.node)) this.more.open = true;
    first?.input.focus();
    if (!problem.errors.length) return problem.message;
    return unplaced.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ");
  }

  #choice(mode) {
    const id = `mode-${mode.name}`;
    const input = element("input", { type: "radio", name: "mode", id, value: mode.name, "aria-describedby": "says missing" });
    input.addEventListener("change", () => this.choose(mode.name));
    return element("span", { class: "mode" }, input, element("label", { for: id }, mode.title));
  }

  /** What the mode does, which others are not offered and why, and the size that its model draws unasked. */
  #tellModes() {
    text(this.node.querySelector("#says"), this.mode.says);
    text(this.node.querySelector("#missing"), whatLacks(this.stages));
    const model = this.stages.find((told) => told.stage === this.mode.stages[0])?.models[0];
    this.#suggestSize(model?.size ?? "x");
  }

  #arrange() {
    this.choices.querySelector(`[value="${this.mode.name}"]`).checked = true;
    this.well.node.hidden = !this.mode.takesPicture;
    const [words, ...dials] = [{ pointer: "/prompt", label: this.#promptLabel() }, ...this.mode.dials];
    this.#dials = [words, ...dials].map((dial) => this.#made(dial));
    this.node.querySelector("#words").replaceChildren(this.#dials[0].node);
    const nodes = (isRare) => this.#dials.slice(1).filter(({ dial }) => !dial.isRare === !isRare).map(({ node }) => node);
    this.place.replaceChildren(...nodes(false));
    this.more.hidden = nodes(true).length === 0;
    this.more.querySelector(".dials").replaceChildren(...nodes(true));
    this.#showRead();
    this.#tellModes();
  }

  #promptLabel() {
    const required = this.mode.kinds.some((kind) => isRequired(this.contract, kind, "/prompt"));
    return required ? "What to see" : "What to see (may be empty)";
  }

  #made(dial) {
    const field = this.mode.kinds.map((kind) => fieldAt(this.contract, kind, dial.pointer)).find(Boolean);
    const made = new Dial(dial, field, () => this.#moved());
    made.value = this.#kept[this.mode.name][dial.pointer] ?? dial.value ?? field.default ?? null;
    return made;
  }

  #moved() {
    this.#showRead();
    this.onChange();
  }

  #showRead() {
    const values = Object.fromEntries(this.#dials.map((dial) => [dial.pointer, dial.value]));
    for (const { dial, node } of this.#dials) node.hidden = !isRead(dial, values);
  }

  #keep() {
    for (const dial of this.#dials) this.#kept[this.mode.name][dial.pointer] = dial.value;
    for (const { pointer, value } of this.#dials) if (SHARED.includes(pointer)) this.#share(pointer, value);
  }

  #share(pointer, value) {
    for (const kept of Object.values(this.#kept)) kept[pointer] = value;
  }

  #suggestSize(size) {
    const [width, height] = size.split("x");
    const usual = { "/width": width, "/height": height };
    for (const { pointer, input } of this.#dials) if (pointer in usual) input.placeholder = usual[pointer];
  }
}

/** Where a problem at `pointer` belongs: its own field, one that it is inside of, or the first that is inside of it. */
export function placeOf(places, pointer) {
  const isIn = (inner, outer) => inner === outer || inner.startsWith(`${outer}/`);
  return (
    places.find((place) => place.pointer === pointer && !place.node.hidden) ??
    places.find((place) => isIn(pointer, place.pointer) && !place.node.hidden) ??
    places.find((place) => pointer !== "" && isIn(place.pointer, pointer) && !place.node.hidden)
  );
}
