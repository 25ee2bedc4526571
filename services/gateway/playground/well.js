// Where a picture is put: dropped anywhere on the page, pasted, or chosen.
import { attribute } from "../kit/dom.js";
import { complain } from "../kit/notices.js";
import { refusal, Source, TYPES } from "./source.js";

export class Well {
  pointer = "/image";
  source = null;
  limits = null;

  /** `onTake` is called when there is another picture. */
  constructor(node, onTake) {
    this.node = node;
    this.onTake = onTake;
    this.input = node.querySelector("input");
    this.input.accept = TYPES.join(",");
    this.image = node.querySelector("img");
    this.words = node.querySelector("label");
    this.error = node.querySelector(".wrong");
    this.#listen();
  }

  /** Take a picture to begin with. */
  take(source) {
    this.source = source;
    this.image.src = source.url;
    this.image.hidden = false;
    this.words.textContent = `${source.job ? "A picture that was drawn here" : source.name} · choose another`;
    this.complain("");
    this.onTake();
  }

  /** Show what is wrong with the picture; nothing with "". */
  complain(detail) {
    this.error.textContent = detail;
    this.error.hidden = !detail;
    attribute(this.input, "aria-invalid", detail ? "true" : null);
  }

  #listen() {
    this.input.addEventListener("change", () => {
      this.#read(this.input.files);
      this.input.value = ""; // the same file may be chosen again
    });
    addEventListener("paste", ({ clipboardData }) => {
      if (!clipboardData.types.includes("text/plain")) this.#read(clipboardData.files); // words are for the prompt
    });
    for (const name of ["dragenter", "dragover"]) addEventListener(name, (event) => this.#hover(event));
    addEventListener("dragleave", ({ relatedTarget }) => relatedTarget ?? this.#leave());
    addEventListener("drop", (event) => {
      this.#leave();
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.#read(event.dataTransfer.files);
    });
  }

  #hover(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault(); // else the browser opens the file instead of this page
    document.body.classList.add("hovered");
  }

  #leave() {
    document.body.classList.remove("hovered");
  }

  #read([file]) {
    if (!file) return;
    const detail = refusal(file, this.limits);
    if (!detail) this.take(new Source(file, file.name || "picture.png"));
    else if (this.node.hidden) complain(new Error(`This file ${detail}.`));
    else this.complain(detail);
  }
}
