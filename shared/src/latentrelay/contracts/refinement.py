"""The refiner alone."""

from typing import Literal

from pydantic import Field

from latentrelay.contracts.contract import Pair
from latentrelay.contracts.job_request import JobRequest
from latentrelay.contracts.output import Output
from latentrelay.contracts.refine import Continue
from latentrelay.contracts.source import ImageSource, JobImage
from latentrelay.contracts.words import Kind, RefineMode, Scheduler
from latentrelay.errors import Contradiction


class Refinement(JobRequest):
    """The refiner alone, on an image or on the kept latents of an earlier job."""

    kind: Literal[Kind.REFINEMENT] = Kind.REFINEMENT
    image: ImageSource | None = None
    """What to refine: an image."""
    latents: JobImage | None = None
    """What to refine: the kept latents of an earlier job, without paying for the base again."""
    prompt: str = Field(min_length=1, max_length=2000, repr=False)
    """What the picture shows."""
    prompt_2: str | None = Field(None, min_length=1, max_length=2000, repr=False)
    """As diffusers' argument of that name."""
    guidance_rescale: float = Field(0.0, strict=True, ge=0, le=1)
    """Against over-exposure, as in diffusers."""
    scheduler: Scheduler | None = None
    """The noise scheduler; absent: that of the latents, or euler for an image."""
    original_size: Pair | None = None
    """Micro-conditioning: (height, width)."""
    crops_coords_top_left: Pair = (0, 0)
    """Micro-conditioning: (top, left)."""
    negative_original_size: Pair | None = None
    """Micro-conditioning of the negative prompt: (height, width)."""
    negative_crops_coords_top_left: Pair = (0, 0)
    """Micro-conditioning of the negative prompt: (top, left)."""
    refine: Continue = Continue.model_construct()
    """How the refiner continues."""
    output: Output = Output.model_construct()
    """How the image is encoded."""

    def check_fields_together(self) -> None:
        """One source, and a mode that can continue it."""
        if (self.image is None) == (self.latents is None):
            raise Contradiction.at("image", "needs exactly one of image, latents")
        if self.image and self.refine.mode is RefineMode.ENSEMBLE:
            raise Contradiction.at("refine.mode", "ensemble continues latents; an image is refined by img2img")
