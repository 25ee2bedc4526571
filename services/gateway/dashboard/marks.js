// A state as a mark, a word and a colour.
import { attribute, element, text } from "../kit/dom.js";

/** An element for a state that changes: `tell(state, detail)`. */
export function stateMark() {
  const node = element("span", { class: "state" });
  const tell = (state, detail = null) => {
    attribute(node, "data-state", state);
    attribute(node, "title", detail);
    text(node, state.replaceAll("_", " "));
  };
  return { node, tell };
}

/** An element for a state that stays. */
export function mark(state) {
  const { node, tell } = stateMark();
  tell(state);
  return node;
}
