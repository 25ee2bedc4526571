from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from latentrelay.contracts import (
    ArtifactKind,
    ImageFormat,
    Job,
    JobStatus,
    Kind,
    Phase,
    Refine,
    RefineMode,
    RelayOutput,
    Role,
    Scheduler,
    StageName,
    TextToImage,
)
from latentrelay.errors import Canceled
from latentrelay.images import read_parameters
from latentrelay.testing import MemoryReport, MemoryStore
from services.diffusion.workbench import Workbench

PIXELS = np.zeros((64, 72, 3), np.uint8)
MODEL = {"model": "small", "revision": "r1"}
NONE = Refine(mode=RefineMode.NONE)
LATENTS = np.zeros((1, 4, 8, 9), np.float32)
FACTS = {
    **MODEL,
    "scheduler": Scheduler.EULER,
    "scheduler_class": "EulerDiscreteScheduler",
    "scheduler_fingerprint": "",
    "num_inference_steps": 1,
    "switch_at": None,
    "scaling_factor": 0.13025,
}


def bench_of(report: MemoryReport | None = None, **fields: Any) -> Workbench:
    request = TextToImage(**{"prompt": "a fox", "seed": 7} | fields)
    job = Job(
        id="j1",
        kind=Kind.TEXT_TO_IMAGE,
        status=JobStatus.RUNNING,
        stage=StageName.SDXL_BASE,
        sequence=1,
        attempt=2,
        created_at=datetime.now(UTC),
        request=request,
    )
    return Workbench(job, MemoryStore(), report or MemoryReport())


def test_an_image_is_stored_with_all_that_is_told_of_it() -> None:
    report = MemoryReport()
    bench = bench_of(report)
    bench.keep_image(1, PIXELS, seed=8, role=Role.BASE, model=MODEL)
    (artifact,) = report.artifacts
    assert artifact.key == "images/j1/sdxl_base/2/1.png"
    assert (artifact.kind, artifact.role, artifact.index) == (ArtifactKind.IMAGE, Role.BASE, 1)
    assert (artifact.width, artifact.height, artifact.seed) == (72, 64, 8)
    assert (artifact.stage, artifact.attempt, artifact.media_type) == (StageName.SDXL_BASE, 2, "image/png")
    assert len(bench.store.get(artifact)) == artifact.bytes
    assert report.phases == {Phase.ENCODE_IMAGE: 1, Phase.UPLOAD: 1}


def test_the_file_tells_how_to_draw_it_again_and_nothing_of_who_asked() -> None:
    report = MemoryReport()
    bench = bench_of(
        report,
        negative_prompt="",
        num_images_per_prompt=3,
        client_reference="me",
        metadata={"who": "me"},
        idempotency_key="key",
    )
    bench.keep_image(2, PIXELS, seed=9, role=Role.FINAL, model=MODEL)
    told = read_parameters(bench.store.get(report.artifacts[0]))
    assert told is not None
    again = TextToImage(**{name: told[name] for name in told.keys() & TextToImage.model_fields.keys()})
    assert again == TextToImage(prompt="a fox", negative_prompt="", seed=9)
    assert (told["model"], told["revision"], told["job_id"]) == ("small", "r1", "j1")
    assert "me" not in told.values()
    assert not told.keys() & {"metadata", "client_reference", "idempotency_key", "output", "webhook", "priority"}


def test_nothing_is_written_into_a_file_that_shall_tell_nothing() -> None:
    report = MemoryReport()
    bench = bench_of(report, output=RelayOutput(embed_parameters=False, format=ImageFormat.WEBP))
    bench.keep_image(0, PIXELS, seed=7, role=Role.FINAL, model=MODEL)
    assert report.artifacts[0].key.endswith(".webp")
    assert read_parameters(bench.store.get(report.artifacts[0])) is None


def test_steps_are_told_over_all_images_of_the_job() -> None:
    report = MemoryReport()
    bench = bench_of(report, num_images_per_prompt=3)
    for chunk in ((0, 1), (2,)):
        for step in (1, 2):
            bench.on_step(chunk)(step, 2)
    assert report.steps == [(2, 6), (4, 6), (5, 6), (6, 6)]


def test_images_of_an_earlier_attempt_count_as_drawn() -> None:
    earlier = bench_of(told := MemoryReport(), num_images_per_prompt=4, refine=NONE)
    for index in (0, 2):
        earlier.keep_latents(index, LATENTS, FACTS)
        earlier.keep_image(index, PIXELS, seed=7 + index, role=Role.FINAL, model=MODEL)
    earlier.keep_latents(1, LATENTS, FACTS)
    report = MemoryReport()
    job = earlier.job.model_copy(update={"artifacts": tuple(told.artifacts)})
    bench = Workbench(job, earlier.store, report)
    assert bench.unmade == (1, 3)
    assert bench.has(ArtifactKind.LATENTS, 1)
    assert not bench.has(ArtifactKind.IMAGE, 1, Role.FINAL)
    for index in bench.unmade:
        bench.on_step((index,))(1, 1)
    assert report.steps == [(3, 4), (4, 4)]


def test_nothing_is_stored_for_a_job_that_was_canceled() -> None:
    report = MemoryReport(cancel_at=1)
    bench = bench_of(report)
    with pytest.raises(Canceled):
        bench.on_step(range(1))(1, 1)
    with pytest.raises(Canceled):
        bench.keep_image(0, PIXELS, seed=7, role=Role.FINAL, model=MODEL)
    assert report.artifacts == []
