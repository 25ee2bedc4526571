"""The route of a job."""

import pytest

from latentrelay import Job, Refine, Refinement, RefineMode, StageName, TextToImage, Variation
from latentrelay.contracts import ImageSource, JobRequest
from latentrelay.flow import advance, route

BASE, REFINER, UNCLIP = StageName.SDXL_BASE, StageName.SDXL_REFINER, StageName.UNCLIP_VARIATION
IMAGE = ImageSource(upload_id="u")


@pytest.mark.parametrize(
    ("request_", "stages"),
    [
        (TextToImage(prompt="x"), (BASE, REFINER)),
        (TextToImage(prompt="x", refine=Refine(mode=RefineMode.IMG2IMG)), (BASE, REFINER)),
        (TextToImage(prompt="x", refine=Refine(mode=RefineMode.NONE)), (BASE,)),
        (Refinement(prompt="x", image=IMAGE), (REFINER,)),
        (Variation(image=IMAGE), (UNCLIP,)),
    ],
)
def test_each_kind_has_its_route(request_: JobRequest, stages: tuple[StageName, ...]) -> None:
    assert route(request_) == stages


def job(request: JobRequest, stage: StageName) -> Job:
    return Job.model_validate(
        {
            "id": "j",
            "kind": request.model_dump()["kind"],
            "status": "running",
            "stage": stage,
            "sequence": 1,
            "attempt": 1,
            "created_at": "2026-01-01T00:00:00Z",
            "request": request.with_seed(),
        }
    )


def test_the_refiner_follows_the_base_and_nothing_follows_the_last_stage() -> None:
    assert advance(job(TextToImage(prompt="x"), BASE)) is REFINER
    assert advance(job(TextToImage(prompt="x"), REFINER)) is None
    assert advance(job(TextToImage(prompt="x", refine=Refine(mode=RefineMode.NONE)), BASE)) is None
