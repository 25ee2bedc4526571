// Newer and older pages by cursor. A cursor leads on only, so those that led here are remembered.
import { element, text } from "../kit/dom.js";

/** The buttons under a list; `turn(cursor)` is called to show another page. */
export function pager(turn) {
  const state = { before: [], cursor: null, next: null };
  const words = element("p", { class: "quiet small", role: "status" });
  const newer = element("button", { type: "button", onclick: () => go(back) }, "Newer");
  const older = element("button", { type: "button", onclick: () => go(on) }, "Older");
  const go = (move) => turn(move(state));
  return {
    node: element("nav", { class: "row pager", "aria-label": "Pages of jobs" }, newer, older, words),
    get cursor() { return state.cursor; },
    isFirst: () => state.cursor === null,
    first: () => Object.assign(state, { before: [], cursor: null }),
    show(next, count) {
      state.next = next;
      newer.disabled = state.cursor === null;
      older.disabled = next === null;
      text(words, `Page ${state.before.length + 1}, ${count} jobs${next ? "" : ", the oldest"}`);
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
