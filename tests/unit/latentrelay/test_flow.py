"""The route of a job."""

import pytest

from latentrelay import Job, Refine, Refinement, RefineMode, StageName, TextToImage, Variation
from latentrelay.contracts import Artifact, ArtifactKind, ImageSource, JobRequest, RelayOutput, Role
from latentrelay.flow import advance, earlier, route, unmade

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


def test_the_base_comes_before_the_refiner_and_nothing_before_the_first_stage() -> None:
    assert earlier(job(TextToImage(prompt="x"), REFINER)) is BASE
    assert earlier(job(TextToImage(prompt="x"), BASE)) is None


def made(stage: StageName, kind: ArtifactKind, index: int, role: Role | None = None) -> Artifact:
    return Artifact(
        kind=kind, key=f"{kind}/j/{stage}/1/{index}", sha256="0" * 64, bytes=1, media_type="x", stage=stage, index=index
    ).model_copy(update={"role": role})


def test_a_stage_still_has_to_make_the_images_that_no_attempt_of_its_own_has_finished() -> None:
    base = job(TextToImage(prompt="x", num_images_per_prompt=3), BASE)
    half = base.model_copy(update={"artifacts": (made(BASE, ArtifactKind.LATENTS, 1),)})
    assert unmade(base) == (0, 1, 2)
    assert unmade(half) == (0, 2)
    assert unmade(half.model_copy(update={"stage": REFINER})) == (0, 1, 2)


def test_an_image_whose_own_picture_is_to_be_kept_is_finished_with_both() -> None:
    request = TextToImage(prompt="x", output=RelayOutput(keep_base=True))
    latents = made(BASE, ArtifactKind.LATENTS, 0)
    half = job(request, BASE).model_copy(update={"artifacts": (latents,)})
    own = made(BASE, ArtifactKind.IMAGE, 0, Role.BASE)
    assert unmade(half) == (0,)
    assert unmade(half.model_copy(update={"artifacts": (latents, own)})) == ()
