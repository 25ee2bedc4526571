// Every attempt of every stage: who made it, how long it took, and what came of it.
import { element, keyed, text } from "../../kit/dom.js";
import { clock, duration, secondsSince, word } from "../format.js";
import { stateMark } from "../marks.js";

const COLUMNS = ["Stage", "Attempt", "Outcome", "Worker", "Began", "Took", "Error"];
const STATES = { done: "succeeded", retried: "lost", handed_back: "canceled", rewound: "canceled" };

/** The attempts of a job: `show(attempts)`. */
export function attempts() {
  const body = element("tbody");
  const table = element("table", {}, element("thead", {}, element("tr", {}, COLUMNS.map((name) => element("th", { scope: "col" }, name)))), body);
  const empty = element("p", { class: "empty" }, "No worker has begun it yet.");
  const node = element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Attempts, a wide table" }, table, empty);
  const show = (told) => {
    table.hidden = told.length === 0;
    empty.hidden = told.length > 0;
    keyed(body, told, (attempt) => `${attempt.stage} ${attempt.attempt} ${attempt.started_at}`, attemptRow);
  };
  return { node, show };
}

function attemptRow(first) {
  const [outcome, took, error] = [stateMark(), element("td", { class: "number" }), element("td", { class: "error" })];
  const node = element("tr", {}, element("th", { scope: "row" }, word(first.stage)), element("td", {}, String(first.attempt)), element("td", {}, outcome.node),
    element("td", { class: "mono small" }, first.worker ?? "–"), element("td", {}, clock(first.started_at)), took, error);
  const update = (attempt) => {
    outcome.tell(STATES[attempt.outcome] ?? attempt.outcome);
    text(outcome.node, attempt.outcome.replaceAll("_", " "));
    text(took, duration(secondsSince(attempt.started_at, attempt.ended_at)));
    text(error, attempt.error ? `${attempt.error.code}: ${attempt.error.detail}` : "");
  };
  return { node, update };
}
