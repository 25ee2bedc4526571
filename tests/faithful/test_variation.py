"""Variations equal one process with diffusers, byte for byte."""

from typing import Any

import numpy as np
import pytest

from latentrelay.contracts import ImageSource, Scheduler, Variation
from latentrelay.settings import Settings
from tests.faithful.one_process import OneProcess
from tests.faithful.running import Bench, Pipelines, photo


def variation(**fields: Any) -> Variation:
    return Variation(**{"image": ImageSource(upload_id="u"), "seed": 11, "num_inference_steps": 4} | fields)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"prompt": "at night"},
        {"prompt": "at night", "negative_prompt": "blurred"},
        {"negative_prompt": "blurred"},
        {"noise_level": 300},
        {"guidance_scale": 1.0},
        {"width": 96, "height": 64},
    ],
    ids=str,
)
def test_a_variation_is_what_one_process_draws(fields: dict[str, Any], bench: Bench, one_process: OneProcess) -> None:
    job = bench.run(variation(**fields), bench.upload(photo(100, 140)))
    expected = one_process.varied(photo(100, 140), seed=11, num_inference_steps=4, **fields)
    assert np.array_equal(bench.picture(job), expected)


def test_prompt_and_noise_level_change_the_variation(bench: Bench) -> None:
    given = bench.upload(photo())
    asked = ({}, {"prompt": "at night"}, {"noise_level": 300}, {"negative_prompt": "blurred"}, {"seed": 12})
    pictures = {bench.picture(bench.run(variation(**fields), given)).tobytes() for fields in asked}
    assert len(pictures) == len(asked)


@pytest.mark.parametrize("scheduler", Scheduler)
def test_a_variation_with_another_scheduler_is_what_one_process_draws(
    scheduler: Scheduler, bench: Bench, one_process: OneProcess
) -> None:
    job = bench.run(variation(scheduler=scheduler), bench.upload(photo()))
    expected = one_process.varied(photo(), seed=11, scheduler=scheduler, num_inference_steps=4)
    assert np.array_equal(bench.picture(job), expected)


@pytest.mark.parametrize("prompts", [{}, {"prompt": "at night", "negative_prompt": "blurred"}], ids=["none", "both"])
@pytest.mark.parametrize("batch", [1, 2])
def test_each_of_several_variations_is_the_single_one_of_its_seed(
    batch: int, prompts: dict[str, str], pipelines: Pipelines, one_process: OneProcess
) -> None:
    bench = Bench(pipelines, Settings(max_batch_size=batch))
    job = bench.run(variation(num_images_per_prompt=3, noise_level=100, **prompts), bench.upload(photo()))
    for index in range(3):
        expected = one_process.varied(photo(), seed=11 + index, num_inference_steps=4, noise_level=100, **prompts)
        difference = np.abs(bench.picture(job, index).astype(int) - expected).max()
        assert difference <= (0 if batch == 1 else 1)


def test_the_steps_of_pndm_are_told_as_they_are_run(bench: Bench) -> None:
    bench.run(variation(num_images_per_prompt=2), bench.upload(photo()))
    assert bench.report.steps == [(step, 10) for step in range(1, 11)]  # 4 steps of PNDM are 5 evaluations
