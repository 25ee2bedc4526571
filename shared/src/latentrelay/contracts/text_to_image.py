"""Text to image by SDXL."""

from typing import Literal

from pydantic import Field

from latentrelay.contracts.contract import Guidance, Pair, Size, Steps, few_enough_pixels
from latentrelay.contracts.job_request import JobRequest
from latentrelay.contracts.output import RelayOutput
from latentrelay.contracts.refine import Refine
from latentrelay.contracts.words import Kind, RefineMode, Scheduler


class TextToImage(JobRequest):
    """Text to image by SDXL: base, then refiner unless `refine.mode` is `none`."""

    kind: Literal[Kind.TEXT_TO_IMAGE] = Kind.TEXT_TO_IMAGE
    prompt: str = Field(min_length=1, max_length=2000, repr=False)
    """What to draw."""
    prompt_2: str | None = Field(None, min_length=1, max_length=2000, repr=False)
    """For the second text encoder; absent: prompt."""
    negative_prompt: str | None = Field(None, max_length=2000, repr=False)
    """What to avoid; absent is not "": absent lets the base use zeros, as diffusers does."""
    negative_prompt_2: str | None = Field(None, max_length=2000, repr=False)
    """For the second text encoder; absent: negative_prompt."""
    width: Size | None = None
    """Pixels; absent: 1024, or the model's own size where it is smaller."""
    height: Size | None = None
    """Pixels; absent: 1024, or the model's own size where it is smaller."""
    num_images_per_prompt: int = Field(1, strict=True, ge=1, le=8)
    """Images a job."""
    num_inference_steps: Steps = 30
    """Steps of the whole schedule, base and refiner together in ensemble mode."""
    guidance_scale: Guidance = 5.0
    """How closely the prompt is followed."""
    guidance_rescale: float = Field(0.0, strict=True, ge=0, le=1)
    """Against over-exposure, as in diffusers."""
    scheduler: Scheduler = Scheduler.EULER
    """The noise scheduler, of base and refiner alike."""
    original_size: Pair | None = None
    """Micro-conditioning: (height, width)."""
    crops_coords_top_left: Pair = (0, 0)
    """Micro-conditioning: (top, left)."""
    target_size: Pair | None = None
    """Micro-conditioning: (height, width)."""
    negative_original_size: Pair | None = None
    """Micro-conditioning of the negative prompt: (height, width)."""
    negative_crops_coords_top_left: Pair = (0, 0)
    """Micro-conditioning of the negative prompt: (top, left)."""
    negative_target_size: Pair | None = None
    """Micro-conditioning of the negative prompt: (height, width)."""
    refine: Refine = Refine.model_construct()
    """How the refiner takes over."""
    output: RelayOutput = RelayOutput.model_construct()
    """How the images are encoded, and which are kept."""

    def check_fields_together(self) -> None:
        """At most 4 million pixels."""
        few_enough_pixels(self.width, self.height)

    @property
    def keeps_base(self) -> bool:
        """Whether the base's own image is made beside the final one (alone, it is the final one)."""
        return self.output.keep_base and self.refine.mode is not RefineMode.NONE
