// One job: what it is doing, where its time went, what it made, what was asked, and what can be done about it.
import { getJson } from "../../kit/api.js";
import { element, text } from "../../kit/dom.js";
import { learn } from "../caller.js";
import { duration, moment, secondsSince, word } from "../format.js";
import { isEnd } from "../job_row.js";
import { isMore } from "../jobs.js";
import { stateMark } from "../marks.js";
import { Polling } from "../polling.js";
import { actions } from "./actions.js";
import { attempts } from "./attempts.js";
import { facts } from "./facts.js";
import { parameters } from "./parameters.js";
import { Pictures } from "./pictures.js";
import { timeline } from "./timeline.js";

const SECONDS = 10; // the stream tells what changes; this is for what it may have missed
const ENDED_SECONDS = 60; // webhooks may still be on their way

/** Show the job `id` in `main`, fed by `feed`. What ends it is given back. */
export function jobPage(main, id, feed, connection) {
  const [over, pictures] = [new AbortController(), new Pictures()];
  const parts = { head: head(id), pictures, facts: facts(), timeline: timeline(), attempts: attempts(), parameters: parameters() };
  const buttons = actions(id, () => polling.now());
  parts.head.row.append(buttons.node);
  main.replaceChildren(layout(parts));
  const polling = new Polling(SECONDS, () => refresh(id, parts, buttons, polling), (problem) => heard(parts.head, problem, connection));
  feed.addEventListener("news", ({ detail }) => follow(detail.find((event) => event.job_id === id), parts, polling), { signal: over.signal });
  feed.addEventListener("reset", () => polling.now(), { signal: over.signal });
  return () => [over.abort(), polling.stop(), pictures.stop()];
}

function layout({ head: top, ...panels }) {
  const titles = { pictures: "Pictures", facts: "Facts", timeline: "Timeline", attempts: "Attempts", parameters: "Parameters" };
  const panel = (name) => element("section", { class: `panel job-${name}`, "aria-labelledby": `${name}-title` },
    element("header", {}, element("h2", { id: `${name}-title` }, titles[name]), panels[name].tools ?? null), panels[name].node);
  const column = (...names) => element("div", { class: "column" }, ...names.map(panel));
  return element("div", { class: "job-page" }, top.node, column("pictures", "facts"), column("timeline", "attempts", "parameters"));
}

function head(id) {
  const [state, where, error] = [stateMark(), element("span", { class: "quiet" }), element("p", { class: "job-error", role: "alert", hidden: true })];
  const row = element("div", { class: "row" });
  const title = element("div", { class: "row" }, element("h1", {}, "Job ", element("code", {}, id)), element("span", { role: "status" }, state.node), where);
  const node = element("header", { class: "panel job-head" }, element("p", { class: "small" }, element("a", { href: "#/" }, "← All jobs")), title, error, row);
  return { node, row, state, where, error };
}

async function refresh(id, parts, buttons, polling) {
  await learn();
  const [job, told] = await Promise.all([getJson(`/v1/jobs/${id}`), getJson(`/v1/jobs/${id}/timeline`)]);
  tellHead(parts.head, job);
  parts.pictures.show(job);
  parts.facts.show(job);
  parts.timeline.show(told, job);
  parts.attempts.show(told.attempts);
  parts.parameters.show(job);
  buttons.show(job);
  polling.seconds = isEnd(job.status) ? ENDED_SECONDS : SECONDS;
}

function tellHead({ state, where, error }, job) {
  state.tell(job.cancel_requested && !isEnd(job.status) ? "canceling" : job.status);
  text(where, `${word(job.kind)}${isEnd(job.status) ? took(job) : ` · ${at(job)}`}`);
  error.hidden = !job.error;
  if (job.error) error.replaceChildren(element("code", {}, job.error.code), ` ${job.error.detail}`);
}

function took({ created_at: from, completed_at: to }) {
  return to ? ` · took ${duration(secondsSince(from, to))}, ended ${moment(to)}` : "";
}

function at({ stage, progress, queue, attempt, eta_seconds: eta }) {
  const far = progress?.stage === stage ? `${progress.step} / ${progress.steps}` : queue ? `${queue.position} before it` : "";
  return [word(stage), far, attempt > 1 ? `attempt ${attempt}` : "", eta ? `done in about ${duration(eta)}` : ""].filter(Boolean).join(" · ");
}

/** A job that is not there is said once; everything else the connection tells. */
function heard({ error }, problem, connection) {
  if (problem?.status === 404) {
    error.hidden = false;
    text(error, "There is no such job, or it is another tenant's.");
  }
  connection.heard("overview", problem?.status === 404 ? null : problem);
}

function follow(event, parts, polling) {
  if (!event) return;
  if (isMore(event)) polling.soon(0.2);
  if (!event.progress) return;
  text(parts.head.where, `${word(event.stage)} · ${event.progress.step} / ${event.progress.steps}`);
  parts.pictures.preview(event.progress);
}
