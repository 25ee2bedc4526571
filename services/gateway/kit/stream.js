// Server-sent events by fetch, since EventSource can bring no key: resumes where it was cut off, and backs off.
import { call } from "./api.js";
import { session } from "./session.js";

const FIRST_SECONDS = 1;
const MOST_SECONDS = 30;
const SILENCE_SECONDS = 45; // the gateway says something every 15

/**
 * Follow the events at `path` until `signal` is aborted or the stream says that it is over.
 *
 * `onEvent` gets {name, data, id} with `data` read as JSON; `onState` gets "live", or "waiting" and the Problem.
 */
export async function follow(path, { onEvent, onState = () => {}, signal, lastEventId = "" }) {
  const seen = { id: lastEventId, failures: 0 };
  while (!signal.aborted) {
    const problem = await once(path, { onEvent, onState, signal, seen });
    if (signal.aborted || problem?.over) return;
    onState("waiting", problem);
    await pause(problem, seen, signal);
  }
}

/** One connection, until it ends: why, or null where it was just cut off. */
async function once(path, { onEvent, onState, signal, seen }) {
  const watch = new Watch(signal);
  try {
    const answer = await call(path, { headers: resuming(seen.id), signal: watch.signal });
    if (answer.status === 204) return { over: true };
    onState("live");
    await drain(answer.body, watch, (event) => hear(event, seen, onEvent));
    return null;
  } catch (error) {
    return error.status === undefined ? null : error;
  } finally {
    watch.stop();
  }
}

function resuming(id) {
  return { Accept: "text/event-stream", ...(id ? { "Last-Event-ID": id } : {}) };
}

function hear(event, seen, onEvent) {
  seen.failures = 0;
  if (event.id) seen.id = event.id;
  if (event.data) onEvent({ ...event, data: JSON.parse(event.data) });
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
export function parsed(frame) {
  const event = { name: "message", data: "", id: "" };
  for (const line of frame.split(/\r?\n/)) {
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "event") event.name = value;
    if (field === "id") event.id = value;
    if (field === "data") event.data += event.data ? `\n${value}` : value;
  }
  return event;
}

/** Ends a connection that has fallen silent. */
class Watch {
  constructor(signal) {
    this.controller = new AbortController();
    this.signal = AbortSignal.any([signal, this.controller.signal]);
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
function pause(problem, seen, signal) {
  const longer = Math.min(MOST_SECONDS, FIRST_SECONDS * 2 ** seen.failures++);
  const seconds = Math.max(problem?.retryAfter ?? 0, longer * (0.75 + Math.random() / 2));
  return new Promise((resume) => {
    const over = new AbortController();
    const go = () => (over.abort(), resume());
    setTimeout(go, seconds * 1000);
    session.addEventListener("changed", go, { signal: over.signal });
    signal.addEventListener("abort", go, { signal: over.signal });
  });
}
