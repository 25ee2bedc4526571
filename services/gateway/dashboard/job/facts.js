// What else is known of a job.
import { element, keyed, text } from "../../kit/dom.js";
import { moment, number } from "../format.js";
import { pair } from "../tables.js";

/** The facts of a job: `show(job)`. */
export function facts() {
  const node = element("dl", { class: "pairs" });
  return { node, show: (job) => keyed(node, told(job), ([name]) => name, fact) };
}

/** Names and values, without those that are absent. Pure. */
export function told(job) {
  const all = { ...times(job), ...asked(job.request), ...kept(job) };
  return Object.entries(all).filter(([, value]) => value);
}

function times({ created_at: created, started_at: started, completed_at: completed }) {
  return { Created: moment(created), Started: started && moment(started), Ended: completed && moment(completed) };
}

function asked({ priority, deadline, webhook, metadata, ...request }) {
  const own = Object.entries(metadata ?? {}).map(([name, value]) => [`metadata: ${name}`, value]);
  return {
    Priority: priority,
    Deadline: deadline && moment(deadline),
    "Client reference": request.client_reference,
    "Idempotency key": request.idempotency_key,
    Webhook: webhook && (webhook.endpoint_id ?? webhook.url),
    ...Object.fromEntries(own),
  };
}

function kept({ inputs = [], artifacts = [] }) {
  const bytes = artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
  return { Inputs: inputs.length, "Objects in the store": bytes && `${artifacts.length}, together ${number(bytes)} bytes` };
}

function fact([name]) {
  const value = element("span");
  return { node: pair(name, value), update: ([, now]) => text(value, now) };
}
