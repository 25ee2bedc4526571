"""The base stage: what is drawn, stored and told. How is `pipeline.py`'s."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from latentrelay.contracts import ArtifactKind, Role, Scheduler, StageName, TextToImage
from services.diffusion.arrays import GeneratorState, LatentArray
from services.diffusion.fitting import Chunk, Fitting, Size
from services.diffusion.pipeline_stage import ImagePipeline, PipelineStage
from services.diffusion.schedule import Schedule, check_switch
from services.diffusion.workbench import OnStep, Workbench
from services.sdxl_base.arguments import drawing_arguments, switch_point, text_to_image, wants_own_image


@dataclass(frozen=True)
class Handover:
    """What the base leaves, image by image."""

    latents: LatentArray
    """(images, 4, height / 8, width / 8): at the switch point, or finished where there is none."""
    generator_states: tuple[GeneratorState, ...] | None = None
    """Where each generator stood at the switch point, if the scheduler draws noise in its steps."""
    finished: LatentArray | None = None
    """The base's own finished latents, if it went on to the end."""


class BasePipeline(ImagePipeline, Protocol):
    """SDXL base, loaded. Arguments have the names that diffusers gives them."""

    default_size: int
    """The model's own width and height in pixels."""
    scaling_factor: float
    """Of its VAE."""

    def schedule(self, scheduler: Scheduler, num_inference_steps: int, switch_at: float | None) -> Schedule:
        """How the scheduler cuts the steps."""

    def denoise(
        self,
        arguments: Mapping[str, Any],
        *,
        scheduler: Scheduler,
        seeds: Sequence[int],
        on_step: OnStep,
        switch_after: int | None,
    ) -> Handover:
        """Draw one image for each seed, told by `on_step`, handed over after `switch_after` timesteps."""


class SdxlBaseStage(PipelineStage[BasePipeline]):
    """Text to latents for the refiner; and to an image where that is the result or is wanted beside it."""

    name = StageName.SDXL_BASE

    def draw(self, bench: Workbench) -> None:
        """Draw a few at a time: the latents of each, and its image where it is wanted."""
        request = text_to_image(bench.job)
        schedule = self._pipeline.schedule(request.scheduler, request.num_inference_steps, switch_point(request))
        if switch_point(request) is not None:
            check_switch(schedule)
        arguments = drawing_arguments(request, self._pipeline.default_size)
        denoise = partial(self._denoise, arguments, request, schedule, bench)
        with self.fitting(Size(arguments["width"], arguments["height"]), bench) as fitting:
            for chunk, drawn in fitting.chunks(bench.unmade, denoise):
                self._keep_latents(chunk, drawn, self._facts(request, schedule), bench)
                if drawn.finished is not None and wants_own_image(request):
                    self._keep_images(chunk, drawn.finished, fitting, bench)

    def _denoise(
        self, arguments: Mapping[str, Any], request: TextToImage, schedule: Schedule, bench: Workbench, chunk: Chunk
    ) -> Handover:
        with self.denoising(chunk, bench):
            return self._pipeline.denoise(
                arguments,
                scheduler=request.scheduler,
                seeds=[request.seed_of(index) for index in chunk],
                on_step=bench.on_step(chunk),
                switch_after=None if switch_point(request) is None else schedule.before,
            )

    def _facts(self, request: TextToImage, schedule: Schedule) -> dict[str, Any]:
        """What the manifest tells of every image of the job."""
        model = self._pipeline.describe()
        return {
            "model": model["model"],
            "revision": model["revision"],
            "scheduler": request.scheduler,
            "scheduler_class": schedule.scheduler_class,
            "scheduler_fingerprint": schedule.scheduler_fingerprint,
            "num_inference_steps": request.num_inference_steps,
            "switch_at": switch_point(request),
            "scaling_factor": self._pipeline.scaling_factor,
        }

    def _keep_latents(self, chunk: Chunk, drawn: Handover, facts: Mapping[str, Any], bench: Workbench) -> None:
        for place, index in enumerate(chunk):
            state = drawn.generator_states[place] if drawn.generator_states else None
            if not bench.has(ArtifactKind.LATENTS, index):
                bench.keep_latents(index, drawn.latents[place : place + 1], {**facts, "generator_state": state})

    def _keep_images(self, chunk: Chunk, finished: LatentArray, fitting: Fitting, bench: Workbench) -> None:
        request = text_to_image(bench.job)
        role = Role.BASE if request.keeps_base else Role.FINAL
        for place, index in enumerate(chunk):
            if not bench.has(ArtifactKind.IMAGE, index, role):
                pixels = self.decode(finished[place : place + 1], fitting, bench)
                bench.keep_image(index, pixels, seed=request.seed_of(index), role=role, model=self.describe())
