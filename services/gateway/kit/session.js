// The API key of this tab. It is kept until the tab is closed, and nowhere else.
const NAME = "latentrelay-key";

/** Tells `needed` when a key is asked for (with the reason as `detail`), and `changed` when there is another. */
export const session = new EventTarget();

/** The key that was entered; "" where none was. */
export function key() {
  return sessionStorage.getItem(NAME) ?? "";
}

/** From now on, ask with `text`; with "", without a key. */
export function enter(text) {
  sessionStorage.setItem(NAME, text.trim());
  session.dispatchEvent(new Event("changed"));
}

/** Say that a key is needed, and why. */
export function need(detail) {
  session.dispatchEvent(new CustomEvent("needed", { detail }));
}
