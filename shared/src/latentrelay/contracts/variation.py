"""Image to variations by Stable unCLIP 2.1."""

from typing import Literal

from pydantic import Field

from latentrelay.contracts.contract import Guidance, Size, Steps, few_enough_pixels
from latentrelay.contracts.job_request import JobRequest
from latentrelay.contracts.output import Output
from latentrelay.contracts.source import ImageSource
from latentrelay.contracts.words import Kind, Scheduler


class Variation(JobRequest):
    """Image to variations by Stable unCLIP 2.1."""

    kind: Literal[Kind.VARIATION] = Kind.VARIATION
    image: ImageSource
    """What to vary."""
    prompt: str = Field("", max_length=2000, repr=False)
    """Steers the variation; a variation needs no words."""
    negative_prompt: str | None = Field(None, max_length=2000, repr=False)
    """What to avoid."""
    noise_level: int = Field(0, strict=True, ge=0, le=999)
    """Noise added to the image's embedding: more is freer."""
    num_inference_steps: Steps = 20
    """Denoising steps."""
    guidance_scale: Guidance = 10.0
    """How closely prompt and image are followed."""
    num_images_per_prompt: int = Field(1, strict=True, ge=1, le=8)
    """Variations a job."""
    width: Size | None = None
    """Pixels; absent: the model's own size."""
    height: Size | None = None
    """Pixels; absent: the model's own size."""
    scheduler: Scheduler | None = None
    """The noise scheduler; absent: the model's own."""
    output: Output = Output.model_construct()
    """How the images are encoded."""

    def check_fields_together(self) -> None:
        """At most 4 million pixels."""
        few_enough_pixels(self.width, self.height)
