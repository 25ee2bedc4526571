// The API as everybody has it: asked with the key of this tab; refusals are problem documents.
import { key, need } from "./session.js";

const PATIENCE_SECONDS = 30; // for an answer that is told at once

/**
 * Tells `rate` after an answer that says what may still be asked: `detail` is {remaining, quota, resetSeconds};
 * `clock` with the time at the gateway, to the second.
 */
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
function address(path) {
  return new URL(path.replace(/^\//, ""), document.baseURI);
}

/** The URL of the gateway, without a slash at its end. */
export function gateway() {
  return address(".").href.slice(0, -1);
}

/** The headers that bring the key, beside `more`. */
function withKey(more = {}) {
  return key() ? { Authorization: `Bearer ${key()}`, ...more } : more;
}

/**
 * The answer to a call, as `read` reads it; options are those of fetch. Throws a Problem.
 *
 * It has come to its end within so many `seconds`; null waits as long as it takes.
 */
export async function call(path, { read = (answer) => answer, seconds = null, signal = null, ...options } = {}) {
  const ends = AbortSignal.any([signal, seconds && AbortSignal.timeout(seconds * 1000)].filter(Boolean));
  const asked = { ...options, signal: ends, headers: withKey(options.headers), credentials: "omit" };
  return reached(() => answered(path, asked, read));
}

/** What the API tells at `path`. */
export function getJson(path) {
  return call(path, { read: json, seconds: PATIENCE_SECONDS });
}

/** What comes of sending `value` as JSON; null where nothing is told. */
export function send(method, path, value, headers = {}) {
  const body = value === undefined ? {} : { body: JSON.stringify(value) };
  const type = value === undefined ? {} : { "Content-Type": "application/json" };
  return call(path, { method, headers: { ...type, ...headers }, ...body, read: json, seconds: PATIENCE_SECONDS });
}

/** The job that comes of `request`. Where no answer came it is asked again: by its key, it is the same job. */
export async function submit(request) {
  const headers = { "Idempotency-Key": crypto.getRandomValues(new Uint32Array(4)).join("-") };
  const ask = () => send("POST", "v1/jobs", request, headers);
  return ask().catch((problem) => {
    if (problem.status !== 0) throw problem;
    return ask();
  });
}

function json(answer) {
  tellClock(answer.headers); // never from a cache, as pictures are
  return answer.status === 204 ? null : answer.json();
}

async function answered(path, options, read) {
  const before = key();
  const answer = await fetch(address(path), options);
  tellRate(answer.headers);
  if (answer.ok) return read(answer);
  const problem = await problemOf(answer);
  if (problem.status === 401 && before === key()) need(problem.message); // else there is another by now
  throw problem;
}

/** What `ask` brings. Throws a Problem of status 0 where the gateway fell silent, be it in the middle of an answer. */
async function reached(ask) {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Problem || error.name === "AbortError") throw error; // of the latter: who asked wants it no more
    throw new Problem(0, { code: "unreachable", detail: "The gateway does not answer." });
  }
}

/** The problem that an answer tells; something in between may answer in words of its own. */
async function problemOf(answer) {
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

function tellClock(headers) {
  api.dispatchEvent(new CustomEvent("clock", { detail: headers.get("Date") }));
}
