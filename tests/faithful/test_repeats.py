"""The same request draws the same picture, whatever happened to the pipeline before."""

import numpy as np
import pytest
import torch

from latentrelay.contracts import (
    Artifact,
    ArtifactKind,
    Continue,
    ImageSource,
    Refine,
    Refinement,
    RefineMode,
    Scheduler,
    StageName,
    Variation,
)
from latentrelay.errors import Canceled, OutOfMemory
from latentrelay.testing import MemoryReport
from services.diffusion.workbench import OnStep
from tests.faithful.running import PROMPT, Bench, Case, job_of, text_to_image

SOURCE = ImageSource(upload_id="u")


def drawn(made: tuple[Artifact, ...], bench: Bench) -> list[bytes]:
    """The bytes of every picture."""
    pictures = [artifact for artifact in made if artifact.kind is ArtifactKind.IMAGE]
    return [bench.store.get(artifact) for artifact in pictures]


CASES = [
    *(
        Case(stage, text_to_image(scheduler=scheduler, refine=refine, num_images_per_prompt=2))
        for scheduler in (Scheduler.EULER_ANCESTRAL, Scheduler.UNIPC, Scheduler.HEUN)
        for stage, refine in (
            (StageName.SDXL_BASE, Refine(mode=RefineMode.NONE)),
            (StageName.SDXL_REFINER, Refine(switch_at=0.5)),
        )
    ),
    Case(
        StageName.SDXL_REFINER,
        Refinement(image=SOURCE, prompt=PROMPT, seed=3, refine=Continue(strength=0.7, num_inference_steps=6)),
    ),
    Case(StageName.UNCLIP_VARIATION, Variation(image=SOURCE, seed=3, num_inference_steps=4, num_images_per_prompt=2)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.stage}-{getattr(case.request, 'scheduler', None)}")
def test_a_run_after_a_canceled_one_repeats_exactly(case: Case, bench: Bench) -> None:
    job = case.job(bench)
    first = drawn(bench.run_stage(job, case.stage).artifacts, bench)
    steps = len(bench.report.steps)
    stage = bench.pipelines.stage(case.stage, bench.settings)
    for cancel_at in (1, 2, steps):
        with pytest.raises(Canceled):
            stage.run(job, bench.store, MemoryReport(cancel_at=cancel_at))
    retried = job.model_copy(update={"attempt": 2})
    assert drawn(bench.run_stage(retried, case.stage).artifacts, bench) == first
    assert first


def test_a_canceled_job_stores_nothing_more(bench: Bench) -> None:
    report = MemoryReport(cancel_at=7)  # of 2 x 5 steps
    job = job_of(text_to_image(num_images_per_prompt=2, refine=Refine(mode=RefineMode.NONE)))
    with pytest.raises(Canceled):
        bench.pipelines.stage(StageName.SDXL_BASE, bench.settings).run(job, bench.store, report)
    assert {artifact.index for artifact in report.artifacts} == {0}
    assert len(report.steps) == 7


@pytest.mark.parametrize(
    "failure", [torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."), MemoryError()], ids=repr
)
def test_running_out_of_memory_is_told_as_retryable_and_leaves_the_pipeline_usable(
    failure: Exception, bench: Bench
) -> None:
    def denoise(on_step: OnStep) -> np.ndarray:
        return bench.pipelines.base.denoise(
            {"prompt": PROMPT, "num_inference_steps": 4, "width": 64, "height": 64},
            scheduler=Scheduler.DPMPP_2M,
            seeds=[1],
            on_step=on_step,
            switch_after=None,
        ).latents

    def fail(step: int, *_: object) -> None:
        if step == 3:
            raise failure

    before = denoise(lambda *_: None)
    with pytest.raises(OutOfMemory) as told:
        denoise(fail)
    assert told.value.retryable
    assert np.array_equal(denoise(lambda *_: None), before)
