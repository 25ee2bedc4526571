// Short messages in the corner, told politely to screen readers too.
import { element } from "./dom.js";

const SECONDS = 8;
const corner = element("div", { class: "notices", role: "status", "aria-live": "polite" });

/** Show `message` for a while; `kind` is "good", "warn" or "bad", which is told at once and stays longer. */
export function notice(message, kind = "good") {
  if (!corner.isConnected) document.body.append(corner);
  const shown = element("p", { class: "notice", "data-kind": kind, role: kind === "bad" ? "alert" : null }, message);
  corner.append(shown);
  setTimeout(() => shown.remove(), SECONDS * (kind === "bad" ? 2 : 1) * 1000);
}

/** Say why something did not work: the problem, the fields that are wrong, and when to try again. */
export function complain(problem) {
  if (problem.name === "AbortError") return;
  const fields = (problem.errors ?? []).map((field) => ` ${field.pointer}: ${field.detail}`).join("");
  const again = problem.retryAfter ? ` Try again in ${Math.ceil(problem.retryAfter)} s.` : "";
  notice(`${problem.message}${fields}${again}`, problem.status === 429 ? "warn" : "bad");
}
