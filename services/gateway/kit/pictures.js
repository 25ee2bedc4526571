// Pictures of jobs. They need the key, so they are fetched and shown as blobs, a few at a time, and let go of.
import { call } from "./api.js";
import { once } from "./once.js";

const AT_ONCE = 4;
const PATIENCE_SECONDS = 120; // for a large one, over a slow line
const waiting = [];
let underWay = 0;

/** The picture at `path` as a blob, or null where there is none (yet). Through the gateway, whatever links it gives. */
export async function picture(path, { signal } = {}) {
  await turn();
  try {
    const read = (answer) => (answer.status === 204 ? null : answer.blob());
    return await call(inline(path), { signal, read, seconds: PATIENCE_SECONDS });
  } finally {
    handOn();
  }
}

/** Pictures that are fetched once, each, and let go of together. */
export class Album {
  #fetched = new Map();
  #over = new AbortController();

  /** The {blob, url} of an image as its job tells of it. */
  picture({ href, sha256 }) {
    return once(this.#fetched, `${href} ${sha256}`, () => this.#fetch(href));
  }

  /** Let go of all of them, and of those that are on their way. */
  close() {
    this.#over.abort();
    for (const one of this.#fetched.values()) one.then(({ url }) => URL.revokeObjectURL(url), () => null);
  }

  async #fetch(path) {
    const blob = await picture(path, { signal: this.#over.signal });
    return { blob, url: URL.createObjectURL(blob) };
  }
}

function inline(path) {
  return /\/images\//.test(path) ? `${path}${path.includes("?") ? "&" : "?"}download=inline` : path;
}

async function turn() {
  if (underWay < AT_ONCE) underWay += 1;
  else await new Promise((go) => waiting.push(go));
}

function handOn() {
  if (waiting.length) waiting.shift()();
  else underWay -= 1;
}
