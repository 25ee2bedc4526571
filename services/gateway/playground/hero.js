// The picture, which everything else is about: an invitation, what is being drawn, or what was drawn.
import { text } from "../kit/dom.js";
import { Progress } from "./progress.js";
import { Results } from "./results.js";
import { headline } from "./telling.js";

export class Hero {
  run = null;
  #shown = null;
  #listening = null;

  /** `doing` are the reader's wishes: begin(mode, source), again(run). */
  constructor(node, doing) {
    this.node = node;
    this.doing = doing;
    this.place = node.querySelector("#canvas");
    this.invitation = node.querySelector("#invitation");
    this.status = node.querySelector("#status");
  }

  /** Show nothing, and invite the reader. */
  invite() {
    this.#listening?.abort();
    this.#shown?.stop();
    this.run = this.#shown = null;
    this.place.replaceChildren();
    this.invitation.hidden = false;
  }

  /** Show `run`, as it goes on. */
  show(run) {
    this.#listening?.abort();
    this.#listening = new AbortController();
    this.#shown?.stop();
    this.run = run;
    this.#shown = null;
    run.addEventListener("change", () => this.#draw(), { signal: this.#listening.signal });
    this.#draw();
  }

  #draw() {
    text(this.status, headline(this.run));
    const View = this.run.isOver ? Results : Progress;
    if (this.#shown instanceof View) this.#shown.update();
    else this.#put(new View(this.run, this.doing));
  }

  #put(view) {
    this.#shown?.stop();
    this.#shown = view;
    this.invitation.hidden = true;
    this.place.replaceChildren(view.node);
  }
}
