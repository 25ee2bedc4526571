// A card for each stage: does it take jobs, what waits, how fast is it, and the buttons that stop it.
import { attribute, element, keyed, text } from "../kit/dom.js";
import { chart } from "./chart.js";
import { duration, number, word } from "./format.js";
import { controls } from "./stage_controls.js";
import { ago, setAgo } from "./ticking.js";

/** Fills `place` with the stages of each overview; `changed()` is called when a button changed one. */
export function stages(place, changed) {
  return ({ stages: told }) => keyed(place, told, (stage) => stage.stage, (stage) => card(stage, changed));
}

function card({ stage }, changed) {
  const title = `stage-${stage}`;
  const parts = { state: element("p", { class: "state", role: "status" }), since: ago(null), facts: facts(),
    spreads: spreads(), chart: chart(stage), controls: controls(stage, changed) };
  const node = element("section", { class: "panel stage", "aria-labelledby": title, "data-stage": stage },
    element("header", {}, element("h2", { id: title }, word(stage), " ", element("code", { class: "quiet" }, stage)),
      element("div", { class: "row" }, parts.state, element("span", { class: "quiet small since" }, "for ", parts.since))),
    parts.facts.node, parts.chart.node, parts.spreads.node, parts.controls.node);
  return { node, update: (told) => update(parts, told) };
}

function update(parts, told) {
  attribute(parts.state, "data-state", told.state);
  text(parts.state, { open: "Open", paused: "Paused", draining: "Draining" }[told.state]);
  attribute(parts.since.parentElement, "hidden", told.state === "open" ? "" : null);
  setAgo(parts.since, told.state_since);
  for (const part of ["facts", "spreads", "chart", "controls"]) parts[part].update(told);
}

function facts() {
  const oldest = ago(null);
  const shown = Object.fromEntries(["depth", "flight", "rate", "workers", "eta"].map((name) => [name, element("dd")]));
  const pair = (name, value) => element("div", {}, element("dt", {}, name), value);
  const node = element("dl", { class: "figures" }, pair("Waiting", shown.depth), pair("Oldest", element("dd", {}, oldest)),
    pair("In flight", shown.flight), pair("A minute", shown.rate), pair("Workers", shown.workers), pair("New job begins in", shown.eta));
  return { node, update: (told) => tellFacts(shown, oldest, told) };
}

function tellFacts(shown, oldest, told) {
  text(shown.depth, number(told.depth));
  text(shown.flight, number(told.in_flight));
  text(shown.rate, told.recent.jobs_per_minute.toFixed(1));
  text(shown.workers, `${told.workers}${told.workers ? "" : " !"}`);
  attribute(shown.workers, "data-alarm", told.workers ? null : "");
  text(shown.eta, duration(told.eta_seconds));
  setAgo(oldest, told.oldest_at);
}

/** Wait, compute and handoff: the median, and what all but one in twenty stay below. */
function spreads() {
  const kinds = { Wait: "wait_seconds", Compute: "compute_seconds", Handoff: "handoff_seconds" };
  const body = element("tbody");
  const head = element("tr", {}, ...["", "p50", "p95"].map((name, at) => (at ? element("th", { scope: "col", class: "number" }, name) : element("td"))));
  const node = element("table", { class: "spreads" },
    element("caption", { class: "unseen" }, "How long jobs took, last 15 minutes"), element("thead", {}, head), body);
  const rows = ({ recent }) => Object.entries(kinds).map(([name, key]) => ({ name, ...recent[key] }));
  return { node, update: (told) => keyed(body, rows(told), (row) => row.name, spreadRow) };
}

function spreadRow({ name }) {
  const cells = [element("td", { class: "number" }), element("td", { class: "number" })];
  const node = element("tr", {}, element("th", { scope: "row" }, name), cells);
  return { node, update: ({ p50, p95 }) => [p50, p95].forEach((value, at) => text(cells[at], duration(value))) };
}
