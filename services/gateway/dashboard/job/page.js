// One job: what it is doing, where its time went, what it made, what was asked, and what can be done about it.
import { getJson } from "../../kit/api.js";
import { element } from "../../kit/dom.js";
import { learn } from "../caller.js";
import { isEnd } from "../job_row.js";
import { isMore } from "../jobs.js";
import { Polling } from "../polling.js";
import { actions } from "./actions.js";
import { attempts } from "./attempts.js";
import { facts } from "./facts.js";
import { head } from "./head.js";
import { parameters } from "./parameters.js";
import { Pictures } from "./pictures.js";
import { timeline } from "./timeline.js";

const SECONDS = 10; // the stream tells what changes; this is for what it may have missed
const ENDED_SECONDS = 60; // another webhook may be sent
const SOON = 0.2; // seconds in which events of one job come together
const COLUMNS = [["pictures", "facts"], ["timeline", "attempts", "parameters"]];

/** Show the job `id` in `main`, fed by `feed`. What ends it is given back. */
export function jobPage(main, id, feed, connection) {
  const parts = {
    head: head(id),
    buttons: actions(id, { changed: () => polling.now(), index: () => parts.pictures.index }),
    pictures: new Pictures(),
    facts: facts(),
    timeline: timeline(),
    attempts: attempts(),
    parameters: parameters(),
  };
  parts.head.node.append(parts.buttons.node);
  main.replaceChildren(layout(parts));
  const polling = new Polling(SECONDS, () => refresh(id, parts, polling), (problem) => heard(problem, parts, connection));
  const over = listen(feed, id, parts, polling);
  return () => [over.abort(), polling.stop(), parts.pictures.stop()];
}

function layout(parts) {
  const column = (names) => element("div", { class: "column" }, names.map((name) => panel(name, parts[name])));
  const columns = COLUMNS.map(column);
  return element("div", { class: "job-page" }, parts.head.node, columns);
}

function panel(name, { node, tools = null }) {
  const title = element("h2", { id: `${name}-title` }, name[0].toUpperCase() + name.slice(1));
  const attributes = { class: `panel job-${name}`, "aria-labelledby": `${name}-title` };
  return element("section", attributes, element("header", {}, title, tools), node);
}

async function refresh(id, parts, polling) {
  await learn();
  const [job, told] = await Promise.all([getJson(`/v1/jobs/${id}`), getJson(`/v1/jobs/${id}/timeline`)]);
  for (const name of ["head", "pictures", "facts", "parameters", "buttons"]) parts[name].show(job);
  parts.timeline.show(told, job);
  parts.attempts.show(told.attempts);
  polling.seconds = isSettled(job, told) ? ENDED_SECONDS : SECONDS;
}

/** Whether nothing is under way any more: a webhook may be long after the job has ended. */
function isSettled(job, { spans }) {
  return isEnd(job.status) && spans.every((span) => span.ended_at);
}

/** A job that is not there is said here; everything else the connection tells. */
function heard(problem, { head: top }, connection) {
  const isMissing = problem?.status === 404;
  if (isMissing) top.miss();
  connection.heard("overview", isMissing ? null : problem);
}

function listen(feed, id, parts, polling) {
  const over = new AbortController();
  const on = (name, hear) => feed.addEventListener(name, ({ detail }) => hear(detail), { signal: over.signal });
  on("news", (events) => events.filter((event) => event.job_id === id).forEach((event) => follow(event, parts, polling)));
  on("reset", () => polling.now());
  on("live", () => polling.now());
  return over;
}

function follow(event, parts, polling) {
  if (isMore(event)) polling.soon(SOON);
  if (!event.progress) return;
  parts.head.step(event);
  parts.pictures.sketched(event.progress);
}
