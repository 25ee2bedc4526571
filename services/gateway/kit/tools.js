// <page-tools>: dark or light, and the API key. It asks for the key when the gateway does.
import { asked, closing } from "./dialogs.js";
import { attribute, element, text } from "./dom.js";
import { enter, key, session } from "./session.js";

const THEME = "latentrelay-theme";
const FORGET = "forget"; // no key reads like this
const WORDS =
  "It stays in this tab until the tab is closed. Make one: latentrelay keys create NAME --scope read; " +
  "for the buttons of operators, --scope admin.";
const FIELD = {
  type: "password",
  id: "api-key",
  autocomplete: "off",
  spellcheck: "false",
  placeholder: "lr_…",
  "aria-describedby": "key-words",
};

/** The buttons at the top of every page. */
class PageTools extends HTMLElement {
  connectedCallback() {
    this.theme = element("button", { type: "button", onclick: () => this.turn() });
    this.key = element("button", { type: "button", onclick: () => this.ask("") });
    this.append(this.theme, this.key);
    session.addEventListener("needed", ({ detail }) => this.needed(detail));
    session.addEventListener("changed", () => this.show());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show());
    this.show();
  }

  show() {
    text(this.theme, isDark() ? "Light" : "Dark");
    attribute(this.theme, "aria-label", isDark() ? "Light colours" : "Dark colours");
    text(this.key, key() ? "API key ✓" : "API key");
    attribute(this.key, "aria-label", key() ? "Change or forget the API key" : "Enter an API key");
  }

  turn() {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    keep(next);
    this.show();
    this.dispatchEvent(new Event("themechange", { bubbles: true }));
  }

  /** Ask once; who closes the question is not asked again before something has changed. */
  needed(why) {
    if (this.asking || this.declined === key()) return;
    this.ask(why);
  }

  async ask(why) {
    if (this.asking) return;
    this.asking = true;
    const answer = await asked(question(why));
    this.asking = false;
    this.declined = answer === "" ? key() : null;
    if (answer === FORGET) enter("");
    else if (answer) enter(answer);
  }
}

function question(why) {
  const field = element("input", { ...FIELD, value: key() });
  const use = element("button", { class: "primary" }, "Use it");
  const forget = key() ? closing("Forget it", FORGET) : null;
  const form = element(
    "form",
    { method: "dialog", onsubmit: () => (use.value = field.value.trim()) },
    element("h2", { id: "key-title" }, "API key"),
    why ? element("p", { role: "alert" }, why) : null,
    element("label", { for: FIELD.id }, "The key, as it was shown when it was made"),
    field,
    element("p", { id: "key-words", class: "quiet small" }, WORDS),
    element("div", { class: "row" }, closing("Cancel"), forget, use),
  );
  return element("dialog", { "aria-labelledby": "key-title" }, form);
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function keep(theme) {
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // it holds for this page
  }
}

customElements.define("page-tools", PageTools);

document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault(); // the hash is the dashboard's route
  document.querySelector("main").focus();
});
