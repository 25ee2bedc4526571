// Newer and older pages by cursor. A cursor leads on only, so those that led here are remembered.
import { attribute, element, text } from "../kit/dom.js";

/** The buttons under a list; `turn(cursor)` is called to show another page. */
export function pager(turn) {
  const state = { before: [], cursor: null, next: null, isTurning: false };
  const words = element("p", { class: "quiet small", role: "status" });
  const newer = element("button", { type: "button", onclick: () => go(newer, back) }, "Newer");
  const older = element("button", { type: "button", onclick: () => go(older, on) }, "Older");
  const go = (button, move) => {
    if (state.isTurning || button.ariaDisabled) return; // a page is waited for, or there is none
    state.isTurning = true;
    turn(move(state));
  };
  return {
    node: element("nav", { class: "row pager", "aria-label": "Pages of jobs" }, newer, older, words),
    get cursor() { return state.cursor; },
    isFirst: () => state.cursor === null,
    first: () => Object.assign(state, { before: [], cursor: null }),
    show(next, count) {
      Object.assign(state, { next, isTurning: false });
      attribute(newer, "aria-disabled", state.cursor === null ? "true" : null);
      attribute(older, "aria-disabled", next === null ? "true" : null);
      text(words, `Page ${state.before.length + 1}, ${count} ${count === 1 ? "job" : "jobs"}${next ? "" : ", the oldest"}`);
    },
  };
}

/** To the older page: where we were is remembered. */
function on(state) {
  state.before.push(state.cursor);
  state.cursor = state.next;
  return state.cursor;
}

function back(state) {
  state.cursor = state.before.pop() ?? null;
  return state.cursor;
}
