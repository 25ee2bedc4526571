// What is said where there are no jobs: how to make the first one.
import { address } from "../kit/api.js";
import { copyButton } from "../kit/copy.js";
import { element } from "../kit/dom.js";
import { key } from "../kit/session.js";

/** Words for an empty list; where it was filtered, only that. */
export function emptyWords(isFiltered) {
  if (isFiltered) return [element("p", {}, "No job matches.")];
  const playground = element("a", { href: "playground" }, "playground");
  return [
    element("p", {}, "No jobs yet. Make the first one:"),
    element("pre", {}, curl()),
    element("p", { class: "row" }, copyButton(curl), " or try the ", playground, "."),
  ];
}

function curl() {
  const bearer = key() ? " \\\n  -H 'Authorization: Bearer YOUR_KEY'" : "";
  const body = JSON.stringify({ kind: "text_to_image", prompt: "a lighthouse at dawn", output: { keep_base: true } });
  return `curl ${address("/v1/jobs")}${bearer} \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
}
