// What waits to be told to receivers, and since when.
import { element, text } from "../kit/dom.js";
import { number } from "./format.js";
import { ago, setAgo } from "./ticking.js";

const ROWS = { outbox: "Events that wait for the relay", pending: "Messages that wait for an attempt", in_flight: "Under way" };

/** Fills `place` with the webhook backlog of each overview. */
export function webhooks(place) {
  const values = Object.fromEntries(Object.keys(ROWS).map((name) => [name, element("dd", { class: "number" })]));
  const oldest = ago(null);
  const pairs = Object.entries(ROWS).map(([name, words]) => element("div", {}, element("dt", {}, words), values[name]));
  place.append(element("dl", { class: "pairs" }, ...pairs, element("div", {}, element("dt", {}, "Oldest is due for"), element("dd", { class: "number" }, oldest))));
  return ({ webhooks: told }) => {
    for (const name of Object.keys(ROWS)) text(values[name], number(told[name]));
    setAgo(oldest, told.oldest_due_at);
  };
}
