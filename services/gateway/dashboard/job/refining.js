// Asks how a job is to be refined again: on the latents that its base left, or else on its image.
import { asked } from "../../kit/dialogs.js";
import { element } from "../../kit/dom.js";

/** What can be refined of a job: its base's latents are better than its image, and cost no base. Pure. */
export function source({ id, artifacts = [] }, index = 0) {
  const kept = artifacts.some((artifact) => artifact.kind === "latents" && artifact.stage === "sdxl_base" && artifact.index === index);
  return kept ? { latents: { job_id: id, index } } : { image: { job: { job_id: id, index } } };
}

/** The request for a refinement with these values of the form; what was left empty is left to the gateway. Pure. */
export function refinement(job, { prompt, mode, strength, aesthetic, seed }) {
  const refine = { ...(mode ? { mode } : {}), ...(strength && mode !== "ensemble" ? { strength: Number(strength) } : {}), ...(aesthetic ? { aesthetic_score: Number(aesthetic) } : {}) };
  return { kind: "refinement", ...source(job), prompt, refine, ...(seed ? { seed: Number(seed) } : {}) };
}

/** Ask; the request, or null where the reader thought better of it. */
export async function refinementAsked(job) {
  const form = element("form", { method: "dialog" }, element("h2", { id: "refining" }, "Refine again"),
    element("p", { class: "quiet" }, source(job).latents ? "On the latents that the base left: the base is not paid for again." : "On the image: the job's latents are not kept."),
    ...fields(job), element("div", { class: "row" }, element("button", { value: "", formnovalidate: true }, "Leave it"), element("button", { class: "primary", value: "yes" }, "Refine")));
  const dialog = element("dialog", { "aria-labelledby": "refining" }, form);
  return (await asked(dialog)) === "yes" ? refinement(job, Object.fromEntries(new FormData(form))) : null;
}

function fields(job) {
  const modes = [["", "as the source has it"], ...(source(job).latents ? [["ensemble", "ensemble: continue half-done latents"]] : []), ["img2img", "img2img: noise again, and draw"]];
  const prompt = element("textarea", { name: "prompt", rows: 3, required: true, maxlength: 2000 });
  prompt.value = job.request.prompt ?? "";
  return [field("Prompt", prompt), field("Mode", element("select", { name: "mode" }, ...modes.map(([value, words]) => element("option", { value }, words)))),
    field("Strength, of img2img: 0 to 1", number("strength", 0, 1, 0.05, "0.3")), field("Aesthetic score", number("aesthetic", 0, 10, 0.5, "6.0")),
    field("Seed; empty: a new one", number("seed", 0, 2 ** 53 - 1, 1, ""))];
}

function field(words, control) {
  return element("label", { class: "field" }, words, control);
}

function number(name, min, max, step, placeholder) {
  return element("input", { type: "number", name, min, max, step, placeholder });
}
