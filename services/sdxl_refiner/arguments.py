"""A request as arguments of `StableDiffusionXLImg2ImgPipeline`. Pure."""

from dataclasses import dataclass
from typing import Any

from latentrelay.contracts import Refine, Refinement, RefineMode, Scheduler, TextToImage
from latentrelay.latents import Manifest

GUIDANCE_SCALE = 5.0
"""Of a Refinement that names none: diffusers' own default."""


@dataclass(frozen=True)
class Plan:
    """How the refiner is called."""

    arguments: dict[str, Any]
    """Of the diffusers pipeline."""
    scheduler: Scheduler


def relay_plan(request: TextToImage) -> Plan:
    """Continue the base of the same job: with the base's values where the refiner has none of its own."""
    refine = request.refine
    arguments = _conditioning(request)
    arguments["target_size"] = request.target_size
    arguments["negative_target_size"] = request.negative_target_size
    arguments["guidance_scale"] = request.guidance_scale if refine.guidance_scale is None else refine.guidance_scale
    if refine.negative_prompt is None:
        arguments["negative_prompt"] = request.negative_prompt
        arguments["negative_prompt_2"] = request.negative_prompt_2
    if refine.mode is RefineMode.ENSEMBLE:
        return Plan(arguments | _ensemble(request.num_inference_steps, refine.switch_at), request.scheduler)
    return Plan(arguments | _img2img(refine), request.scheduler)


def refinement_plan(request: Refinement, manifest: Manifest | None) -> Plan:
    """The refiner alone, on latents that `manifest` tells of, or on an image."""
    own = request.refine.guidance_scale
    arguments = _conditioning(request) | {"guidance_scale": GUIDANCE_SCALE if own is None else own}
    if manifest is None:
        return Plan(arguments | _img2img(request.refine), request.scheduler or Scheduler.EULER)
    if manifest.switch_at is None:
        return Plan(arguments | _img2img(request.refine), request.scheduler or manifest.scheduler)
    return Plan(arguments | _ensemble(manifest.num_inference_steps, manifest.switch_at), manifest.scheduler)


def _conditioning(request: TextToImage | Refinement) -> dict[str, Any]:
    """What both have. Sizes that the user left out stay out: diffusers takes them from the latents."""
    return {
        "prompt": request.prompt,
        "prompt_2": request.prompt_2,
        "negative_prompt": request.refine.negative_prompt,
        "guidance_rescale": request.guidance_rescale,
        "aesthetic_score": request.refine.aesthetic_score,
        "negative_aesthetic_score": request.refine.negative_aesthetic_score,
        "original_size": request.original_size,
        "crops_coords_top_left": request.crops_coords_top_left,
        "negative_original_size": request.negative_original_size,
        "negative_crops_coords_top_left": request.negative_crops_coords_top_left,
    }


def _ensemble(num_inference_steps: int, switch_at: float) -> dict[str, Any]:
    """Go on where the base stopped; without `denoising_start` diffusers would add noise anew."""
    return {"num_inference_steps": num_inference_steps, "denoising_start": switch_at}


def _img2img(refine: Refine) -> dict[str, Any]:
    """Add noise to a finished picture and draw that part again."""
    return {"num_inference_steps": refine.num_inference_steps, "strength": refine.strength}
