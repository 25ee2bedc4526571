// What a stage did in each of the last minutes: jobs as bars, the median of their compute as a line.
/* global uPlot */
import { attribute, element, keyed, text } from "../kit/dom.js";
import { clock, duration } from "./format.js";
import { cell, row, table } from "./tables.js";

const COLUMNS = ["Minute", "Jobs", "Compute p50", "Wait p50"];
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** A chart of a stage's minutes, its text alternative, and the same as a table. */
export function chart(stage) {
  const [place, body] = [element("div", { class: "plot", role: "img" }), element("tbody")];
  const keys = { bars: "jobs a minute", line: "compute, p50" };
  const legend = Object.entries(keys).map(([part, words]) => element("span", { class: `key ${part}` }, words));
  const numbers = element("details", { class: "small" }, element("summary", {}, "As numbers"), table(COLUMNS, body));
  const caption = element("figcaption", { class: "small quiet" }, legend);
  const node = element("figure", { class: "chart", "data-stage": stage }, place, caption, numbers);
  return { node, update: ({ recent }) => tell(place, body, recent.per_minute) };
}

function tell(place, body, minutes) {
  attribute(place, "aria-label", alternative(minutes));
  keyed(body, minutes, (minute) => minute.at, minuteRow);
  draw(place, minutes);
}

/** What the chart shows, in a sentence. Pure. */
export function alternative(minutes) {
  const jobs = minutes.map((minute) => minute.jobs);
  const last = minutes.findLast((minute) => minute.compute_p50_seconds !== null);
  const compute = last ? `; compute took ${duration(last.compute_p50_seconds)} lately` : "";
  const most = Math.max(0, ...jobs);
  return `Jobs a minute, last ${minutes.length} minutes: ${jobs.at(-1) ?? 0} in this one, at most ${most}${compute}.`;
}

function minuteRow({ at }) {
  const cells = [cell(), cell(), cell()];
  const update = (minute) => {
    text(cells[0], minute.jobs);
    text(cells[1], duration(minute.compute_p50_seconds));
    text(cells[2], duration(minute.wait_p50_seconds));
  };
  return { node: row(clock(at).slice(0, 5), ...cells), update };
}

function draw(place, minutes) {
  const isFirst = !place.data;
  const values = (read) => minutes.map(read);
  const seconds = values((minute) => Date.parse(minute.at) / 1000);
  place.data = [seconds, values((minute) => minute.jobs), values((minute) => minute.compute_p50_seconds)];
  if (isFirst) keepDrawn(place);
  place.plot?.setData(place.data);
}

/** The plot is made when its place has a width, again when that or the colours have changed, and goes with its place. */
function keepDrawn(place) {
  const over = new AbortController();
  const sizes = new ResizeObserver(() => place.plot?.width === place.clientWidth || again());
  const again = () => {
    place.plot?.destroy();
    place.plot = place.clientWidth ? new uPlot(options(place), place.data, place) : null;
    if (!place.isConnected) (over.abort(), sizes.disconnect());
  };
  sizes.observe(place);
  document.addEventListener("themechange", again, { signal: over.signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again, { signal: over.signal });
}

function options(place) {
  const [bars, line, grid, stroke] = ["bars", "line", "grid", "quiet"].map((part) => colour(place, part));
  const unit = parseFloat(getComputedStyle(place).fontSize) / 14; // larger on very large screens, like everything
  const off = { show: false };
  const axis = { stroke, gap: 3, font: `${11 * unit}px system-ui`, ticks: off, grid: off, space: 26 * unit };
  return {
    width: place.clientWidth,
    height: place.clientHeight,
    padding: [6, 4, 0, 4],
    legend: off,
    cursor: off,
    scales: { x: { time: true }, jobs: { range: from0(1) }, seconds: { range: from0(0.1) } },
    axes: [
      { ...axis, gap: 6 * unit, size: 25 * unit, space: 70 * unit, values: each((second) => clock(second * 1000).slice(0, 5)) },
      { ...axis, scale: "jobs", size: 30 * unit, grid: { stroke: grid, width: 1 }, incrs: WHOLE },
      { ...axis, scale: "seconds", side: 1, size: 42 * unit, values: each((seconds) => `${seconds} s`) },
    ],
    series: [
      {},
      { scale: "jobs", fill: bars, width: 0, points: off, paths: uPlot.paths.bars({ size: [0.7, 40] }) },
      { scale: "seconds", stroke: line, width: 2, spanGaps: true, points: { show: true, size: 4, fill: line } },
    ],
  };
}

function each(inWords) {
  return (_, values) => values.map(inWords);
}

/** A range from nothing to a little more than the highest value, and at least to `least`. */
function from0(least) {
  return (_, lowest, highest) => [0, Math.max(least, (highest ?? 0) * 1.15)];
}

/** The colour that the style sheet gives to a part of the chart, in this theme. */
function colour(place, part) {
  const probe = element("span", { class: `colour ${part}` });
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
