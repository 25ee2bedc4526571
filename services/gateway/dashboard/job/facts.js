// What else is known of a job.
import { element, keyed, text } from "../../kit/dom.js";
import { moment, number } from "../format.js";

/** The facts of a job: `show(job)`. */
export function facts() {
  const node = element("dl", { class: "pairs" });
  return { node, show: (job) => keyed(node, told(job), ([name]) => name, pair) };
}

/** Names and values, without those that are absent. Pure. */
export function told({ request, artifacts = [], inputs = [], ...job }) {
  const bytes = artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
  const all = [
    ["Created", moment(job.created_at)], ["Started", job.started_at && moment(job.started_at)], ["Ended", job.completed_at && moment(job.completed_at)],
    ["Priority", request.priority], ["Deadline", request.deadline && moment(request.deadline)], ["Client reference", request.client_reference],
    ["Idempotency key", request.idempotency_key], ["Webhook", request.webhook && (request.webhook.endpoint_id ?? request.webhook.url)],
    ["Inputs", inputs.length || null], ["Objects in the store", artifacts.length ? `${artifacts.length}, ${number(bytes)} bytes` : null],
    ...Object.entries(request.metadata ?? {}).map(([name, value]) => [`metadata: ${name}`, value]),
  ];
  return all.filter(([, value]) => value);
}

function pair([name]) {
  const value = element("dd");
  return { node: element("div", {}, element("dt", {}, name), value), update: ([, told]) => text(value, told) };
}
