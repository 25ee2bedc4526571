// Which jobs are listed, and how many at once.
import { element } from "../kit/dom.js";
import { KINDS, STAGES, word } from "../kit/words.js";

const STATES = ["queued", "running", "succeeded", "failed", "canceled", "expired"];
const CHOICES = { status: STATES, kind: Object.keys(KINDS), stage: Object.keys(STAGES) };
const LIMITS = ["25", "50", "100", "250"];

/** Selects for status, kind and stage; `changed()` is called when one was turned. */
export function filters(changed) {
  const selects = Object.entries(CHOICES).map(([name, values]) =>
    select(name, `Jobs by ${name}`, [["", `Any ${name}`], ...values.map((value) => [value, word(value)])], changed));
  const limit = select("limit", "Jobs on a page", LIMITS.map((value) => [value, `${value} a page`]), changed);
  limit.value = "50";
  const on = () => selects.filter((one) => one.value);
  return { node: element("div", { class: "row filters" }, ...selects, limit), isOn: () => on().length > 0,
    values: () => Object.fromEntries(on().map((one) => [one.name, one.value])), limit: () => limit.value };
}

function select(name, label, choices, changed) {
  const options = choices.map(([value, words]) => element("option", { value }, words));
  return element("select", { name, "aria-label": label, onchange: changed }, ...options);
}
