// Questions that wait for an answer, in the browser's own dialogs: focus, Escape and the backdrop are theirs.
import { element } from "./dom.js";

/** Whether the reader agrees to `action`, after reading why it matters. */
export function confirmed({ title, words, action, danger = false }) {
  const agree = element("button", { value: "yes", class: danger ? "danger" : "primary" }, action);
  const buttons = element("div", { class: "row" }, closing("Leave it", "", { autofocus: true }), agree);
  const head = element("h2", { id: "question" }, title);
  const form = element("form", { method: "dialog" }, head, element("p", {}, words), buttons);
  return asked(element("dialog", { "aria-labelledby": "question" }, form)).then((answer) => answer === "yes");
}

/** A button that closes the dialog which it is in, with a value. Enter in a field is not meant for it. */
export function closing(words, value = "", attributes = {}) {
  const close = ({ target }) => target.closest("dialog").close(value);
  return element("button", { type: "button", onclick: close, ...attributes }, words);
}

/** Show `dialog` until it is closed: what its button was worth. */
export function asked(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}
