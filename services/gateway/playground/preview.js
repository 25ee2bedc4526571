// A small picture of what is being drawn, fetched anew as it changes: never two at once, the newest last.
import { picture } from "../kit/pictures.js";

export class Preview {
  /** The URL of a blob; null where there is none. */
  url = null;
  #isBusy = false;
  #isOver = false;

  /** `onChange` is called when there is another. */
  constructor(onChange) {
    this.onChange = onChange;
  }

  /** See what is at `path`, unless a look is under way. */
  async look(path) {
    if (this.#isBusy || this.#isOver) return;
    this.#isBusy = true;
    const blob = await picture(path).catch(() => null); // there will be others
    this.#isBusy = false;
    if (blob && !this.#isOver) this.#show(URL.createObjectURL(blob));
  }

  /** Let go of it, for good. */
  end() {
    this.#isOver = true;
    this.#show(null);
  }

  #show(url) {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = url;
    this.onChange();
  }
}
