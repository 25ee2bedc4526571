// Every attempt of every stage: who made it, how long it took, and what came of it.
import { element, keyed, text } from "../../kit/dom.js";
import { word } from "../../kit/words.js";
import { clock, duration, secondsSince } from "../format.js";
import { stateMark } from "../marks.js";
import { cell, figure, row, table, wide } from "../tables.js";

const COLUMNS = ["Stage", "Attempt", "Outcome", "Worker", "Began", "Took", "Error"];
const LOOKS = { done: "succeeded", retried: "lost", handed_back: "canceled", rewound: "canceled" };

/** The attempts of a job: `show(attempts)`. */
export function attempts() {
  const body = element("tbody");
  const list = table(COLUMNS, body, { numbers: ["Took"] });
  const empty = element("p", { class: "empty", hidden: true }, "No worker has begun it yet.");
  const show = (told) => {
    list.hidden = told.length === 0;
    empty.hidden = told.length > 0;
    keyed(body, told, (attempt) => `${attempt.stage} ${attempt.attempt} ${attempt.started_at}`, attemptRow);
  };
  return { node: wide("Attempts, a wide table", list, empty), show };
}

function attemptRow({ stage, attempt, worker, started_at: began }) {
  const [outcome, took, error] = [stateMark(), figure(), element("td", { class: "error" })];
  const who = element("td", { class: "mono small" }, worker ?? "–");
  const node = row(word(stage), cell(`${attempt}`), cell(outcome.node), who, cell(clock(began)), took, error);
  const update = (told) => {
    outcome.tell(LOOKS[told.outcome] ?? told.outcome, told.outcome);
    text(took, duration(secondsSince(began, told.ended_at)));
    text(error, told.error ? `${told.error.code}: ${told.error.detail}` : "");
  };
  return { node, update };
}
