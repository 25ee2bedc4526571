// What was asked, as it can be sent again.
import { copyButton } from "../../kit/copy.js";
import { element, text } from "../../kit/dom.js";

const OWN = new Set(["idempotency_key", "webhook", "deadline"]); // these belong to the one job

/** The parameters of a job: `show(job)`. */
export function parameters() {
  const node = element("pre", { tabindex: "0", role: "region", "aria-label": "Parameters as JSON" });
  const show = (job) => text(node, JSON.stringify(again(job.request), null, 2));
  return { node, tools: copyButton(() => node.textContent, "Copy parameters"), show };
}

/** The request that would draw the same: what is absent, empty or belongs to one job alone is left out. Pure. */
export function again(request) {
  const kept = Object.entries(request).filter(([name, value]) => !OWN.has(name) && value !== null && !isEmpty(value));
  return Object.fromEntries(kept.map(([name, value]) => [name, isObject(value) ? again(value) : value]));
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(value) {
  return isObject(value) && Object.keys(value).length === 0;
}
