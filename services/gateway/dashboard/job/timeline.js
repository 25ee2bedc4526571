// Where a job's time went, drawn to scale: a table whose last column is the drawing.
import { attribute, element, keyed, text } from "../../kit/dom.js";
import { duration, moment, secondsSince } from "../format.js";

const SVG = "http://www.w3.org/2000/svg";
const NAMES = { queued: "Queued", base: "Base", handoff: "Handoff", refiner: "Refiner", variation: "Variation", upload: "Upload", webhook: "Webhook" };
const LEAST = 0.4; // percent of the width: what was short is still seen

/** The spans of a job: `show(timeline, job)`. */
export function timeline() {
  const body = element("tbody");
  const total = element("p", { class: "small quiet" });
  const head = ["What", "Began", "Took"].map((name, at) => element("th", { scope: "col", class: at ? "number" : null }, name));
  const table = element("table", { class: "timeline" }, element("thead", {}, element("tr", {}, head, element("th", { scope: "col" }, "To scale"))), body);
  const node = element("div", {}, table, total);
  return { node, show: (told, job) => show({ body, total, told, job }) };
}

function show({ body, total, told, job }) {
  const drawn = scaled(told.spans, job.created_at);
  keyed(body, drawn.spans, (span) => span.key, spanRow);
  text(total, drawn.spans.length ? `The whole width is ${duration(drawn.seconds)}, from ${moment(job.created_at)}.` : "Nothing is told of this job's time.");
}

/** Spans with where they begin and how wide they are, in percent of the whole. Pure. */
export function scaled(spans, from) {
  const ends = spans.map((span) => secondsSince(from, span.ended_at));
  const seconds = Math.max(0.001, ...ends);
  const percent = (part) => (100 * part) / seconds;
  const placed = spans.map((span, at) => {
    const begins = secondsSince(from, span.started_at);
    const took = Math.max(0, ends[at] - begins);
    return { ...span, key: `${at} ${span.name} ${span.attempt}`, begins, took, left: percent(begins), width: Math.max(LEAST, percent(took)) };
  });
  return { spans: placed, seconds };
}

function spanRow(first) {
  const [began, took, rect, words] = [element("td", { class: "number" }), element("td", { class: "number" }), drawing("rect"), element("span", { class: "quiet small" })];
  const node = element("tr", {}, element("th", { scope: "row" }, name(first), " ", words), began, took, element("td", { class: "scale" }, lane(rect, first.name)));
  const update = (span) => {
    text(began, `+${duration(span.begins)}`);
    text(took, `${duration(span.took)}${span.ended_at ? "" : " …"}`);
    text(words, span.phases.map(({ phase, seconds }) => `${phase.replaceAll("_", " ")} ${duration(seconds)}`).join(", "));
    place(rect, span);
  };
  return { node, update };
}

function name(span) {
  return `${NAMES[span.name] ?? span.name}${span.attempt > 1 ? `, attempt ${span.attempt}` : ""}`;
}

function lane(rect, span) {
  const image = drawing("svg", { class: "lane", "aria-hidden": "true", "data-span": span, focusable: "false" });
  image.append(rect);
  return image;
}

function place(rect, { left, width }) {
  attribute(rect, "x", `${Math.min(left, 100 - LEAST).toFixed(3)}%`);
  attribute(rect, "width", `${Math.min(width, 100).toFixed(3)}%`);
}

function drawing(tag, attributes = { y: "15%", height: "70%", rx: 2 }) {
  const made = document.createElementNS(SVG, tag);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}
