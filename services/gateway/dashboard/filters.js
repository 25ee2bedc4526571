// Which jobs are listed, and how many at once.
import { element } from "../kit/dom.js";

const CHOICES = {
  status: ["Any state", "queued", "running", "succeeded", "failed", "canceled", "expired"],
  kind: ["Any kind", "text_to_image", "variation", "refinement"],
  stage: ["Any stage", "sdxl_base", "sdxl_refiner", "unclip_variation"],
};
const LIMITS = ["25", "50", "100", "250"];

/** Selects for status, kind and stage; `changed()` is called when one was turned. */
export function filters(changed) {
  const selects = Object.entries(CHOICES).map(([name, [any, ...rest]]) =>
    select(name, `Jobs by ${name}`, [["", any], ...rest.map((value) => [value, value.replaceAll("_", " ")])], changed));
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
