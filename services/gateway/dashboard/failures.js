// Why jobs failed lately, by code, the most frequent first.
import { element, keyed, text } from "../kit/dom.js";
import { number } from "./format.js";
import { figure, row, table } from "./tables.js";

/** Fills `place` with the failures of each overview. */
export function failures(place) {
  const body = element("tbody");
  const list = table(["Code", "Jobs", ""], body, { numbers: ["Jobs"] });
  const empty = element("p", { class: "empty", hidden: true }, "No job has failed.");
  place.append(list, empty);
  return ({ failures: told }) => {
    list.hidden = told.length === 0;
    empty.hidden = told.length > 0;
    const most = Math.max(1, ...told.map((failure) => failure.count));
    keyed(body, told.map((failure) => ({ ...failure, most })), (failure) => failure.code, failureRow);
  };
}

function failureRow({ code }) {
  const [count, bar] = [figure(), element("meter", { min: 0, "aria-hidden": "true" })];
  const update = (failure) => {
    text(count, number(failure.count));
    Object.assign(bar, { max: failure.most, value: failure.count });
  };
  return { node: row(element("code", {}, code), count, element("td", { class: "wide" }, bar)), update };
}
