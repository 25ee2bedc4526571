"""What a request costs, in pixels and in steps."""

import pytest

from latentrelay.contracts import (
    Artifact,
    ArtifactKind,
    Continue,
    ImageSource,
    JobRequest,
    Refine,
    Refinement,
    RefineMode,
    RelayOutput,
    Scheduler,
    StageName,
    TextToImage,
    Variation,
)
from latentrelay.cost import drawn, pixels, sides, steps, work

BASE, REFINER, UNCLIP = StageName
SOURCE = ImageSource(upload_id="u")
NONE, IMG2IMG = Refine(mode=RefineMode.NONE), Refine(mode=RefineMode.IMG2IMG, strength=0.3, num_inference_steps=50)


@pytest.mark.parametrize(
    ("request_", "stage", "expected"),
    [
        (TextToImage(prompt="x", num_inference_steps=40, refine=Refine(switch_at=0.75)), BASE, 30),
        (TextToImage(prompt="x", num_inference_steps=40, refine=Refine(switch_at=0.75)), REFINER, 10),
        (TextToImage(prompt="x", output=RelayOutput(keep_base=True)), BASE, 30),
        (TextToImage(prompt="x", num_inference_steps=1), REFINER, 1),
        (TextToImage(prompt="x", refine=NONE), BASE, 30),
        (TextToImage(prompt="x", refine=NONE), REFINER, 0),
        (TextToImage(prompt="x", refine=IMG2IMG), BASE, 30),
        (TextToImage(prompt="x", refine=IMG2IMG), REFINER, 15),
        (Refinement(prompt="x", image=SOURCE, refine=Continue(strength=0.5, num_inference_steps=20)), REFINER, 10),
        (Variation(image=SOURCE, num_inference_steps=7), UNCLIP, 7),
        (Variation(image=SOURCE), BASE, 0),
    ],
)
def test_a_stage_runs_its_own_steps(request_: JobRequest, stage: StageName, expected: int) -> None:
    assert steps(request_, stage) == expected


def test_work_is_steps_times_megapixels_times_images() -> None:
    request = TextToImage(prompt="x", refine=NONE, width=1000, height=2000, num_images_per_prompt=3)
    assert work(request, BASE) == 30 * 2 * 3
    assert work(request, BASE, images=1) == 30 * 2
    assert work(request, BASE, (500, 1000), images=1) == 30 / 2


def test_heun_asks_the_model_twice_a_step() -> None:
    request = TextToImage(prompt="x", refine=NONE)
    heun = request.model_copy(update={"scheduler": Scheduler.HEUN})
    assert work(heun, BASE) == 2 * work(request, BASE)


def stored(**known: int) -> Artifact:
    """Something in the store, of which so much is known."""
    return Artifact(kind=ArtifactKind.IMAGE, key="k", sha256="0" * 64, bytes=1, media_type="image/png", **known)


def test_an_absent_size_counts_as_the_models_own() -> None:
    request = TextToImage(prompt="x", num_images_per_prompt=2, width=512)
    assert sides(request, (128, 128)) == (512, 128)
    assert pixels(request, sides(request, (128, 128))) == 2 * 512 * 128


def test_where_nobody_tells_the_models_own_size_it_counts_as_the_one_they_are_known_for() -> None:
    assert pixels(TextToImage(prompt="x", num_images_per_prompt=2)) == 2 * 1024 * 1024
    assert pixels(Variation(image=SOURCE, width=512)) == 512 * 768
    assert pixels(Refinement(prompt="x", image=SOURCE)) == 1024 * 1024


def test_a_refinement_is_as_large_as_its_source_and_a_variation_is_not() -> None:
    source = (stored(width=320, height=640),)
    assert sides(Refinement(prompt="x", image=SOURCE), None, source) == (320, 640)
    assert sides(Refinement(prompt="x", image=SOURCE), None, (stored(),)) == (1024, 1024)
    assert sides(Variation(image=SOURCE), (128, 128), source) == (128, 128)


def test_what_was_drawn_tells_its_size() -> None:
    assert drawn([stored(), stored(width=8, height=16)]) == (8, 16)
    assert drawn([stored(width=8)]) is None
