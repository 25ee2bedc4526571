// What a stage did in each of the last minutes: jobs as bars, the median of their compute as a line.
/* global uPlot */
import { attribute, element, keyed, text } from "../kit/dom.js";
import { clock, duration } from "./format.js";

/** A chart of a stage's minutes, its text alternative, and the same as a table. */
export function chart(stage) {
  const place = element("div", { class: "plot", role: "img" });
  const body = element("tbody");
  const node = element("figure", { class: "chart", "data-stage": stage }, place,
    element("figcaption", { class: "small quiet" }, element("span", { class: "key bars" }, "jobs a minute"), element("span", { class: "key line" }, "compute, p50")),
    element("details", { class: "small" }, element("summary", {}, "As numbers"), table(body)));
  return { node, update: ({ recent }) => tell({ place, body, node }, recent.per_minute) };
}

function tell({ place, body, node }, minutes) {
  attribute(place, "aria-label", alternative(minutes));
  keyed(body, minutes, (minute) => minute.at, minuteRow);
  draw(place, node, minutes);
}

/** What the chart shows, in a sentence. Pure. */
export function alternative(minutes) {
  const jobs = minutes.map((minute) => minute.jobs);
  const last = minutes.findLast((minute) => minute.compute_p50_seconds !== null);
  const compute = last ? `; compute took ${duration(last.compute_p50_seconds)} lately` : "";
  return `Jobs a minute, last ${minutes.length} minutes: ${jobs.at(-1) ?? 0} in this one, at most ${Math.max(0, ...jobs)}${compute}.`;
}

function table(body) {
  const head = ["Minute", "Jobs", "Compute p50", "Wait p50"].map((name) => element("th", { scope: "col" }, name));
  return element("table", {}, element("thead", {}, element("tr", {}, head)), body);
}

function minuteRow({ at }) {
  const cells = [element("td"), element("td"), element("td")];
  const update = ({ jobs, compute_p50_seconds: compute, wait_p50_seconds: wait }) =>
    [jobs, duration(compute), duration(wait)].forEach((value, index) => text(cells[index], value));
  return { node: element("tr", {}, element("th", { scope: "row" }, clock(at).slice(0, 5)), cells), update };
}

function draw(place, node, minutes) {
  const data = [minutes.map((minute) => Date.parse(minute.at) / 1000), minutes.map((minute) => minute.jobs), minutes.map((minute) => minute.compute_p50_seconds)];
  if (!place.plot) keepDrawn(place, node);
  place.data = data;
  place.plot?.setData(data);
}

/** The plot is made when its place has a width, and again when that, or the colours, have changed. */
function keepDrawn(place, node) {
  const again = () => {
    place.plot?.destroy();
    place.plot = new uPlot(options(place, node), place.data, place);
  };
  const width = new ResizeObserver(() => place.clientWidth && place.plot?.width !== place.clientWidth && again());
  width.observe(place);
  for (const [target, name] of [[document, "themechange"], [matchMedia("(prefers-color-scheme: dark)"), "change"]]) {
    target.addEventListener(name, () => place.isConnected && place.clientWidth && again());
  }
}

function options({ clientWidth: width, clientHeight: height }, node) {
  const [bars, line, grid, quiet] = ["bars", "line", "grid", "quiet"].map((name) => colour(node, name));
  const unit = parseFloat(getComputedStyle(node).fontSize) / 14; // larger on very large screens, like everything
  const axis = { stroke: quiet, size: 22 * unit, gap: 3, font: `${11 * unit}px system-ui`, ticks: { show: false } };
  const up = (least) => (_, lowest, highest) => [0, Math.max(least, (highest ?? 0) * 1.15)];
  return {
    width, height, legend: { show: false }, cursor: { show: false }, padding: [6, 4, 0, 4],
    scales: { x: { time: true }, jobs: { range: up(1) }, seconds: { range: up(0.1) } },
    axes: [{ ...axis, grid: { show: false }, space: 70 * unit, values: (_, at) => at.map((second) => clock(second * 1000).slice(0, 5)) },
      { ...axis, scale: "jobs", size: 30 * unit, grid: { stroke: grid, width: 1 }, space: 26 * unit, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
      { ...axis, scale: "seconds", side: 1, size: 42 * unit, grid: { show: false }, space: 26 * unit, values: (_, at) => at.map((seconds) => `${seconds} s`) }],
    series: [{}, { scale: "jobs", fill: bars, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.7, 40] }) },
      { scale: "seconds", stroke: line, width: 2, spanGaps: true, points: { show: true, size: 4, fill: line } }],
  };
}

/** The colour that the style sheet gives to a part of the chart, in this theme. */
function colour(node, part) {
  const probe = element("span", { class: `colour ${part}` });
  node.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
