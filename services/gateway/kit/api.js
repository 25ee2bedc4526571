// The API as everybody has it: asked with the key of this tab; refusals are problem documents.
import { key, need } from "./session.js";

const PATIENCE = 30_000; // milliseconds for an answer that is told at once

/** Tells `rate` after an answer that says what may still be asked: `detail` is {remaining, quota, resetSeconds}. */
export const api = new EventTarget();

/** Why a call failed, in the words of the gateway. `status` is 0 where it did not answer at all. */
export class Problem extends Error {
  constructor(status, told, retryAfter = null) {
    super(told.detail);
    this.status = status;
    this.code = told.code;
    this.errors = told.errors ?? [];
    this.retryAfter = retryAfter;
  }
}

/** Where `path` is, whatever path the gateway itself is served under. */
export function address(path) {
  return new URL(path.replace(/^\//, ""), document.baseURI);
}

/** The headers that bring the key, beside `more`. */
export function withKey(more = {}) {
  return key() ? { Authorization: `Bearer ${key()}`, ...more } : more;
}

/** The answer to a call; options are those of fetch. Throws a Problem. */
export async function call(path, options = {}) {
  const answer = await reached(path, options);
  tellRate(answer.headers);
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  if (problem.status === 401) need(problem.message);
  throw problem;
}

/** What the API tells at `path`. */
export async function getJson(path) {
  return (await call(path, { signal: AbortSignal.timeout(PATIENCE) })).json();
}

/** What comes of sending `value` as JSON; null where nothing is told. */
export async function send(method, path, value, { headers = {}, ...options } = {}) {
  const body = value === undefined ? {} : { body: JSON.stringify(value) };
  const type = value === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await call(path, { method, headers: { ...type, ...headers }, ...body, ...options });
  return answer.status === 204 ? null : answer.json();
}

async function reached(path, { headers, ...options }) {
  try {
    return await fetch(address(path), { ...options, headers: withKey(headers), credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error; // whoever asked wants it no more
    throw new Problem(0, { code: "unreachable", detail: "The gateway does not answer." });
  }
}

/** The problem that an answer tells; something in between may answer in words of its own. */
export async function problemOf(answer) {
  const seconds = Number.parseFloat(answer.headers.get("Retry-After"));
  const plain = { code: "internal", detail: `The gateway answered ${answer.status}.` };
  const told = await answer.json().catch(() => plain);
  return new Problem(answer.status, told.detail ? told : plain, Number.isNaN(seconds) ? null : seconds);
}

function tellRate(headers) {
  const quota = /"requests";q=(\d+)/.exec(headers.get("RateLimit-Policy") ?? "");
  const left = /"requests";r=(\d+);t=(\d+)/.exec(headers.get("RateLimit") ?? "");
  if (!quota || !left) return;
  const [remaining, resetSeconds] = left.slice(1).map(Number);
  api.dispatchEvent(new CustomEvent("rate", { detail: { remaining, quota: Number(quota[1]), resetSeconds } }));
}
