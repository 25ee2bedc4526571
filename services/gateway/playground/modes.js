// What can be done here. A mode asks for jobs of one or more kinds, by the dials that matter to it. Pure.

const STEPS = { pointer: "/num_inference_steps", label: "Steps" };
const GUIDANCE = { pointer: "/guidance_scale", label: "Guidance", isRare: true };
const COUNT = { pointer: "/num_images_per_prompt", label: "Pictures" };
const SIZE = [
  { pointer: "/width", label: "Width", isRare: true },
  { pointer: "/height", label: "Height", isRare: true },
];
const SEED = { pointer: "/seed", label: "Seed", placeholder: "drawn anew" };
const AVOID = { pointer: "/negative_prompt", label: "Avoid", isRare: true };
const AVOID_REFINING = { pointer: "/refine/negative_prompt", label: "Avoid", isRare: true };
const STRENGTH = { pointer: "/refine/strength", label: "Strength" };
const NOISE = { pointer: "/noise_level", label: "Noise level" };
const HANDOVERS = { ensemble: "before it is drawn (ensemble)", img2img: "when it is drawn (img2img)" };
const DRAWN = [STEPS, GUIDANCE, ...SIZE, COUNT, SEED, AVOID];

export const MODES = [
  {
    name: "relay",
    title: "Relay",
    says: "The base draws, the refiner finishes.",
    kinds: ["text_to_image"],
    stages: ["sdxl_base", "sdxl_refiner"],
    fixed: {},
    dials: [
      { pointer: "/refine/mode", label: "The refiner takes over", choices: HANDOVERS },
      { pointer: "/refine/switch_at", label: "Switch point", only: ["/refine/mode", "ensemble"] },
      { ...STRENGTH, only: ["/refine/mode", "img2img"] },
      ...DRAWN,
      { pointer: "/output/keep_base", label: "Keep the base's picture, to compare", value: true },
    ],
  },
  {
    name: "base",
    title: "Base alone",
    says: "The base draws, and that is it.",
    kinds: ["text_to_image"],
    stages: ["sdxl_base"],
    fixed: { "/refine/mode": "none" },
    dials: DRAWN,
  },
  {
    name: "variations",
    title: "Variations",
    says: "New pictures with the content of yours. Words are optional.",
    kinds: ["variation"],
    stages: ["unclip_variation"],
    takesPicture: true,
    fixed: {},
    dials: [{ ...COUNT, value: 4 }, NOISE, STEPS, GUIDANCE, ...SIZE, SEED, AVOID],
  },
  {
    name: "refinement",
    title: "Refinement",
    says: "Your picture again, redrawn by the refiner.",
    kinds: ["refinement"],
    stages: ["sdxl_refiner"],
    takesPicture: true,
    fixed: {},
    dials: [
      STRENGTH,
      { pointer: "/refine/num_inference_steps", label: "Steps" },
      { pointer: "/refine/guidance_scale", label: "Guidance", placeholder: "as usual", isRare: true },
      SEED,
      AVOID_REFINING,
    ],
  },
  {
    name: "both",
    title: "Side by side",
    says: "Refinement (img2img) keeps the outline of your picture, variation keeps its content.",
    kinds: ["refinement", "variation"],
    stages: ["sdxl_refiner", "unclip_variation"],
    takesPicture: true,
    fixed: {},
    dials: [{ ...STRENGTH, value: 0.6 }, NOISE, SEED],
  },
];

/** The mode of that name. */
export function modeNamed(name) {
  return MODES.find((mode) => mode.name === name);
}

/** Whether a dial is read at all, as the others stand. */
export function isRead(dial, values) {
  return !dial.only || values[dial.only[0]] === dial.only[1];
}

/** The stages of a mode that have no worker, by the stages of GET /v1/capabilities; a mode that lacks one is not offered. */
export function lacking(mode, stages) {
  const served = new Set(stages.filter((told) => told.workers > 0).map((told) => told.stage));
  return mode.stages.filter((stage) => !served.has(stage));
}

/** Why some modes are not offered; "" where all are. */
export function whatLacks(stages) {
  const missing = [...new Set(MODES.flatMap((mode) => lacking(mode, stages)))];
  const without = (stage) => MODES.filter((mode) => lacking(mode, stages).includes(stage)).map((mode) => mode.title);
  return missing.map((stage) => `No worker of ${stage} is ready: not offered now are ${without(stage).join(", ")}.`).join(" ");
}
