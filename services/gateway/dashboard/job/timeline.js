// Where a job's time went, drawn to scale: a table whose last column is the drawing.
import { attribute, element, keyed, text } from "../../kit/dom.js";
import { duration, moment, secondsSince } from "../format.js";
import { figure, row, table } from "../tables.js";

const SVG = "http://www.w3.org/2000/svg";
const LEAST = 0.4; // percent of the width: what was short is still seen

/** The spans of a job: `show(timeline, job)`. */
export function timeline() {
  const [body, total] = [element("tbody"), element("p", { class: "small quiet" })];
  const list = table(["What", "Began", "Took", "To scale"], body, { numbers: ["Began", "Took"], class: "timeline" });
  const show = ({ spans }, { created_at: from }) => {
    const drawn = scaled(spans, from);
    keyed(body, drawn.spans, (span) => span.key, spanRow);
    text(total, `The whole width is ${duration(drawn.seconds)}, from ${moment(from)}.`);
  };
  return { node: element("div", {}, list, total), show };
}

/**
 * Spans with where they begin and how wide they are, in percent of the whole, which is the job's own time: a webhook may
 * be tried for days, and goes beyond. Pure, but of the time.
 */
export function scaled(spans, from) {
  const ends = spans.map((span) => secondsSince(from, span.ended_at));
  const seconds = Math.max(0.001, ...ends.filter((_, at) => spans[at].name !== "webhook"));
  const placed = (span, at) => {
    const begins = secondsSince(from, span.started_at);
    const took = Math.max(0, ends[at] - begins);
    const [left, width] = [begins, took].map((part) => (100 * part) / seconds);
    return { ...span, key: `${at} ${span.name} ${span.attempt}`, begins, took, left, width: Math.max(LEAST, width) };
  };
  return { seconds, spans: spans.map(placed) };
}

function spanRow(first) {
  const [began, took, rect] = [figure(), figure(), drawing("rect", { y: "15%", height: "70%", rx: 2 })];
  const phases = element("span", { class: "quiet small" });
  const scale = element("td", { class: "scale" }, lane(rect, first.name));
  const node = row(element("span", {}, nameOf(first), " ", phases), began, took, scale);
  const update = (span) => {
    text(began, `+${duration(span.begins)}`);
    text(took, `${duration(span.took)}${span.ended_at ? "" : " …"}`);
    text(phases, span.phases.map(inWords).join(", "));
    place(rect, span);
  };
  return { node, update };
}

function nameOf({ name, attempt }) {
  return `${name[0].toUpperCase()}${name.slice(1)}${attempt > 1 ? `, attempt ${attempt}` : ""}`;
}

function inWords({ phase, seconds }) {
  return `${phase.replaceAll("_", " ")} ${duration(seconds)}`;
}

function lane(rect, span) {
  const image = drawing("svg", { class: "lane", "aria-hidden": "true", "data-span": span });
  image.append(rect);
  return image;
}

function place(rect, { left, width }) {
  attribute(rect, "x", `${Math.min(left, 100 - LEAST).toFixed(3)}%`);
  attribute(rect, "width", `${Math.min(width, 100).toFixed(3)}%`);
}

function drawing(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  return made;
}
