"""Previews of real pipelines: every stage tells them, and nothing that is drawn depends on them."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from latentrelay.contracts import ImageSource, Refine, RefineMode, StageName, Variation
from tests.faithful.running import Bench, Case, Pipelines, text_to_image

CASES = [
    Case(StageName.SDXL_BASE, text_to_image(num_images_per_prompt=2, refine=Refine(mode=RefineMode.NONE))),
    Case(StageName.SDXL_REFINER, text_to_image(refine=Refine(switch_at=0.5))),
    Case(StageName.UNCLIP_VARIATION, Variation(image=ImageSource(upload_id="u"), seed=3, num_inference_steps=4)),
]


@pytest.fixture(params=CASES, ids=lambda case: str(case.stage))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_every_stage_shows_what_it_draws(case: Case, bench: Bench) -> None:
    job = bench.run_stage(case.job(bench), case.stage)
    previews = bench.report.previews
    assert previews.keys() == {step for step, _ in bench.report.steps}
    shown = [np.asarray(Image.open(BytesIO(data))) for data in previews.values()]
    height, width, _ = bench.picture(job).shape
    assert {picture.shape for picture in shown} == {(height // 8, width // 8, 3)}
    assert all(picture.std() > 1 for picture in shown)


def test_what_is_drawn_is_bit_for_bit_the_same_without_previews(case: Case, bench: Bench) -> None:
    shown = bench.picture(bench.run_stage(case.job(bench), case.stage))
    unseen = Bench(without_previews(bench.pipelines))
    assert np.array_equal(unseen.picture(unseen.run_stage(case.job(unseen), case.stage)), shown)
    assert not unseen.report.previews


def without_previews(pipelines: Pipelines) -> Pipelines:
    """The same models, once more."""
    each = (pipelines.base, pipelines.refiner, pipelines.unclip)
    return Pipelines(*(type(pipeline)(replace(pipeline._loaded, preview_steps=0)) for pipeline in each))


def test_loading_a_pipeline_with_previews_draws_no_random_number(pipelines: Pipelines) -> None:
    before = torch.get_rng_state()
    type(pipelines.base)(pipelines.base._loaded)
    assert torch.equal(torch.get_rng_state(), before)
