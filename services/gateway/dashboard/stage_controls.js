// Pause, drain and resume a stage: asked to confirm, and refused beforehand to who may not.
import { send } from "../kit/api.js";
import { element, withFocus } from "../kit/dom.js";
import { notice } from "../kit/notices.js";
import { word } from "../kit/words.js";
import { actionButton } from "./action.js";

const VERBS = {
  pause: {
    label: "Pause",
    into: "paused",
    words: "Its workers finish what they hold and take nothing. Jobs are accepted, and wait until somebody resumes it.",
  },
  drain: {
    label: "Drain",
    into: "draining",
    words: "New jobs that would pass it are refused until somebody resumes it. What was accepted is worked off.",
  },
  resume: { label: "Resume", into: "open" },
};

/** The buttons of a stage; `changed()` is called when one was pressed. */
export function controls(stage, changed) {
  const buttons = Object.keys(VERBS).map((verb) => [VERBS[verb].into, button(stage, verb, changed)]);
  const node = element("div", { class: "row controls" }, buttons.map(([, one]) => one));
  const update = ({ state }) => withFocus(node, () => buttons.forEach(([into, one]) => {
    one.hidden = into === state;
    one.check();
  }));
  return { node, update };
}

function button(stage, verb, changed) {
  const { label, into, words } = VERBS[verb];
  const title = `${label} ${word(stage)}`;
  const question = words && (() => ({ title: `${title}?`, words, action: label, danger: true }));
  const act = async () => {
    await send("POST", `/v1/stages/${stage}/${verb}`);
    notice(`${word(stage)} is ${into}.`);
    changed();
  };
  const made = actionButton({ label, scope: "admin", question, act });
  made.setAttribute("aria-label", title);
  return made;
}
