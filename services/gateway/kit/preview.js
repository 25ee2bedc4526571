// A small picture of what is being drawn, fetched anew as it changes: never two at once, the newest last.
import { picture } from "./pictures.js";

export class Preview {
  /** The URL of a blob; null where there is none. */
  url = null;
  #wanted = null;
  #isBusy = false;
  #over = new AbortController();

  /** `onChange` is called when there is another. */
  constructor(onChange) {
    this.onChange = onChange;
  }

  /** Show what is at `path`, as soon as the one before has come; of several that wait, the last. */
  async look(path) {
    this.#wanted = path;
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#wanted && !this.isOver) await this.#fetch();
    this.#isBusy = false;
  }

  get isOver() {
    return this.#over.signal.aborted;
  }

  /** Let go of it, for good. */
  end() {
    if (this.isOver) return;
    this.#over.abort();
    this.#show(null);
  }

  async #fetch() {
    const path = this.#wanted;
    this.#wanted = null;
    const blob = await picture(path, { signal: this.#over.signal }).catch(() => null); // there will be others
    if (blob && !this.isOver) this.#show(URL.createObjectURL(blob));
  }

  #show(url) {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = url;
    this.onChange();
  }
}
