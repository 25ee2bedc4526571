// The list of jobs, newest first: pages by the API's cursors, and what happens is put into the rows that are shown.
import { getJson } from "../kit/api.js";
import { element, keyed } from "../kit/dom.js";
import { emptyWords } from "./empty.js";
import { filters } from "./filters.js";
import { jobRow } from "./job_row.js";
import { pager } from "./pager.js";
import { Polling } from "./polling.js";
import { table } from "./tables.js";
import { Thumbnails } from "./thumbnails.js";

const COLUMNS = ["", "Job", "State", "Progress", "Age", "Took"];
const SECONDS = 15; // the stream tells what changes; this is for what it may have missed
const ROWS_A_SECOND = 50; // are asked for at most

/** A panel with the jobs that match its filters, kept live by `news(events)`. `heard(problem)` is told how asking went. */
export class Jobs {
  constructor(place, heard) {
    this.thumbnails = new Thumbnails();
    this.filters = filters(() => this.turn(null));
    this.pager = pager((cursor) => this.turn(cursor));
    this.body = element("tbody");
    this.empty = emptyWords();
    place.querySelector("header").append(this.filters.node);
    const list = table(COLUMNS, this.body, { class: "jobs-list", caption: "Jobs, newest first" });
    place.append(list, this.empty.node, this.pager.node);
    this.polling = new Polling(SECONDS, () => this.load(), heard);
  }

  /** Show the page after `cursor`; null is the first. */
  turn(cursor) {
    if (cursor === null) this.pager.first();
    this.polling.now();
  }

  async load() {
    const asked = this.query();
    const page = await getJson(`/v1/jobs?${asked}`);
    if (asked === this.query()) this.show(page);
    else this.polling.soon(0);
  }

  query() {
    const query = new URLSearchParams({ limit: this.filters.limit(), ...this.filters.values() });
    if (this.pager.cursor) query.set("cursor", this.pager.cursor);
    return query.toString();
  }

  show({ data, next_cursor: next }) {
    keyed(this.body, data, (job) => job.id, (job) => jobRow(job, this.thumbnails));
    this.pager.show(next, data.length);
    this.body.parentElement.hidden = data.length === 0;
    this.empty.show(data.length ? null : this.filters.isOn() || !this.pager.isFirst());
  }

  /** Put events into the rows they are about; others, and ends, are asked for. */
  news(events) {
    for (const event of events) {
      const row = this.body.keyed?.get(event.job_id);
      row?.hear(event);
      if ((row || this.pager.isFirst()) && isMore(event)) this.polling.soon(this.filters.limit() / ROWS_A_SECOND);
    }
  }

  stop() {
    this.polling.stop();
    this.thumbnails.stop();
  }
}

/** Whether there is more to a job now than its events tell: that it is there, images, times, an error. */
export function isMore({ types }) {
  return [...types].some((type) => !["job.progress", "job.stage_started"].includes(type));
}
