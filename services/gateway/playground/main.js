// The playground: a form that asks, a picture that answers, and what came before.
import { getJson } from "../kit/api.js";
import { attribute, text } from "../kit/dom.js";
import { complain } from "../kit/notices.js";
import { session } from "../kit/session.js";
import "../kit/tools.js";
import { Code } from "./code.js";
import { requestsOf } from "./contract.js";
import { Form } from "./form.js";
import { Hero } from "./hero.js";
import { History } from "./history.js";
import { MODES } from "./modes.js";
import { Run } from "./run.js";
import { Well } from "./well.js";

const LOOK_SECONDS = 15;
const find = (css) => document.querySelector(css);

const contract = await getJson("openapi.json").catch((problem) => tellWrong(`${problem.message} Load this page again.`));
const well = new Well(find("#well"), () => (reach(), changed()));
const form = new Form(find("#ask"), contract, well, changed);
const code = new Code(find("#as-code"));
const history = new History(find("#history"), show);
const hero = new Hero(find("#hero"), { again, begin });
let running = null;
let unseen = ""; // why the last look saw nothing

find("#ask").addEventListener("submit", (event) => (event.preventDefault(), draw()));
find("#ask").addEventListener("keydown", ({ key, ctrlKey, metaKey }) => key === "Enter" && (ctrlKey || metaKey) && draw());
find("#begin").addEventListener("click", () => well.input.click());
session.addEventListener("changed", look);
setInterval(() => document.visibilityState === "visible" && look(), LOOK_SECONDS * 1000);
await look();
if (!form.picker.isOffered()) form.choose((MODES.find((mode) => form.picker.isOffered(mode)) ?? MODES[0]).name);
changed();

/** See who works, and what a request may bring. */
async function look() {
  try {
    const { stages, limits } = await getJson("v1/capabilities");
    well.limits = limits;
    form.offer(stages);
    unseen = "";
  } catch (problem) {
    if (problem.status !== 401 && problem.message !== unseen) complain(problem); // 401 asks for a key; and say it once
    unseen = problem.message;
  }
  allow();
}

async function draw() {
  if (running || !form.picker.isOffered()) return;
  running = new Run(form.mode, form.values, well.source);
  const run = running;
  form.calm();
  tellWrong("");
  allow();
  history.add(run);
  show(run);
  hero.node.scrollIntoView({ block: "nearest" });
  await run.draw(contract);
  running = null;
  allow();
  if (!run.hasBegun) withdraw(run);
  if (hero.run === run || !run.hasBegun) tellWrong(run.problems.map((problem) => form.complain(problem)).join(" "));
}

/** It was refused as a whole: what is wrong stands next to its fields. */
function withdraw(run) {
  const before = history.drop(run);
  if (hero.run !== run) return;
  if (before) show(before);
  else hero.invite();
}

function show(run) {
  hero.show(run);
  history.mark(run);
}

/** Ask again as `run` was asked. */
function again(run) {
  if (run.source) well.take(run.source);
  form.restore(run.mode.name, run.repeatable);
  find("#words textarea").focus();
}

/** Go on from `source` in another mode. */
function begin(name, source) {
  well.take(source);
  form.choose(name);
  find("#words textarea").focus();
}

/** Be where a picture can be begun with. */
function reach() {
  if (form.mode.takesPicture) return;
  const mode = MODES.find((one) => one.takesPicture && form.picker.isOffered(one));
  if (mode) form.choose(mode.name);
}

function changed() {
  code.tell(requestsOf(contract, form.mode, form.values, well.source?.told ?? { file: "picture.png" }));
  allow();
}

function allow() {
  const button = find("#draw");
  attribute(button, "aria-disabled", running || !form.picker.isOffered() ? "true" : null);
  text(button, running ? "Drawing" : "Draw");
}

function tellWrong(words) {
  const wrong = find("#wrong");
  text(wrong, words);
  wrong.hidden = !words;
}
