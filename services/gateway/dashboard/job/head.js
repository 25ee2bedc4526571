// The top of a job's page: which job, its state, where it is, and why it failed.
import { element, text } from "../../kit/dom.js";
import { word } from "../../kit/words.js";
import { duration, moment, secondsSince } from "../format.js";
import { isEnd, whereabouts } from "../job_row.js";
import { stateMark } from "../marks.js";

/** The head of the job `id`: `show(job)`, `step(event)` while it is drawn, `miss()` where there is none. */
export function head(id) {
  const [state, where] = [stateMark(), element("span", { class: "quiet" })];
  const error = element("p", { class: "job-error", role: "alert", hidden: true });
  const back = element("p", { class: "small" }, element("a", { href: "#/" }, "← All jobs"));
  const title = element("h1", {}, "Job ", element("code", {}, id));
  const line = element("div", { class: "row" }, title, element("span", { role: "status" }, state.node), where);
  return {
    node: element("header", { class: "panel job-head" }, back, line, error),
    show: (job) => tell({ state, where, error }, job),
    step: ({ stage, progress: { step, steps } }) => text(where, `${word(stage)} ${step} / ${steps}`),
    miss: () => complain(error, "There is no such job, or it is another tenant's."),
  };
}

function tell({ state, where, error }, job) {
  state.tell(job.cancel_requested && !isEnd(job.status) ? "canceling" : job.status);
  text(where, [word(job.kind), ...(isEnd(job.status) ? ended(job) : underWay(job))].join(" · "));
  if (job.error) complain(error, element("code", {}, job.error.code), ` ${job.error.detail}`);
}

function complain(error, ...words) {
  if (error.textContent !== words.map((one) => one.textContent ?? one).join("")) error.replaceChildren(...words);
  error.hidden = false;
}

function ended({ created_at: from, completed_at: to }) {
  return to ? [`took ${duration(secondsSince(from, to))}`, `ended ${moment(to)}`] : [];
}

function underWay(job) {
  return [whereabouts(job), ...(job.eta_seconds ? [`done in about ${duration(job.eta_seconds)}`] : [])];
}
