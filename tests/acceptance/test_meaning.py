"""The miniatures through real processes: the picture is of what was asked for. Pixels say so, and no other model."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from infra.demo.drawers import VARIED_SMALL
from infra.models.miniature.drawing import draw
from infra.models.miniature.looks import degradation, sharpness
from infra.models.miniature.scene import Scene
from latentrelay import ImageSource, Refine, RefineMode, RelayOutput, Role, TextToImage, Variation
from latentrelay.cli.models import MINIATURES
from tests.acceptance.colours import Picture, distance, ground_of, share_of, thing_of
from tests.acceptance.stack import Stack, png
from tests.conftest import ROOT

TRAINED = ROOT / MINIATURES
STEPS = 20
RIGHT = 5  # of six: models are right mostly, not always
SEEN = 2.0  # levels of 256, on average over a picture, that are more than a rounding
ASKED: Mapping[str, tuple[str, str]] = {  # the prompt; the colours of its thing and its ground
    "a large red circle on a blue background": ("red", "blue"),
    "a large yellow square on a purple background": ("yellow", "purple"),
    "a large green heart on a white background": ("green", "white"),
    "a large white cross on a red background": ("white", "red"),
    "a large blue square on a yellow background": ("blue", "yellow"),
    "a large orange circle on a black background": ("orange", "black"),
}
THERE = 0.08  # of the pixels: half of what a large heart covers
GIVEN = Scene("heart", "red", "one", "large", "centre", "yellow", "plain", "flat")


@dataclass(frozen=True)
class Drawn:
    """What one prompt became: by base and refiner, and by the base alone."""

    refined: Picture
    base: Picture


@pytest.fixture(scope="module")
def small_models() -> Path:
    """The workers of this module run trained ones."""
    return TRAINED


@pytest.fixture(scope="module")
def drawn(stack: Stack) -> Mapping[str, Drawn]:
    """Every prompt, drawn once; all wait in the queues together, so that base and refiner work side by side."""
    ask = partial(TextToImage, seed=7, num_inference_steps=STEPS, output=RelayOutput(keep_base=True))
    jobs = stack.all_succeeded([ask(prompt=prompt) for prompt in ASKED])
    return {
        prompt: Drawn(stack.pixels(job), stack.pixels(job, role=Role.BASE))
        for prompt, job in zip(ASKED, jobs, strict=True)
    }


@pytest.fixture(scope="module")
def given(stack: Stack) -> ImageSource:
    """A picture that code drew: a red heart on yellow."""
    picture = draw(GIVEN, np.random.default_rng(7))
    return ImageSource(upload_id=stack.client.upload(png(picture)))


def test_base_and_refiner_draw_things_and_grounds_in_the_colours_of_the_prompt(drawn: Mapping[str, Drawn]) -> None:
    seen = {prompt: (thing_of(each.refined), ground_of(each.refined)) for prompt, each in drawn.items()}
    assert sum(seen[prompt] == ASKED[prompt] for prompt in ASKED) >= RIGHT, seen


def test_the_refiner_works_on_every_picture_and_keeps_the_colours_of_the_base(drawn: Mapping[str, Drawn]) -> None:
    for each in drawn.values():
        assert (thing_of(each.refined), ground_of(each.refined)) == (thing_of(each.base), ground_of(each.base))
        assert np.abs(each.refined.astype(float) - each.base).mean() > SEEN


def test_the_refiner_leaves_pictures_sharper_and_less_degraded_on_average(drawn: Mapping[str, Drawn]) -> None:
    sharper = sum(sharpness(each.refined) - sharpness(each.base) for each in drawn.values())
    cleaner = sum(degradation(each.base) - degradation(each.refined) for each in drawn.values())
    assert min(sharper, cleaner) > 0, (sharper, cleaner)


@pytest.mark.parametrize("change", [{"negative_prompt": "a red circle"}, {"guidance_scale": 1.0}])
def test_a_negative_prompt_and_less_guidance_change_the_picture(stack: Stack, change: Mapping[str, object]) -> None:
    ask = TextToImage(prompt="a circle", seed=7, num_inference_steps=STEPS, refine=Refine(mode=RefineMode.NONE))
    plain, other = map(stack.pixels, stack.all_succeeded([ask, ask.model_copy(update=change)]))
    assert np.abs(plain.astype(float) - other).mean() > SEEN


def test_a_variation_keeps_the_colours_of_its_picture_and_every_seed_draws_another(
    stack: Stack, given: ImageSource
) -> None:
    job = stack.succeeded(
        Variation(image=given, seed=7, guidance_scale=VARIED_SMALL, num_inference_steps=STEPS, num_images_per_prompt=2)
    )
    one, other = stack.pixels(job, 0), stack.pixels(job, 1)
    assert [ground_of(one), ground_of(other)] == ["yellow", "yellow"]
    assert all(share_of(each, "red", "yellow") > THERE for each in (one, other))
    assert np.abs(one.astype(float) - other).mean() > SEEN


def test_a_prompt_steers_a_variation_toward_what_it_says(stack: Stack, given: ImageSource) -> None:
    plain = Variation(image=given, seed=7, guidance_scale=VARIED_SMALL, num_inference_steps=STEPS)
    prompt = plain.model_copy(update={"prompt": "a large red heart on a blue background"})
    free, steered = map(stack.pixels, stack.all_succeeded([plain, prompt]))
    assert distance(steered, "red", "blue") < distance(free, "red", "blue")
