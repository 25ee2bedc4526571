// Pictures of jobs. They need the key, so they are fetched and shown as blobs, a few at a time, and let go of.
import { call } from "./api.js";

const AT_ONCE = 4;
const waiting = [];
let underWay = 0;

/** The picture at `path` as a blob, or null where there is none (yet). Through the gateway, whatever links it gives. */
export async function picture(path, { signal } = {}) {
  await turn();
  try {
    const answer = await call(inline(path), { signal });
    return answer.status === 204 ? null : await answer.blob();
  } finally {
    underWay -= 1;
    waiting.shift()?.();
  }
}

/** Show the picture at `path` in `image`; what it showed before is let go of. Whether there was one. */
export async function show(image, path, options) {
  const blob = await picture(path, options);
  if (blob) put(image, blob);
  return blob !== null;
}

/** Show `blob` in `image`, and let go of what it showed before. */
export function put(image, blob) {
  letGo(image);
  image.src = URL.createObjectURL(blob);
}

/** Show nothing in `image` any more. */
export function letGo(image) {
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  image.removeAttribute("src");
}

function inline(path) {
  return /\/images\//.test(path) ? `${path}${path.includes("?") ? "&" : "?"}download=inline` : path;
}

async function turn() {
  if (underWay >= AT_ONCE) await new Promise((go) => waiting.push(go));
  underWay += 1;
}
