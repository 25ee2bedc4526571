// A button for what needs a scope: it says why it is not allowed, asks where it matters, and tells what went wrong.
import { attribute, element } from "../kit/dom.js";
import { confirmed } from "../kit/dialogs.js";
import { complain, notice } from "../kit/notices.js";
import { refusal } from "./caller.js";

/**
 * A button that does `act()`; `question()` is asked before, where there is one.
 *
 * It stays reachable by keyboard where it is not allowed: `button.check()` looks again whether it is.
 */
export function actionButton({ label, scope, act, question = null, danger = false }) {
  const button = element("button", { type: "button", class: danger ? "danger" : null,
    onclick: () => press(button, { scope, act, question }) }, label);
  button.check = () => {
    attribute(button, "aria-disabled", refusal(scope) ? "true" : null);
    attribute(button, "title", refusal(scope));
    attribute(button, "aria-description", refusal(scope));
  };
  button.check();
  return button;
}

async function press(button, { scope, act, question }) {
  const why = refusal(scope);
  if (why) return void notice(why, "warn");
  if (button.isBusy || (question && !(await confirmed(question())))) return;
  button.isBusy = true;
  await act().catch(complain);
  button.isBusy = false;
}
