// Questions that wait for an answer, in the browser's own dialogs: focus, Escape and the backdrop are theirs.
import { element } from "./dom.js";

/** Whether the reader agrees to `action`, after reading why it matters. */
export function confirmed({ title, words, action, danger = false }) {
  const agree = element("button", { value: "yes", class: danger ? "danger" : "primary" }, action);
  const leave = element("button", { value: "", autofocus: true }, "Leave it");
  const form = element("form", { method: "dialog" }, element("h2", { id: "question" }, title),
    element("p", {}, words), element("div", { class: "row" }, leave, agree));
  return asked(element("dialog", { "aria-labelledby": "question" }, form)).then((answer) => answer === "yes");
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
