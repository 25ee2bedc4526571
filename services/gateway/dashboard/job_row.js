// One job in the list. It is told by the list, and by events in between; an older event changes nothing.
import { attribute, element, text } from "../kit/dom.js";
import { word } from "../kit/words.js";
import { duration, secondsSince, short } from "./format.js";
import { stateMark } from "./marks.js";
import { ago } from "./ticking.js";

const ENDS = new Set(["succeeded", "failed", "canceled", "expired"]);

/** Whether a job of this status changes no more. */
export function isEnd(status) {
  return ENDS.has(status);
}

/** The row of a job: `update(job)` with what the API tells, `hear(event)` with what happened since. */
export function jobRow(first, thumbnails) {
  const [what, where] = [element("span", { class: "prompt" }), element("span", { class: "small" })];
  const [bar, took] = [element("progress", { max: 1 }), element("td", { class: "number took" })];
  const part = { canvas: thumbnails.canvas(), state: stateMark(), what, where, bar, took };
  const row = { node: element("tr", {}, ...cells(first, part)), job: first };
  row.update = (job) => tell(part, (row.job = newer(row.job, job)), thumbnails);
  row.hear = (event) => tell(part, (row.job = heard(row.job, event)), thumbnails);
  return row;
}

function cells(job, part) {
  const link = element("a", { href: `#/jobs/${job.id}`, class: "mono" }, short(job.id));
  const kind = element("span", { class: "quiet small" }, word(job.kind));
  return [
    element("td", { class: "picture" }, part.canvas),
    element("th", { scope: "row", class: "what" }, element("span", { class: "row" }, link, kind), part.what),
    element("td", { class: "status" }, part.state.node),
    element("td", { class: "progress" }, part.where, part.bar),
    element("td", { class: "number created" }, ago(job.created_at)),
    part.took,
  ];
}

/** What the API told, unless an event has told more since. Pure. */
export function newer(before, job) {
  return job.sequence >= before.sequence ? job : { ...job, ...pick(before) };
}

/** A job after an event; one that is older than what is known changes nothing. Pure. */
export function heard(job, event) {
  if (event.sequence < job.sequence || (isEnd(job.status) && !isEnd(event.status))) return job;
  const progress = event.progress ?? (event.stage === job.stage ? job.progress : null);
  return { ...job, ...pick({ ...job, ...event, progress }) };
}

function pick({ status, stage, attempt, sequence, progress }) {
  return { status, stage, attempt, sequence, progress };
}

function tell(part, job, thumbnails) {
  part.state.tell(job.status);
  text(part.what, told(job.request));
  text(part.where, whereabouts(job));
  const fraction = isEnd(job.status) ? null : job.progress ? job.progress.step / job.progress.steps : 0;
  attribute(part.bar, "hidden", fraction === null ? "" : null);
  attribute(part.bar, "value", fraction ?? 0);
  attribute(part.bar, "aria-label", `Progress in ${word(job.stage)}`);
  text(part.took, job.completed_at ? duration(secondsSince(job.created_at, job.completed_at)) : "–");
  thumbnails.show(part.canvas, thumbnail(job));
}

/** What was asked for, in a line. */
function told({ client_reference: reference, prompt }) {
  return [reference, prompt || null].filter(Boolean).join(" · ") || "no words";
}

/** Where a job is, in words. Pure. */
export function whereabouts({ status, stage, attempt, progress, queue, error }) {
  if (status === "succeeded") return "";
  if (isEnd(status)) return error ? `${error.code}: ${error.detail}` : "";
  const again = attempt > 1 ? `, attempt ${attempt}` : "";
  if (status === "queued" && queue) return `${word(stage)}: ${queue.position} before it${again}`;
  if (!progress || progress.stage !== stage) return `${word(stage)}${status === "queued" ? ": waits" : ""}${again}`;
  return `${word(stage)} ${progress.step} / ${progress.steps}${again}`;
}

/** The picture that stands for a job: where it is, which of those that were there, and whether others follow. Pure. */
function thumbnail({ images, progress, status }) {
  const ready = images.find((image) => image.ready && image.role === "final") ?? images.find((image) => image.ready);
  if (ready) return { path: ready.href, version: ready.sha256 ?? "" };
  if (isEnd(status) || !progress?.preview_href) return null;
  return { path: progress.preview_href, version: progress.preview, isFleeting: true };
}
