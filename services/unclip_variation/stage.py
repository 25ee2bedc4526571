"""The variation stage: what is drawn, stored and told. How is `pipeline.py`'s."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from latentrelay.contracts import Job, Phase, Role, Scheduler, StageName, Variation
from latentrelay.errors import InvalidRequest
from latentrelay.images import open_image
from latentrelay.stage import ArtifactStore, Report
from services.diffusion.arrays import LatentArray, PixelArray
from services.diffusion.pipeline_stage import ImagePipeline, PipelineStage
from services.diffusion.workbench import Workbench, chunks


class VariationPipeline(ImagePipeline, Protocol):
    """Stable unCLIP, loaded. Arguments have the names that diffusers gives them."""

    def denoise(
        self,
        arguments: Mapping[str, Any],
        *,
        image: PixelArray,
        scheduler: Scheduler | None,
        seeds: Sequence[int],
        on_step: Callable[[int, int], None],
    ) -> LatentArray:
        """Vary `image` (height, width, 3) once for each seed, to finished latents."""


class UnclipVariationStage(PipelineStage[VariationPipeline]):
    """An image to images like it."""

    name = StageName.UNCLIP_VARIATION

    def run(self, job: Job, store: ArtifactStore, report: Report) -> None:
        """Draw the variations of `job`, a few at a time."""
        bench, request, limits = Workbench(job, self.name, store, report), variation(job), self._settings
        data = bench.fetch(job.inputs[0])
        image = open_image(data, max_bytes=limits.max_input_bytes, max_pixels=limits.max_input_pixels)
        for chunk in chunks(job.count, limits.max_batch_size):
            self._draw(chunk, request, image, bench)

    def _draw(self, chunk: range, request: Variation, image: PixelArray, bench: Workbench) -> None:
        seeds = [request.seed_of(index) for index in chunk]
        with bench.phase(Phase.DENOISE):
            latents = self._pipeline.denoise(
                variation_arguments(request),
                image=image,
                scheduler=request.scheduler,
                seeds=seeds,
                on_step=bench.on_step(chunk),
            )
        for place, index in enumerate(chunk):
            with bench.phase(Phase.DECODE):
                pixels = self._pipeline.decode(latents[place : place + 1])[0]
            bench.keep_image(index, pixels, seed=seeds[place], role=Role.FINAL, model=self._pipeline.describe())


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
