// Small pictures of jobs: only of rows that are seen, made small once and then kept; none while requests are scarce.
import { picture } from "../kit/pictures.js";
import { session } from "../kit/session.js";
import { isScarce } from "./polling.js";

const PIXELS = 96;
const KEPT = 500;
const FLEETING_SECONDS = 4; // between two previews of one job
const kept = new Map(); // "path version" -> ImageBitmap

session.addEventListener("changed", () => [...kept.keys()].forEach(forget));

/** Draws into canvases what they are to show, as they come into sight. */
export class Thumbnails {
  constructor() {
    this.wanted = new WeakMap();
    this.over = new AbortController();
    this.seen = new IntersectionObserver((entries) => this.look(entries), { rootMargin: "200px" });
  }

  /** A canvas for one job; it shows nothing yet, and says nothing: the row does. */
  canvas() {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: PIXELS, height: PIXELS, ariaHidden: "true" });
    return canvas;
  }

  /** From now on, `canvas` is to show `wanted`: {path, version, isFleeting}, or null. */
  show(canvas, wanted) {
    const [name, before] = [`${wanted?.path} ${wanted?.version}`, this.wanted.get(canvas)];
    if (!wanted || before?.name === name || (wanted.isFleeting && isYoung(before))) return;
    this.wanted.set(canvas, { ...wanted, name, at: performance.now() });
    this.seen.unobserve(canvas); // observed anew, it is told of at once where it is in sight
    this.seen.observe(canvas);
  }

  look(entries) {
    for (const { isIntersecting, target } of entries) if (isIntersecting) this.draw(target);
  }

  async draw(canvas) {
    this.seen.unobserve(canvas);
    const wanted = this.wanted.get(canvas);
    const small = kept.get(wanted.name) ?? (await this.small(wanted).catch(() => null));
    if (this.wanted.get(canvas) === wanted) this.put(canvas, small);
    if (wanted.isFleeting) small?.close();
  }

  put(canvas, small) {
    if (small) paint(canvas, small);
    else this.wanted.delete(canvas); // it is wanted again when the row is told again
  }

  async small({ path, name, isFleeting }) {
    if (isScarce()) return null;
    const blob = await picture(path, { signal: this.over.signal });
    const small = blob && (await createImageBitmap(blob, { resizeHeight: PIXELS, resizeQuality: "medium" }));
    return small && !isFleeting ? keep(name, small) : small;
  }

  stop() {
    this.over.abort();
    this.seen.disconnect();
  }
}

function isYoung(shown) {
  return shown !== undefined && performance.now() - shown.at < FLEETING_SECONDS * 1000;
}

function keep(name, bitmap) {
  kept.set(name, bitmap);
  if (kept.size > KEPT) forget(kept.keys().next().value);
  return bitmap;
}

function forget(name) {
  kept.get(name).close();
  kept.delete(name);
}

/** The middle of `bitmap`, filling the canvas. */
function paint(canvas, bitmap) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, PIXELS, PIXELS);
  const side = Math.min(bitmap.width, bitmap.height);
  context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, PIXELS, PIXELS);
}
