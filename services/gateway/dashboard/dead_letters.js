// What nobody could finish, with the reason: queue it again, or let it go. Only admins may list it.
import { getJson, send } from "../kit/api.js";
import { attribute, element, keyed, text } from "../kit/dom.js";
import { notice } from "../kit/notices.js";
import { word } from "../kit/words.js";
import { actionButton } from "./action.js";
import { refusal } from "./caller.js";
import { short } from "./format.js";
import { Polling } from "./polling.js";
import { ago } from "./ticking.js";

const MOST = 50;
const SECONDS = 30;

/**
 * Fills `place`; told of each overview, it lists again when their number has changed. `heard(problem)` is told how asking
 * went; `stop()` ends it.
 */
export function deadLetters(place, heard) {
  const [list, words] = [element("ul", { class: "letters-list" }), element("p", { class: "empty" })];
  const parts = { list, words, count: null };
  place.append(parts.words, parts.list);
  const polling = new Polling(SECONDS, () => ask(parts, polling), heard);
  const overview = ({ dead_letters: count }) => {
    if (count !== parts.count) polling.soon(0);
    parts.count = count;
    tell(parts);
  };
  return { overview, stop: () => polling.stop() };
}

async function ask(parts, polling) {
  if (parts.count === null || refusal("admin")) return;
  const { data } = parts.count ? await getJson(`/v1/dead-letters?limit=${MOST}`) : { data: [] };
  keyed(parts.list, data, (letter) => letter.id, (letter) => row(letter, polling));
  tell(parts);
}

function tell({ words, list: shown, count }) {
  const why = count ? refusal("admin") : null;
  attribute(words, "hidden", count && !why && count <= MOST ? "" : null);
  attribute(shown, "hidden", why ? "" : null);
  text(words, !count ? "There are none." : why ? `${count}. ${why}` : `${count}; the newest ${MOST} are shown.`);
}

function row(letter, polling) {
  const when = element("span", { class: "quiet small" }, ago(letter.at), " ago");
  const why = element("p", { class: "reason" }, reason(letter));
  const buttons = element("div", { class: "row" }, requeue(letter, polling), drop(letter, polling));
  return { node: element("li", {}, element("p", { class: "row" }, title(letter), when), why, buttons), update() {} };
}

function title({ job_id: id, stage, attempt, queue }) {
  if (!id) return element("span", {}, `A message from ${queue} that nobody can read`);
  const words = stage ? ` in ${word(stage)}, attempt ${attempt}` : "";
  return element("span", {}, element("a", { href: `#/jobs/${id}`, class: "mono" }, short(id)), words);
}

function reason({ problem, reason: why, excerpt }) {
  if (problem) return [element("code", {}, problem.code), ` ${problem.detail}`];
  return [why ?? "", excerpt ? element("code", { class: "quiet" }, ` ${excerpt}`) : null];
}

function requeue({ id, job_id: job }, polling) {
  if (!job) return null;
  const act = async () => {
    const made = await send("POST", `/v1/dead-letters/${id}/requeue`);
    notice(`Queued again, as job ${short(made.id)}.`);
    polling.now();
  };
  return actionButton({ label: "Requeue", scope: "admin", act });
}

function drop({ id }, polling) {
  const words = "Its job stays failed; only the letter goes.";
  const question = () => ({ title: "Drop this dead letter?", words, action: "Drop", danger: true });
  const act = async () => {
    await send("DELETE", `/v1/dead-letters/${id}`);
    polling.now();
  };
  return actionButton({ label: "Drop", scope: "admin", danger: true, question, act });
}
