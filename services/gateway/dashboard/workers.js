// Who works: with what model, for how long, on what, and how much memory it holds.
import { element, keyed, text } from "../kit/dom.js";
import { word } from "../kit/words.js";
import { bytes, secondsSince, short } from "./format.js";
import { stateMark } from "./marks.js";
import { cell, figure, row, table, wide } from "./tables.js";
import { ago, setAgo } from "./ticking.js";

const NUMBERS = ["Step", "Busy for", "Busy share", "Memory"];
const COLUMNS = ["Worker", "State", "Model", "Job", ...NUMBERS];
const START = "celery -A services.sdxl_base.worker worker";

/** Fills `place` with workers: `show(workers)`, and `news(events)` moves the steps of those whose job is told of. */
export function workers(place) {
  const body = element("tbody");
  const list = table(COLUMNS, body, { numbers: NUMBERS });
  const empty = element("p", { class: "empty", hidden: true }, "No worker is alive. Start one: ", element("code", {}, START));
  place.append(wide("Workers, a wide table", list), empty);
  const show = (told) => {
    list.hidden = told.length === 0;
    empty.hidden = told.length > 0;
    keyed(body, told.toSorted(byStage), (worker) => worker.id, workerRow);
  };
  return { show, news: (events) => move(body, events) };
}

function byStage(one, other) {
  return one.stage.localeCompare(other.stage) || one.id.localeCompare(other.id);
}

function workerRow(first) {
  const state = stateMark();
  const [why, since] = [element("span", { class: "small" }), ago(null)];
  const part = { state, why, since, model: cell(), job: cell(), step: figure(), share: figure(), memory: figure() };
  const { model, job, step, share: busy, memory: held } = part;
  const node = row(nameOf(first), cell(state.node, " ", why), model, job, step, figure(since), busy, held);
  const made = { node, part, job: null };
  made.update = (worker) => {
    made.job = worker.job_id;
    tell(part, worker);
  };
  return made;
}

function nameOf({ stage, host, pid }) {
  const process = element("span", { class: "mono small quiet" }, `${host}:${pid}`);
  return element("span", {}, element("span", { class: "stage-name", "data-stage": stage }, word(stage)), " ", process);
}

function tell(part, worker) {
  part.state.tell(worker.state);
  text(part.why, worker.detail ?? "");
  text(part.model, modelOf(worker.model));
  setAgo(part.since, worker.busy_since);
  text(part.share, share(worker));
  text(part.memory, memory(worker));
  tellJob(part.job, worker.job_id);
  tellStep(part.step, worker);
}

function modelOf(model) {
  return [model.model ?? model.name, model.dtype, model.device].filter(Boolean).join(" · ") || "–";
}

/** What part of its life a worker had a job. Pure, but of the time. */
export function share({ started_at: started, busy_seconds: busy }) {
  const alive = started ? secondsSince(started) : 0;
  return alive ? `${Math.min(100, Math.round((100 * busy) / alive))} %` : "–";
}

function memory({ memory_bytes: now, peak_bytes: peak }) {
  return peak ? `${bytes(now)} (most ${bytes(Math.max(now, peak))})` : bytes(now);
}

function tellJob(place, id) {
  if (place.dataset.job === (id ?? "")) return;
  place.dataset.job = id ?? "";
  place.replaceChildren(id ? element("a", { href: `#/jobs/${id}`, class: "mono" }, short(id)) : "–");
}

function tellStep(place, { step, steps, phase }) {
  text(place, step ? `${step} / ${steps}` : (phase ?? "–"));
}

function move(body, events) {
  const rows = [...(body.keyed ?? new Map()).values()];
  for (const { job_id: id, progress } of events) {
    const its = progress && rows.find((one) => one.job === id);
    if (its) tellStep(its.part.step, progress);
  }
}
