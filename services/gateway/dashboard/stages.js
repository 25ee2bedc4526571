// A card for each stage: does it take jobs, what waits, how fast is it, and the buttons that stop it.
import { attribute, element, keyed, text } from "../kit/dom.js";
import { word } from "../kit/words.js";
import { chart } from "./chart.js";
import { duration, number } from "./format.js";
import { controls } from "./stage_controls.js";
import { figure, pair, row, table } from "./tables.js";
import { ago, setAgo } from "./ticking.js";

const STATES = { open: "Open", paused: "Paused", draining: "Draining" };
const SPREADS = { Wait: "wait_seconds", Compute: "compute_seconds", Handoff: "handoff_seconds" };

/** Fills `place` with the stages of each overview; `changed()` is called when a button changed one. */
export function stages(place, changed) {
  return (overview) => keyed(place, overview.stages, ({ stage }) => stage, ({ stage }) => card(stage, changed));
}

function card(stage, changed) {
  const parts = [standing(), facts(), chart(stage), spreads(), controls(stage, changed)];
  const [state, ...others] = parts.map((part) => part.node);
  const id = `stage-${stage}`;
  const title = element("h2", { id }, word(stage), " ", element("code", { class: "quiet" }, stage));
  const attributes = { class: "panel stage", "aria-labelledby": id, "data-stage": stage };
  const node = element("section", attributes, element("header", {}, title, state), others);
  return { node, update: (told) => parts.forEach((part) => part.update(told)) };
}

/** Whether it takes jobs, and since when it does not. */
function standing() {
  const [state, since] = [element("p", { class: "state", role: "status" }), ago(null)];
  const sinceThen = element("span", { class: "quiet small" }, "for ", since);
  const update = (told) => {
    attribute(state, "data-state", told.state);
    text(state, STATES[told.state]);
    sinceThen.hidden = told.state === "open";
    setAgo(since, told.state_since);
  };
  return { node: element("div", { class: "row" }, state, sinceThen), update };
}

function facts() {
  const [depth, oldest, flight, rate, workers, eta] = [span(), ago(null), span(), span(), span(), span()];
  const inFlight = { "In flight": flight, "Jobs a minute": rate };
  const names = { Waiting: depth, Oldest: oldest, ...inFlight, Workers: workers, "New job begins in": eta };
  const node = element("dl", { class: "figures" }, Object.entries(names).map(([name, value]) => pair(name, value)));
  const update = (told) => {
    setAgo(oldest, told.oldest_at);
    text(depth, number(told.depth));
    text(flight, number(told.in_flight));
    text(rate, told.recent.jobs_per_minute.toFixed(1));
    text(eta, duration(told.eta_seconds));
    tellWorkers(workers, told.workers);
  };
  return { node, update };
}

function span() {
  return element("span");
}

function tellWorkers(place, count) {
  text(place, count ? number(count) : "0 !");
  attribute(place, "data-alarm", count ? null : "");
}

/** Wait, compute and handoff: the median, and what all but one in twenty stay below. */
function spreads() {
  const body = element("tbody");
  const caption = "How long jobs took, last 15 minutes";
  const node = table(["", "p50", "p95"], body, { numbers: ["p50", "p95"], caption, class: "spreads" });
  const told = ({ recent }) => Object.entries(SPREADS).map(([name, key]) => ({ name, ...recent[key] }));
  return { node, update: (stage) => keyed(body, told(stage), ({ name }) => name, spreadRow) };
}

function spreadRow({ name }) {
  const cells = [figure(), figure()];
  const update = ({ p50, p95 }) => [p50, p95].forEach((value, at) => text(cells[at], duration(value)));
  return { node: row(name, ...cells), update };
}
