// What a job made: base | refined to compare where both are there, else the picture; of several, one at a time.
import { compared } from "../../kit/compare.js";
import { attribute, element, keyed, text } from "../../kit/dom.js";
import { complain } from "../../kit/notices.js";
import { Album } from "../../kit/pictures.js";
import { Preview } from "../../kit/preview.js";
import { isEnd } from "../job_row.js";

/** The pictures of a job, as it makes them; `index` is that of the image which is looked at. */
export class Pictures {
  constructor() {
    Object.assign(this, { index: 0, wanted: "", album: new Album(), preview: new Preview(() => this.showPreview()) });
    this.choice = element("div", { class: "row choice", role: "group", "aria-label": "Which image" });
    this.stand = element("div", { class: "stand" });
    this.words = element("p", { class: "empty" });
    this.sketch = element("img", { class: "preview", alt: "Preview of what is being drawn" });
    this.node = element("div", {}, this.choice, this.stand, this.words);
  }

  show(job) {
    this.job = job;
    const indices = [...new Set(job.images.map((image) => image.index))];
    attribute(this.choice, "hidden", indices.length < 2 ? "" : null);
    keyed(this.choice, indices.map((index) => ({ index })), ({ index }) => index, ({ index }) => this.button(index));
    this.refresh().catch(complain);
  }

  button(index) {
    const choose = () => ((this.index = index), this.show(this.job));
    const button = element("button", { type: "button", onclick: choose }, `${index + 1}`);
    return { node: button, update: () => attribute(button, "aria-pressed", index === this.index) };
  }

  /** Show what there is by now, unless another is wanted before it has come. */
  async refresh() {
    const ready = this.job.images.filter((image) => image.index === this.index && image.ready);
    const wanted = ready.map((image) => image.sha256 ?? image.href).join(" ");
    text(this.words, wanted ? "" : isEnd(this.job.status) ? "It made no picture." : "No picture yet.");
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    const shown = wanted ? [await this.made(ready).catch((problem) => this.again(wanted, problem))] : [];
    if (wanted === this.wanted) this.stand.replaceChildren(...shown);
  }

  /** It could not be fetched: the next time that the job is shown, it is tried again. */
  again(wanted, problem) {
    if (wanted === this.wanted) this.wanted = "";
    throw problem;
  }

  async made(ready) {
    const [base, final] = ["base", "final"].map((role) => ready.find((image) => image.role === role));
    const urls = await Promise.all([base, final].map(async (image) => image && (await this.album.picture(image)).url));
    if (base && final) return compared({ url: urls[0], name: "Base" }, { url: urls[1], name: "Refined" }, this.alt());
    return element("img", { src: urls[0] ?? urls[1], alt: `${base ? "Base: " : ""}${this.alt()}` });
  }

  alt() {
    return this.job.request.prompt || "the picture of this job";
  }

  /** While it is drawn: the small picture of the step that was told. */
  sketched({ preview_href: href, preview }) {
    if (!href || preview === this.sketch.dataset.preview || this.wanted) return;
    this.sketch.dataset.preview = preview;
    this.preview.look(href);
  }

  showPreview() {
    attribute(this.sketch, "src", this.preview.url);
    if (!this.wanted) this.stand.replaceChildren(this.sketch);
  }

  stop() {
    this.album.close();
    this.preview.end();
  }
}
