// What is asked for as code, to copy: one language at a time.
import { gateway } from "../kit/api.js";
import { copyButton } from "../kit/copy.js";
import { element, text } from "../kit/dom.js";
import { key } from "../kit/session.js";
import { snippets } from "../kit/snippets.js";

const LANGUAGES = { curl: "curl", python: "Python", openai: "openai" };

export class Code {
  #chosen = "curl";
  #requests = [];

  constructor(node) {
    this.node = node;
    this.code = element("code", {});
    this.note = element("p", { class: "quiet small" });
    this.shown = element("pre", { id: "code", role: "tabpanel", tabindex: 0 }, this.code);
    this.copy = copyButton(() => this.code.textContent);
    this.tabs = element("div", { role: "tablist", "aria-label": "Language", class: "tabs" });
    this.tabs.append(...Object.entries(LANGUAGES).map(([name, title]) => this.#tab(name, title)));
    node.append(element("div", { class: "row" }, this.tabs, this.copy), this.note, this.shown);
    node.addEventListener("toggle", () => this.#draw());
  }

  /** Show how `requests` are asked for. */
  tell(requests) {
    this.#requests = requests;
    this.#draw();
  }

  #tab(name, title) {
    const tab = element("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "code" }, title);
    tab.addEventListener("click", () => this.#choose(name));
    tab.addEventListener("keydown", ({ key: pressed }) => this.#step({ ArrowLeft: -1, ArrowRight: 1 }[pressed]));
    return tab;
  }

  #choose(name) {
    this.#chosen = name;
    this.#draw();
  }

  #step(by) {
    if (!by) return;
    const names = Object.keys(LANGUAGES);
    this.#choose(names.at((names.indexOf(this.#chosen) + by) % names.length));
    this.tabs.querySelector('[aria-selected="true"]').focus();
  }

  #draw() {
    if (!this.node.open) return;
    for (const tab of this.tabs.children) {
      const isChosen = tab.id === `tab-${this.#chosen}`;
      tab.setAttribute("aria-selected", isChosen);
      tab.tabIndex = isChosen ? 0 : -1;
    }
    this.shown.setAttribute("aria-labelledby", `tab-${this.#chosen}`);
    const told = this.#requests.map((request) => said(request)[this.#chosen]);
    text(this.code, told.map((one) => one.code ?? "").filter(Boolean).join("\n"));
    text(this.note, told.map((one) => one.why ?? one.note ?? "").join(" "));
    this.shown.hidden = this.copy.hidden = this.code.textContent === "";
  }
}

function said(request) {
  const { curl, python, openai } = snippets(request, gateway(), key() !== "");
  return { curl: { code: curl }, python: { code: python }, openai };
}
