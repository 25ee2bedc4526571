"""The variation stage: what is drawn, stored and told. How is `pipeline.py`'s."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from latentrelay.contracts import Job, Role, Scheduler, StageName, Variation
from latentrelay.errors import InvalidRequest
from latentrelay.images import open_image
from services.diffusion.arrays import LatentArray, PixelArray
from services.diffusion.fitting import Chunk, Size
from services.diffusion.pipeline_stage import ImagePipeline, PipelineStage
from services.diffusion.workbench import OnStep, Workbench


class VariationPipeline(ImagePipeline, Protocol):
    """Stable unCLIP, loaded. Arguments have the names that diffusers gives them."""

    default_size: int
    """The model's own width and height in pixels."""

    def denoise(
        self,
        arguments: Mapping[str, Any],
        *,
        image: PixelArray,
        scheduler: Scheduler | None,
        seeds: Sequence[int],
        on_step: OnStep,
    ) -> LatentArray:
        """Vary `image` (height, width, 3) once for each seed, to finished latents."""


class UnclipVariationStage(PipelineStage[VariationPipeline]):
    """An image to images like it."""

    name = StageName.UNCLIP_VARIATION

    def draw(self, bench: Workbench) -> None:
        """Draw the variations a few at a time."""
        request, limits = variation(bench.job), self._settings
        data = bench.fetch(bench.job.inputs[0])
        image = open_image(data, max_bytes=limits.max_input_bytes, max_pixels=limits.max_input_pixels)
        denoise = partial(self._denoise, request, image, bench)
        with self.fitting(size_of(request, self._pipeline.default_size), bench) as fitting:
            for chunk, latents in fitting.chunks(bench.unmade, denoise):
                for place, index in enumerate(chunk):
                    pixels, seed = self.decode(latents[place : place + 1], fitting, bench), request.seed_of(index)
                    bench.keep_image(index, pixels, seed=seed, role=Role.FINAL, model=self.describe())

    def _denoise(self, request: Variation, image: PixelArray, bench: Workbench, chunk: Chunk) -> LatentArray:
        with self.denoising(chunk, bench):
            return self._pipeline.denoise(
                variation_arguments(request),
                image=image,
                scheduler=request.scheduler,
                seeds=[request.seed_of(index) for index in chunk],
                on_step=bench.on_step(chunk),
            )


def variation(job: Job) -> Variation:
    """The request of `job`, which has its image.

    Raises:
        InvalidRequest: this stage does not serve its kind, or the image is missing.
    """
    if not isinstance(job.request, Variation):
        raise InvalidRequest.at("kind", f"is not drawn by unCLIP: {job.kind}")
    if not job.inputs:
        raise InvalidRequest.at("image", "is required")
    return job.request


def size_of(request: Variation, default_size: int) -> Size:
    """Of the variations; `default_size` is the model's own width and height in pixels."""
    return Size(request.width or default_size, request.height or default_size)


def variation_arguments(request: Variation) -> dict[str, Any]:
    """The request as arguments of `StableUnCLIPImg2ImgPipeline`."""
    return {name: getattr(request, name) for name in _AS_ASKED}


_AS_ASKED = (
    "prompt",
    "negative_prompt",
    "noise_level",
    "num_inference_steps",
    "guidance_scale",
    "width",
    "height",
)
