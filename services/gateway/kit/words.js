// Stages and kinds in words, the same on every page.
export const STAGES = { sdxl_base: "Base", sdxl_refiner: "Refiner", unclip_variation: "Variation" };
export const KINDS = { text_to_image: "Text to image", variation: "Variation", refinement: "Refinement" };

/** A stage or a kind in words. */
export function word(name) {
  return STAGES[name] ?? KINDS[name] ?? name;
}
