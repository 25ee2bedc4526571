// What waits to be told to receivers, and since when.
import { element, text } from "../kit/dom.js";
import { number } from "./format.js";
import { pair } from "./tables.js";
import { ago, setAgo } from "./ticking.js";

const ROWS = {
  outbox: "Events that wait for the relay",
  pending: "Messages that wait for an attempt",
  in_flight: "Under way",
};

/** Fills `place` with the webhook backlog of each overview. */
export function webhooks(place) {
  const values = Object.fromEntries(Object.keys(ROWS).map((name) => [name, element("span")]));
  const oldest = ago(null);
  const pairs = Object.entries(ROWS).map(([name, words]) => pair(words, values[name]));
  place.append(element("dl", { class: "pairs" }, pairs, pair("Oldest is due for", oldest)));
  return ({ webhooks: told }) => {
    for (const name of Object.keys(ROWS)) text(values[name], number(told[name]));
    setAgo(oldest, told.oldest_due_at);
  };
}
