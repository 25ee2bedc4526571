// What is asked for: the mode, the words, the picture and the dials, kept for each mode while the page is open.
import { fieldAt, isRequired } from "./contract.js";
import { Dial } from "./dials.js";
import { isRead, MODES } from "./modes.js";
import { Picker } from "./picker.js";

const SHARED = ["/prompt", "/seed"]; // by all modes

export class Form {
  #kept = Object.fromEntries(MODES.map((mode) => [mode.name, {}]));
  #dials = [];

  /** `contract` is the gateway's document, `well` where the picture is; `onChange` hears of whatever is asked otherwise. */
  constructor(node, contract, well, onChange) {
    this.node = node;
    this.contract = contract;
    this.well = well;
    this.onChange = onChange;
    this.more = node.querySelector("#more");
    this.picker = new Picker(node, (name) => this.choose(name));
    this.#arrange(MODES[0].name);
  }

  get mode() {
    return this.picker.mode;
  }

  /** Ask in another way; what the dials of this one say is kept. */
  choose(name) {
    this.#keep();
    this.#arrange(name);
    this.onChange();
  }

  /** Offer what can be done with `stages`, those of GET /v1/capabilities. */
  offer(stages) {
    this.picker.offer(stages);
    this.#suggestSize();
  }

  /** The values of all dials that are read, by their pointers. */
  get values() {
    const all = this.#all();
    const read = this.#dials.filter(({ dial }) => isRead(dial, all));
    return { ...Object.fromEntries(read.map(({ pointer }) => [pointer, all[pointer]])), ...this.mode.fixed };
  }

  /** Set the dials to `values`, of the mode `name`. */
  restore(name, values) {
    this.#keep();
    Object.assign(this.#kept[name], values);
    for (const pointer of SHARED) this.#share(pointer, values[pointer] ?? null);
    this.#arrange(name);
    this.onChange();
  }

  /** Show the fields that a problem names, each where it is. Returns the words for what has no place. */
  complain({ message, errors }) {
    const unplaced = errors.filter(({ pointer, detail }) => {
      const place = placeOf(this.#places, pointer);
      place?.complain(detail);
      return !place;
    });
    const first = this.#places.find((place) => !place.error.hidden);
    if (this.more.contains(first?.node ?? null)) this.more.open = true;
    first?.input.focus();
    return errors.length ? unplaced.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ") : message;
  }

  /** Nothing is wrong any more. */
  calm() {
    for (const place of this.#places) place.complain("");
  }

  get #places() {
    return [...this.#dials, this.well].filter(({ node }) => !node.hidden);
  }

  #arrange(name) {
    this.picker.show(name);
    this.well.node.hidden = !this.mode.takesPicture;
    const words = this.#made({ pointer: "/prompt", label: this.#promptLabel() });
    const dials = this.mode.dials.map((dial) => this.#made(dial));
    this.#dials = [words, ...dials];
    this.node.querySelector("#words").replaceChildren(words.node);
    this.node.querySelector("#dials").replaceChildren(...dials.filter(({ dial }) => !dial.isRare).map(({ node }) => node));
    this.#putAway(dials.filter(({ dial }) => dial.isRare));
    this.#suggestSize();
    this.#showRead();
  }

  #putAway(dials) {
    this.more.hidden = dials.length === 0;
    this.more.querySelector(".dials").replaceChildren(...dials.map(({ node }) => node));
  }

  #promptLabel() {
    const required = this.mode.kinds.some((kind) => isRequired(this.contract, kind, "/prompt"));
    return required ? "What to see" : "What to see (may be empty)";
  }

  #made(dial) {
    const field = this.mode.kinds.map((kind) => fieldAt(this.contract, kind, dial.pointer)).find(Boolean);
    const made = new Dial(dial, field, () => (this.#showRead(), this.onChange()));
    made.value = this.#kept[this.mode.name][dial.pointer] ?? dial.value ?? field.default ?? null;
    return made;
  }

  #all() {
    return Object.fromEntries(this.#dials.map(({ pointer, value }) => [pointer, value]));
  }

  #showRead() {
    const all = this.#all();
    for (const { dial, node } of this.#dials) node.hidden = !isRead(dial, all);
  }

  #keep() {
    const all = this.#all();
    Object.assign(this.#kept[this.mode.name], all);
    for (const pointer of SHARED) this.#share(pointer, all[pointer]);
  }

  #share(pointer, value) {
    for (const kept of Object.values(this.#kept)) kept[pointer] = value;
  }

  #suggestSize() {
    const [width = "", height = ""] = this.picker.usualSize;
    const usual = { "/width": width, "/height": height };
    for (const { pointer, input } of this.#dials) if (pointer in usual) input.placeholder = usual[pointer];
  }
}

/** Where a problem at `pointer` belongs: its own field, one that it is inside of, or the first that is inside of it. */
function placeOf(places, pointer) {
  const isIn = (inner, outer) => inner === outer || inner.startsWith(`${outer}/`);
  return (
    places.find((place) => isIn(pointer, place.pointer)) ??
    places.find((place) => pointer !== "" && isIn(place.pointer, pointer))
  );
}
