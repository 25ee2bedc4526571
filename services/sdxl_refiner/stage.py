"""The refiner stage: what is continued, stored and told. How is `pipeline.py`'s."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from latentrelay.contracts import (
    Artifact,
    ArtifactKind,
    Job,
    Refinement,
    Role,
    Scheduler,
    StageName,
    TextToImage,
)
from latentrelay.errors import InvalidRequest, LatentsMismatch
from latentrelay.images import open_image
from latentrelay.latents import Latents, unpack
from services.diffusion.arrays import GeneratorState, LatentArray
from services.diffusion.fitting import Chunk
from services.diffusion.pipeline_stage import ImagePipeline, PipelineStage
from services.diffusion.schedule import Schedule, check_strength, check_switch
from services.diffusion.workbench import OnStep, Workbench
from services.sdxl_refiner.arguments import Plan, refinement_plan, relay_plan
from services.sdxl_refiner.continuing import check_pipeline, check_refinement, check_relay
from services.sdxl_refiner.source import Source, fit, together


class RefinerPipeline(ImagePipeline, Protocol):
    """SDXL refiner, loaded. Arguments have the names that diffusers gives them."""

    scaling_factor: float
    """Of its VAE."""

    def schedule(self, scheduler: Scheduler, arguments: Mapping[str, Any]) -> Schedule:
        """How the scheduler's steps are cut by `denoising_start` or `strength`."""

    def denoise(
        self,
        arguments: Mapping[str, Any],
        *,
        image: npt.NDArray[Any],
        scheduler: Scheduler,
        seeds: Sequence[int],
        generator_states: Sequence[GeneratorState] | None,
        on_step: OnStep,
    ) -> LatentArray:
        """Refine latents, or pixels as uint8, to finished latents."""


class SdxlRefinerStage(PipelineStage[RefinerPipeline]):
    """Latents of the base, kept latents or an image, to refined images."""

    name = StageName.SDXL_REFINER

    def draw(self, bench: Workbench) -> None:
        """Refine a few at a time, once everything they start from is there and fits the request."""
        given = given_artifacts(bench.job)
        sources = {index: self._source(index, given[index], bench) for index in bench.unmade}
        plans = [self._plan(index, source, bench.job) for index, source in sources.items()]
        denoise = partial(self._denoise, plans[0], sources, bench)
        with self.fitting(sources[bench.unmade[0]].size, bench) as fitting:
            for chunk, latents in fitting.chunks(bench.unmade, denoise):
                for place, index in enumerate(chunk):
                    pixels, seed = self.decode(latents[place : place + 1], fitting, bench), sources[index].seed
                    bench.keep_image(index, pixels, seed=seed, role=Role.FINAL, model=self.describe())

    def _source(self, index: int, artifact: Artifact, bench: Workbench) -> Source:
        data = bench.fetch(artifact)
        seed = bench.job.request.seed_of(index)
        if artifact.kind is not ArtifactKind.LATENTS:
            limits = self._settings
            pixels = open_image(data, max_bytes=limits.max_input_bytes, max_pixels=limits.max_input_pixels)
            return Source(fit(pixels)[np.newaxis], seed)
        return kept_source(unpack(data), seed)

    def _denoise(self, plan: Plan, given: Mapping[int, Source], bench: Workbench, chunk: Chunk) -> LatentArray:
        sources = [given[index] for index in chunk]
        states = [source.generator_state for source in sources if source.generator_state is not None]
        with self.denoising(chunk, bench):
            return self._pipeline.denoise(
                plan.arguments,
                image=together(sources),
                scheduler=plan.scheduler,
                seeds=[source.seed for source in sources],
                generator_states=states or None,
                on_step=bench.on_step(chunk),
            )

    def _plan(self, index: int, source: Source, job: Job) -> Plan:
        """The plan for one image, checked: what it would draw is what was meant."""
        plan = checked_plan(job, index, source.latents)
        schedule = self._pipeline.schedule(plan.scheduler, plan.arguments)
        (check_switch if "denoising_start" in plan.arguments else check_strength)(schedule)
        if source.latents is not None:
            check_pipeline(source.latents, schedule, scaling_factor=self._pipeline.scaling_factor)
        return plan


def given_artifacts(job: Job) -> tuple[Artifact, ...]:
    """What the refiner starts from, one artifact for each image, whether or not that is made already.

    Raises:
        InvalidRequest: this stage does not serve the kind of the job.
        LatentsMismatch: the base left fewer latents than the job has images.
    """
    if isinstance(job.request, TextToImage):
        given = job.made(ArtifactKind.LATENTS, StageName.SDXL_BASE)
    elif isinstance(job.request, Refinement):
        given = job.inputs[:1]
    else:
        raise InvalidRequest.at("kind", f"is not drawn by the refiner: {job.kind}")
    if len(given) != job.count:
        raise LatentsMismatch(f"The job has {job.count} images, but {len(given)} artifacts to refine.")
    return given


def kept_source(latents: Latents, seed: int) -> Source:
    """Half-done latents go on with the seed and the generator they began with; finished ones begin with `seed`."""
    if latents.manifest.switch_at is None:
        return Source(latents.array, seed, latents=latents)
    return Source(latents.array, latents.manifest.seed, latents.generator_state, latents)


def checked_plan(job: Job, index: int, latents: Latents | None) -> Plan:
    """What the request asks of the refiner, known not to contradict the latents it is given.

    Raises:
        LatentsMismatch: it contradicts them; the sentence says where.
    """
    request = job.request
    manifest = latents.manifest if latents else None
    if isinstance(request, Refinement):
        if manifest:
            check_refinement(manifest, request)
        return refinement_plan(request, manifest)
    if not isinstance(request, TextToImage) or manifest is None:
        raise InvalidRequest.at("kind", f"is not drawn by the refiner: {job.kind}")
    check_relay(manifest, request, job.id, index)
    return relay_plan(request)
