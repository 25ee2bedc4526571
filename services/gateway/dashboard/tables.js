// Tables, so that each is made the same way.
import { element } from "../kit/dom.js";

/** A table with `body` under named columns (no name: nothing to say); those of `numbers` stand to the right. */
export function table(columns, body, { numbers = [], caption = null, ...attributes } = {}) {
  const head = columns.map((name) => (name ? heading(name, numbers.includes(name)) : cell()));
  const title = caption && element("caption", { class: "unseen" }, caption);
  return element("table", attributes, title, element("thead", {}, element("tr", {}, head)), body);
}

function heading(name, isNumber) {
  return element("th", { scope: "col", class: isNumber ? "number" : null }, name);
}

/** A row: the first cell names it. */
export function row(name, ...cells) {
  return element("tr", {}, element("th", { scope: "row" }, name), cells);
}

/** A cell. */
export function cell(...children) {
  return element("td", {}, children);
}

/** A cell with a number. */
export function figure(...children) {
  return element("td", { class: "number" }, children);
}

/** What may be wider than the screen: it scrolls by itself, by keyboard too. */
export function wide(label, ...children) {
  return element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": label }, children);
}

/** A name and a value in a `dl`. */
export function pair(name, ...value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}
