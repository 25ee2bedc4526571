// A state as a mark, a word and a colour.
import { attribute, element, text } from "../kit/dom.js";

/** An element for a state: `tell(state)`; where it looks like another one, its own `words` are said. */
export function stateMark() {
  const node = element("span", { class: "state" });
  const tell = (state, words = state) => {
    attribute(node, "data-state", state);
    text(node, words.replaceAll("_", " "));
  };
  return { node, tell };
}
