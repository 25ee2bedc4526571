// What is said where there are no jobs: how to make the first one.
import { gateway } from "../kit/api.js";
import { copyButton } from "../kit/copy.js";
import { element } from "../kit/dom.js";
import { key } from "../kit/session.js";
import { snippets } from "../kit/snippets.js";

/** What stands for an empty list: `show(isFiltered)`, or null where it is not empty. */
export function emptyWords() {
  const [none, first] = [element("p", {}, "No job matches."), firstJob()];
  const node = element("div", { class: "empty", hidden: true }, none, first);
  const show = (isFiltered) => {
    node.hidden = isFiltered === null;
    none.hidden = !isFiltered;
    first.hidden = isFiltered;
  };
  return { node, show };
}

function firstJob() {
  const playground = element("a", { href: "playground" }, "playground");
  const foot = element("p", { class: "row" }, copyButton(curl), " or try the ", playground, ".");
  return element("div", {}, element("p", {}, "No jobs yet. Make the first one:"), element("pre", {}, curl()), foot);
}

function curl() {
  const request = { kind: "text_to_image", prompt: "a large red circle on a blue background", output: { keep_base: true } };
  return snippets(request, gateway(), key() !== "").curl;
}
