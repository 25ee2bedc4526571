// Text to image with fetch, in Node 20 or later: node examples/generate.mjs [FOLDER]
// LATENTRELAY_URL names the gateway, LATENTRELAY_API_KEY the key, where it wants one.
// @ts-check
import { mkdir, writeFile } from "node:fs/promises";

/** @typedef {import("../docs/latentrelay.d.ts").JobRequest} JobRequest */
/** @typedef {import("../docs/latentrelay.d.ts").JobView} JobView */
/** @typedef {import("../docs/latentrelay.d.ts").JobEventView} JobEvent */

const folder = process.argv[2] ?? "out";
const url = process.env.LATENTRELAY_URL ?? "http://127.0.0.1:8000";
const key = process.env.LATENTRELAY_API_KEY;

/**
 * Ask the gateway; an answer that is a problem is thrown.
 * @param {string} path
 * @param {RequestInit} [init]
 */
async function ask(path, init = {}) {
  const headers = { ...init.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  const answer = await fetch(url + path, { ...init, headers });
  if (!answer.ok) throw new Error(`${answer.status}: ${(await answer.json()).detail}`);
  return answer;
}

/**
 * Submit a job; sent again with the same key, it is the same job.
 * @param {JobRequest} request
 * @returns {Promise<JobView>}
 */
async function submit(request) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
  return (await ask("/v1/jobs", { method: "POST", headers, body: JSON.stringify(request) })).json();
}

/**
 * A job's events to its end; a connection that breaks is taken up where it broke.
 * @param {string} href
 * @returns {AsyncGenerator<JobEvent>}
 */
async function* events(href) {
  let last = "";
  for (;;) {
    try {
      const answer = await ask(`${href}/events`, { headers: last ? { "Last-Event-ID": last } : {} });
      for await (const event of read(answer)) {
        last = event.id;
        yield event;
        if (/succeeded|failed|canceled|expired/.test(event.type)) return;
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch throws these where the network fails
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/**
 * The events in an answer; those named `queue` tell a place in the queue, and are passed over here.
 * @param {Response} answer
 * @returns {AsyncGenerator<JobEvent>}
 */
async function* read(answer) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of /** @type {any} */ (answer.body)) {
    text += decoder.decode(piece, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const name = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (name?.startsWith("job.") && data) yield JSON.parse(data);
    }
  }
}

const job = await submit({ kind: "text_to_image", prompt: "a lighthouse on a cliff at dawn", seed: 7 });
for await (const event of events(job.href)) {
  console.log(event.type, event.progress ? `${event.progress.step}/${event.progress.steps}` : "");
}
await mkdir(folder, { recursive: true });
const image = await ask(`${job.href}/images/0?download=inline`);
await writeFile(`${folder}/lighthouse.png`, Buffer.from(await image.arrayBuffer()));
console.log(`${folder}/lighthouse.png`);
