// Controls made of the contract's own ranges. Each knows its pointer, so that a problem finds its place.
import { attribute, element } from "../kit/dom.js";

/** One control: `dial` is a mode's, `field` the schema of what it sets, `onChange` is called when it is moved. */
export class Dial {
  constructor(dial, field, onChange) {
    this.dial = dial;
    this.pointer = dial.pointer;
    this.id = `dial${dial.pointer.replaceAll("/", "-")}`;
    this.controls = controls(this.id, dial, field);
    this.input = this.controls.at(-1);
    this.error = element("p", { class: "wrong", id: `${this.id}-wrong`, hidden: true });
    this.hint = element("p", { class: "hint small", id: `${this.id}-hint` }, field.description);
    const label = element("label", { for: this.id }, dial.label);
    this.node = element("div", { class: `dial ${shape(field)}` }, label, ...this.controls, this.error, this.hint);
    this.complain("");
    this.node.addEventListener("input", ({ target }) => {
      for (const other of this.controls) if (other !== target && target.value !== "") other.value = target.value;
      this.complain("");
      onChange();
    });
  }

  /** What is set: a number, text, true or false; null where nothing is. */
  get value() {
    const { type, value, checked } = this.input;
    if (type === "checkbox") return checked;
    if (type !== "number") return value;
    if (this.input.validity.badInput) return "?"; // no number: for the gateway to refuse
    return value === "" ? null : Number(value);
  }

  set value(value) {
    if (this.input.type === "checkbox") this.input.checked = value;
    else for (const control of this.controls) control.value = value ?? "";
  }

  /** Show what is wrong with it; nothing with "". */
  complain(detail) {
    this.error.textContent = detail;
    this.error.hidden = !detail;
    attribute(this.input, "aria-invalid", detail ? "true" : null);
    attribute(this.input, "aria-describedby", `${detail ? this.error.id : ""} ${this.hint.id}`.trim());
  }
}

function shape({ type, enum: choices, minimum, default: usual }) {
  if (choices) return "choice";
  if (type === "boolean") return "check";
  if (type === "string") return "words";
  return isSlid({ minimum, default: usual }) ? "slid" : "written";
}

/** What has a usual value is slid; the rest, like a seed, is written or left open. */
function isSlid({ minimum, default: usual }) {
  return minimum !== undefined && typeof usual === "number";
}

function controls(id, dial, field) {
  if (field.enum) return [select(id, dial.choices ?? {}, field.enum)];
  if (field.type === "boolean") return [element("input", { id, type: "checkbox" })];
  if (field.type === "string") return [element("textarea", { id, rows: 1, maxlength: field.maxLength })];
  const range = { min: field.minimum, max: field.maximum };
  const number = element("input", { id, type: "number", ...range, step: "any", inputmode: "decimal" });
  number.placeholder = dial.placeholder ?? "";
  if (!isSlid(field)) return [number];
  const said = { "aria-label": `${dial.label}, slid`, step: step(field) };
  return [element("input", { type: "range", ...range, ...said }), number];
}

function select(id, words, values) {
  const told = Object.keys(words).length ? values.filter((value) => value in words) : values;
  return element("select", { id }, told.map((value) => element("option", { value }, words[value] ?? value)));
}

/** How far a slider moves at once: whole numbers where the field has them, else a fraction that suits its range. */
export function step({ type, minimum, maximum, multipleOf }) {
  if (type === "integer") return multipleOf ?? 1;
  return maximum - minimum <= 1 ? 0.05 : 0.5;
}
