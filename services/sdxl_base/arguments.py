"""A request as arguments of `StableDiffusionXLPipeline`. Pure."""

from typing import Any

from latentrelay.contracts import Job, RefineMode, TextToImage
from latentrelay.errors import InvalidRequest

NATIVE_SIZE = 1024
"""Pixels a side that SDXL was trained for."""

_AS_ASKED = (
    "prompt",
    "prompt_2",
    "negative_prompt",
    "negative_prompt_2",
    "num_inference_steps",
    "guidance_scale",
    "guidance_rescale",
    "original_size",
    "crops_coords_top_left",
    "target_size",
    "negative_original_size",
    "negative_crops_coords_top_left",
    "negative_target_size",
)


def text_to_image(job: Job) -> TextToImage:
    """The request of `job`.

    Raises:
        InvalidRequest: this stage does not serve its kind.
    """
    if not isinstance(job.request, TextToImage):
        raise InvalidRequest.at("kind", f"is not drawn by the base: {job.kind}")
    return job.request


def switch_point(request: TextToImage) -> float | None:
    """Where the refiner takes over half-done latents; None where it gets finished ones, or nothing."""
    return request.refine.switch_at if request.refine.mode is RefineMode.ENSEMBLE else None


def wants_own_image(request: TextToImage) -> bool:
    """Whether the base decodes an image: the result, or one kept beside it."""
    return request.refine.mode is RefineMode.NONE or request.keeps_base


def own_size(default_size: int) -> int:
    """Width and height, in pixels, of what is drawn where the request does not say; `default_size` is the model's."""
    return min(NATIVE_SIZE, default_size)


def drawing_arguments(request: TextToImage, default_size: int) -> dict[str, Any]:
    """The request as arguments of `StableDiffusionXLPipeline`.

    Args:
        request: what was asked.
        default_size: the model's own width and height in pixels.
    """
    arguments = {name: getattr(request, name) for name in _AS_ASKED}
    arguments["height"] = request.height or own_size(default_size)
    arguments["width"] = request.width or own_size(default_size)
    if switch_point(request) is not None and not request.keeps_base:
        arguments["denoising_end"] = request.refine.switch_at
    return arguments
