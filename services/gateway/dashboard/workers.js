// Who works: with what model, for how long, on what, and how much memory it holds.
import { element, keyed, text } from "../kit/dom.js";
import { bytes, duration, secondsSince, short, word } from "./format.js";
import { stateMark } from "./marks.js";
import { ago, setAgo } from "./ticking.js";

const COLUMNS = ["Worker", "State", "Model", "Job"];
const NUMBERS = ["Step", "Busy for", "Busy share", "Memory"];

/** Fills `place` with workers; `.news(events)` moves the steps of those whose job is told of. */
export function workers(place) {
  const body = element("tbody");
  const head = [...COLUMNS, ...NUMBERS].map((name) => element("th", { scope: "col", class: NUMBERS.includes(name) ? "number" : null }, name));
  const table = element("table", {}, element("thead", {}, element("tr", {}, head)), body);
  const empty = element("p", { class: "empty" }, "No worker is alive. Start one: ",
    element("code", {}, "celery -A services.sdxl_base.worker worker"), ", or ", element("code", {}, "latentrelay up"), ".");
  place.append(element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Workers, a wide table" }, table), empty);
  const show = (told) => {
    table.hidden = told.length === 0;
    empty.hidden = told.length > 0;
    keyed(body, told.toSorted(byStage), (worker) => worker.id, workerRow);
  };
  return { show, news: (events) => step(body, events) };
}

function byStage(one, other) {
  return one.stage.localeCompare(other.stage) || one.id.localeCompare(other.id);
}

function workerRow(first) {
  const part = { state: stateMark(), model: element("td"), since: ago(null), share: element("td", { class: "number" }),
    memory: element("td", { class: "number" }), job: element("td"), step: element("td", { class: "number" }) };
  const name = element("th", { scope: "row" }, element("span", { class: "stage-name", "data-stage": first.stage }, word(first.stage)), " ",
    element("span", { class: "mono small quiet" }, `${first.host}:${first.pid}`));
  const node = element("tr", {}, name, element("td", {}, part.state.node), part.model, part.job, part.step, element("td", { class: "number" }, part.since), part.share, part.memory);
  return { node, job: null, part, update(worker) { this.job = worker.job_id; tell(part, worker); } };
}

function tell(part, worker) {
  part.state.tell(worker.state, worker.detail);
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

/** What part of its life a worker had a job; `busy_seconds` includes the job that it has. */
export function share({ started_at: started, busy_seconds: busy }) {
  const alive = started ? secondsSince(started) : 0;
  return alive && busy !== null && busy !== undefined ? `${Math.min(100, Math.round((100 * busy) / alive))} %` : "–";
}

function memory({ memory_bytes: now, peak_bytes: peak }) {
  return peak ? `${bytes(now)} (most ${bytes(peak)})` : bytes(now);
}

function tellJob(cell, id) {
  if (cell.dataset.job === (id ?? "")) return;
  cell.dataset.job = id ?? "";
  cell.replaceChildren(id ? element("a", { href: `#/jobs/${id}`, class: "mono" }, short(id)) : "–");
}

function tellStep(cell, { step: at, steps, phase }) {
  text(cell, at ? `${at} / ${steps}` : phase ?? "–");
}

function step(body, events) {
  const rows = [...(body.keyed ?? new Map()).values()];
  for (const { job_id: id, progress } of events) {
    const row = progress && rows.find((one) => one.job === id);
    if (row) tellStep(row.part.step, progress);
  }
}
