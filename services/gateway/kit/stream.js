// Server-sent events by fetch, since EventSource can bring no key: resumes where it was cut off, and backs off.
import { call } from "./api.js";
import { session } from "./session.js";

const FIRST_SECONDS = 1;
const MOST_SECONDS = 30;
const SILENCE_SECONDS = 45; // the gateway says something every 15
const LASTING_SECONDS = 10; // of a connection that is well: only then the next failure is a first one again

/**
 * Follow the events at `path` until `signal` is aborted or the stream says that it is over.
 *
 * While the page is hidden it is not followed: by HTTP/1.1 a browser has six connections to a host, and would leave
 * none to the seventh page. What happens meanwhile is told when it is shown again.
 *
 * `onEvent` gets {name, data, id} with `data` read as JSON; `onState` gets "live", or "waiting" and the Problem.
 */
export async function follow(path, { onEvent, onState = () => {}, signal, lastEventId = "" }) {
  const seen = { id: lastEventId, failures: 0 };
  while (!signal.aborted) {
    if (document.hidden) await told(document, "visibilitychange", signal);
    const problem = await once(path, { onEvent, onState, signal, seen });
    if (signal.aborted || problem?.over) return;
    if (document.hidden) continue;
    onState("waiting", problem);
    await pause(problem, seen, signal);
  }
}

/** One connection, until it ends: why, or null where it was just cut off. */
async function once(path, { onEvent, onState, signal, seen }) {
  const watch = new Watch(signal);
  let since = Infinity;
  try {
    const answer = await call(path, { headers: resuming(seen.id), signal: watch.signal });
    if (answer.status === 204) return { over: true };
    since = performance.now();
    onState("live");
    await drain(answer.body, watch, (event) => hear(event, seen, onEvent));
    return null;
  } catch (error) {
    return error.status === undefined ? null : error;
  } finally {
    watch.stop();
    if (performance.now() - since > LASTING_SECONDS * 1000) seen.failures = 0;
  }
}

function resuming(id) {
  return { Accept: "text/event-stream", ...(id ? { "Last-Event-ID": id } : {}) };
}

/** What goes wrong in hearing is a flaw of the page, and no reason to connect anew. */
function hear(event, seen, onEvent) {
  if (event.id) seen.id = event.id;
  try {
    if (event.data) onEvent({ ...event, data: JSON.parse(event.data) });
  } catch (flaw) {
    reportError(flaw);
  }
}

async function drain(body, watch, onFrame) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    watch.heard();
    const frames = (rest + piece.value).split(/\r?\n\r?\n/);
    rest = frames.pop();
    frames.map(parsed).forEach(onFrame);
  }
}

/** One event, as the WHATWG's standard has it; comments have no data. */
function parsed(frame) {
  const event = { name: "message", data: "", id: "" };
  for (const line of frame.split(/\r?\n/)) {
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "event") event.name = value;
    if (field === "id") event.id = value;
    if (field === "data") event.data += event.data ? `\n${value}` : value;
  }
  return event;
}

/** Ends a connection that has fallen silent, or whose page is hidden. */
class Watch {
  constructor(signal) {
    this.controller = new AbortController();
    this.signal = AbortSignal.any([signal, this.controller.signal]);
    const hide = () => document.hidden && this.controller.abort();
    document.addEventListener("visibilitychange", hide, { signal: this.signal });
    this.heard();
  }

  heard() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.controller.abort(), SILENCE_SECONDS * 1000);
  }

  stop() {
    clearTimeout(this.timer);
    this.controller.abort();
  }
}

/** Wait for the next try: as long as the gateway asks, or longer each time; a new key is tried at once. */
async function pause(problem, seen, signal) {
  const longer = Math.min(MOST_SECONDS, FIRST_SECONDS * 2 ** seen.failures++);
  const seconds = Math.max(problem?.retryAfter ?? 0, longer * (0.75 + Math.random() / 2));
  await told(session, "changed", AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]));
}

/** Wait until `target` tells `name`, or `signal` is aborted. */
function told(target, name, signal) {
  if (signal.aborted) return null;
  return new Promise((resume) => {
    target.addEventListener(name, resume, { once: true, signal });
    signal.addEventListener("abort", resume, { once: true });
  });
}
