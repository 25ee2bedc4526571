// What a job made: base | refined to compare where both are there, else the picture; of several, one at a time.
import { compared } from "../../kit/compare.js";
import { complain } from "../../kit/notices.js";
import { attribute, element, keyed, text } from "../../kit/dom.js";
import { letGo, picture, show as showPicture } from "../../kit/pictures.js";
import { isEnd } from "../job_row.js";

/** The pictures of a job, as it makes them. */
export class Pictures {
  constructor() {
    this.over = new AbortController();
    this.index = 0;
    this.choice = element("div", { class: "row choice", role: "group", "aria-label": "Which image" });
    this.stand = element("div", { class: "stand" });
    this.words = element("p", { class: "empty" });
    this.node = element("div", {}, this.choice, this.stand, this.words);
  }

  show(job) {
    this.job = job;
    const indices = [...new Set(job.images.map((image) => image.index))];
    attribute(this.choice, "hidden", indices.length < 2 ? "" : null);
    keyed(this.choice, indices.map((index) => ({ index })), ({ index }) => index, ({ index }) => this.button(index));
    this.refresh().catch((problem) => problem.name !== "AbortError" && complain(problem));
  }

  button(index) {
    const choose = () => ((this.index = index), this.show(this.job));
    const button = element("button", { type: "button", onclick: choose }, `${index + 1}`);
    return { node: button, update: () => attribute(button, "aria-pressed", index === this.index) };
  }

  async refresh() {
    const ready = this.job.images.filter((image) => image.index === this.index && image.ready);
    const [base, final] = ["base", "final"].map((role) => ready.find((image) => image.role === role));
    const name = [base, final].map((image) => image?.sha256 ?? image?.href ?? "").join(" ");
    text(this.words, base || final ? "" : isEnd(this.job.status) ? "It made no picture." : "No picture yet.");
    if (name === this.name || !(base || final)) return;
    this.name = name;
    this.put(await this.made(base, final).catch((problem) => this.again(problem)));
  }

  made(base, final) {
    return base && final ? this.compare(base, final) : this.single(final ?? base);
  }

  /** It could not be fetched: the next time that the job is shown, it is tried again. */
  again(problem) {
    this.name = null;
    throw problem;
  }

  async compare(base, final) {
    const blobs = await Promise.all([base, final].map(({ href }) => picture(href, { signal: this.over.signal })));
    const [before, after] = blobs.map((blob) => URL.createObjectURL(blob));
    return compared({ url: before, name: "Base" }, { url: after, name: "Refined" }, this.alt());
  }

  async single({ href, role }) {
    const image = element("img", { alt: `${role === "base" ? "Base: " : ""}${this.alt()}` });
    await showPicture(image, href, { signal: this.over.signal });
    return image;
  }

  alt() {
    return this.job.request.prompt || "the picture of this job";
  }

  put(shown) {
    this.stand.querySelectorAll("img").forEach(letGo);
    this.stand.replaceChildren(shown);
  }

  /** While it is drawn: the small picture of the step that was told. */
  async preview({ preview_href: href, preview }) {
    if (!href || preview === this.previewed || this.name) return;
    this.previewed = preview;
    const image = element("img", { class: "preview", alt: "Preview of what is being drawn" });
    const isThere = await showPicture(image, href, { signal: this.over.signal }).catch(() => false);
    if (isThere && !this.name) this.put(image);
  }

  stop() {
    this.over.abort();
    this.stand.querySelectorAll("img").forEach(letGo);
  }
}
