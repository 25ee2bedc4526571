// Ages that go on by themselves: one clock for the whole page.
import { attribute, element, text } from "../kit/dom.js";
import { age, moment, secondsSince } from "./format.js";

/** An element that tells the age of `at`; "–" where there is none. */
export function ago(at) {
  const shown = element("time", { class: "ago" });
  setAgo(shown, at);
  return shown;
}

/** From now on, `shown` tells the age of `at`. */
export function setAgo(shown, at) {
  attribute(shown, "datetime", at ?? null);
  attribute(shown, "title", at ? moment(at) : null);
  tick(shown);
}

function tick(shown) {
  text(shown, shown.dateTime ? age(secondsSince(shown.dateTime)) : "–");
}

setInterval(() => document.querySelectorAll("time.ago").forEach(tick), 1000);
