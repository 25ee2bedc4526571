// Asks how a job is to be refined again: on the latents that its base left, or else on its image.
import { asked, closing } from "../../kit/dialogs.js";
import { element } from "../../kit/dom.js";

const WORDS = {
  latents: "On the latents that the base left: the base is not paid for again.",
  image: "On the image: the latents of this job are not kept.",
};
const MODES = {
  "": "as the source has it",
  ensemble: "ensemble: continue half-done latents",
  img2img: "img2img: noise again, and draw",
};

/** What can be refined of a job: its base's latents are better than its image, and cost no base. Pure. */
export function source({ id, artifacts = [] }, index) {
  const isKept = ({ kind, stage, ...made }) => kind === "latents" && stage === "sdxl_base" && made.index === index;
  const image = { job_id: id, index };
  return artifacts.some(isKept) ? { latents: image } : { image: { job: image } };
}

/** The request for a refinement of the image `index` by the form's values; what is empty is left to the gateway. Pure. */
export function refinement(job, index, { prompt, mode, strength, aesthetic, seed }) {
  const refine = {};
  if (mode) refine.mode = mode;
  if (strength && mode !== "ensemble") refine.strength = Number(strength);
  if (aesthetic) refine.aesthetic_score = Number(aesthetic);
  return { kind: "refinement", ...source(job, index), prompt, refine, ...(seed ? { seed: Number(seed) } : {}) };
}

/** Ask; the request, or null where the reader thought better of it. */
export async function refinementAsked(job, index) {
  const [of] = Object.keys(source(job, index));
  const title = [element("h2", { id: "refining" }, "Refine again"), element("p", { class: "quiet" }, WORDS[of])];
  const refine = element("button", { class: "primary", value: "yes" }, "Refine");
  const buttons = element("div", { class: "row" }, closing("Leave it"), refine);
  const form = element("form", { method: "dialog" }, title, fields(job.request.prompt ?? "", of), buttons);
  const answer = await asked(element("dialog", { "aria-labelledby": "refining" }, form));
  return answer === "yes" ? refinement(job, index, Object.fromEntries(new FormData(form))) : null;
}

function fields(prompt, of) {
  const modes = Object.entries(MODES).filter(([mode]) => of === "latents" || mode !== "ensemble");
  const options = modes.map(([value, words]) => element("option", { value }, words));
  const words = element("textarea", { name: "prompt", rows: 3, required: true, maxlength: 2000 });
  words.value = prompt; // so, who goes on typing does so at its end
  return [
    field("Prompt", words),
    field("Mode", element("select", { name: "mode" }, options)),
    field("Strength, of img2img: 0 to 1", number("strength", { max: 1, step: 0.05, placeholder: "0.3" })),
    field("Aesthetic score", number("aesthetic", { max: 10, step: 0.5, placeholder: "6.0" })),
    field("Seed; empty: a new one", number("seed", { max: Number.MAX_SAFE_INTEGER, step: 1 })),
  ];
}

function field(words, control) {
  return element("label", { class: "field" }, words, control);
}

function number(name, attributes) {
  return element("input", { type: "number", name, min: 0, ...attributes });
}
