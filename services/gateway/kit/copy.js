// A button that copies text.
import { element, text } from "./dom.js";
import { notice } from "./notices.js";

const SECONDS = 2;

/** A button that copies what `textOf()` gives. */
export function copyButton(textOf, label = "Copy") {
  const button = element("button", { type: "button", onclick: () => copy(button, textOf(), label) }, label);
  return button;
}

async function copy(button, copied, label) {
  try {
    await (navigator.clipboard?.writeText(copied) ?? plainly(copied, button));
    text(button, "Copied");
    setTimeout(() => text(button, label), SECONDS * 1000);
  } catch {
    notice("The browser does not let this page copy: select the text, and copy it by hand.", "warn");
  }
}

/** Over plain http, from another machine, browsers have no clipboard: there, what is selected is copied. */
function plainly(copied, button) {
  const field = element("textarea", { class: "unseen" });
  document.body.append(field);
  field.value = copied;
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  button.focus();
  if (!isCopied) throw new Error("refused");
}
