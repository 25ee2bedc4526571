// Pause, drain and resume a stage: asked to confirm, and refused beforehand to who may not.
import { send } from "../kit/api.js";
import { attribute, element } from "../kit/dom.js";
import { notice } from "../kit/notices.js";
import { actionButton } from "./action.js";
import { word } from "./format.js";

const WORDS = {
  pause: (stage) => `Its workers finish what they hold and take nothing more. Jobs are still accepted, and wait. ${stage} stays paused until somebody resumes it.`,
  drain: (stage) => `New jobs that would pass ${stage} are refused. What was accepted is worked off. It stays so until somebody resumes it.`,
};

/** The buttons of a stage; `changed(stage)` gets what the gateway told after one was pressed. */
export function controls(stage, changed) {
  const buttons = { pause: button("pause", stage, changed), drain: button("drain", stage, changed), resume: button("resume", stage, changed) };
  return { node: element("div", { class: "row controls" }, ...Object.values(buttons)), update: (told) => update(buttons, told) };
}

function update(buttons, { state }) {
  attribute(buttons.pause, "hidden", state === "paused" ? "" : null);
  attribute(buttons.drain, "hidden", state === "draining" ? "" : null);
  attribute(buttons.resume, "hidden", state === "open" ? "" : null);
  Object.values(buttons).forEach((one) => one.check());
}

function button(verb, stage, changed) {
  const label = verb[0].toUpperCase() + verb.slice(1);
  const made = actionButton({ label, scope: "admin",
    question: WORDS[verb] ? () => ({ title: `${label} ${word(stage)}?`, words: WORDS[verb](word(stage)), action: label, danger: true }) : null,
    act: async () => {
      changed(await send("POST", `/v1/stages/${stage}/${verb}`));
      notice(`${word(stage)}: ${{ pause: "paused", drain: "draining", resume: "open again" }[verb]}.`);
    } });
  made.setAttribute("aria-label", `${label} ${word(stage)}`);
  return made;
}
