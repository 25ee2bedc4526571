"""The refiner alone: on a picture, and on the kept latents of an earlier job."""

from typing import Any

import numpy as np
import pytest
import torch

from latentrelay.contracts import (
    ArtifactKind,
    Continue,
    ImageSource,
    Job,
    JobImage,
    Phase,
    Refine,
    Refinement,
    RefineMode,
    Scheduler,
    StageName,
)
from latentrelay.errors import InputTooLarge, InputUndecodable, InvalidRequest, LatentsMismatch
from tests.faithful.one_process import OneProcess, generator
from tests.faithful.running import PROMPT, Bench, photo, text_to_image

NONE = Refine(mode=RefineMode.NONE)
SHORT = Continue(strength=0.7, num_inference_steps=6)
SHORT_ARGUMENTS = {"strength": 0.7, "num_inference_steps": 6}


def of_image(**fields: Any) -> Refinement:
    asked = {"image": ImageSource(upload_id="u"), "prompt": PROMPT, "seed": 3, "refine": SHORT}
    return Refinement(**asked | fields)


def of_latents(**fields: Any) -> Refinement:
    return Refinement(**{"latents": JobImage(job_id="earlier"), "prompt": PROMPT, "seed": 3} | fields)


def refine_kept(bench: Bench, earlier: Job, request: Refinement) -> Job:
    return bench.run(request, earlier.made(ArtifactKind.LATENTS)[0], job_id="later")


@pytest.mark.parametrize("scheduler", [None, *Scheduler])
def test_a_picture_is_refined_as_one_process_refines_it(
    scheduler: Scheduler | None, bench: Bench, one_process: OneProcess
) -> None:
    job = bench.run(of_image(scheduler=scheduler), bench.upload(photo()))
    chosen = scheduler or Scheduler.EULER
    expected = one_process.refined(PROMPT, photo(), seed=3, scheduler=chosen, **SHORT_ARGUMENTS)
    assert np.array_equal(bench.picture(job), expected)


def test_every_field_of_a_refinement_reaches_the_refiner(bench: Bench, one_process: OneProcess) -> None:
    own = {
        "guidance_scale": 8.0,
        "negative_prompt": "green",
        "aesthetic_score": 7.5,
        "negative_aesthetic_score": 1.5,
    }
    conditioning = {
        "prompt_2": "an oil painting",
        "guidance_rescale": 0.3,
        "original_size": (512, 512),
        "crops_coords_top_left": (8, 8),
        "negative_original_size": (64, 64),
        "negative_crops_coords_top_left": (4, 0),
    }
    refine = Continue(**SHORT_ARGUMENTS, **own)
    job = bench.run(of_image(refine=refine, **conditioning), bench.upload(photo(160, 96)))
    expected = one_process.refined(PROMPT, photo(160, 96), seed=3, **SHORT_ARGUMENTS, **own, **conditioning)
    assert np.array_equal(bench.picture(job), expected)


def test_the_middle_of_a_picture_is_refined_where_its_sides_are_no_multiples_of_8(
    bench: Bench, one_process: OneProcess
) -> None:
    job = bench.run(of_image(), bench.upload(photo(133, 98)))
    expected = one_process.refined(PROMPT, photo(133, 98)[1:97, 2:130], seed=3, **SHORT_ARGUMENTS)
    assert np.array_equal(bench.picture(job), expected)


def test_a_picture_that_is_too_large_or_too_small_or_none_is_refused(bench: Bench) -> None:
    refused = {
        bench.upload(np.zeros((2001, 2000, 3), np.uint8)): (InputTooLarge, "2000 x 2001"),
        bench.upload(photo(63, 128)): (InvalidRequest, "image: must be at least 64 pixels on each side, got 63 x 128"),
        bench.put(b"no picture"): (InputUndecodable, "."),
    }
    for artifact, (error, sentence) in refused.items():
        with pytest.raises(error, match=sentence):
            bench.run(of_image(), artifact)


@pytest.mark.parametrize("scheduler", [Scheduler.EULER, Scheduler.EULER_ANCESTRAL, Scheduler.DPMPP_2M_KARRAS])
def test_half_done_latents_are_refined_again_and_again_as_in_their_own_job(scheduler: Scheduler, bench: Bench) -> None:
    earlier = bench.run(text_to_image(scheduler=scheduler), job_id="earlier")
    for _ in range(2):
        again = refine_kept(bench, earlier, of_latents())
        assert np.array_equal(bench.picture(again), bench.picture(earlier))
        assert again.images[0].seed == 7


def test_half_done_latents_take_another_prompt_and_guidance(bench: Bench, one_process: OneProcess) -> None:
    earlier = bench.run(text_to_image(), job_id="earlier")
    request = of_latents(prompt="a grey wolf", refine=Continue(guidance_scale=8.0, negative_prompt="red"))
    one_process.schedule(Scheduler.EULER)
    latents = one_process.base_latents(PROMPT, seed=7, num_inference_steps=5, denoising_end=0.8)
    expected = one_process.refiner(
        "a grey wolf",
        image=torch.from_numpy(latents),
        num_inference_steps=5,
        denoising_start=0.8,
        guidance_scale=8.0,
        negative_prompt="red",
    ).images[0]
    assert np.array_equal(bench.picture(refine_kept(bench, earlier, request)), np.asarray(expected))


@pytest.mark.parametrize("scheduler", [Scheduler.DDIM, Scheduler.EULER_ANCESTRAL])
@pytest.mark.parametrize("other", [None, Scheduler.HEUN])
def test_finished_latents_are_refined_as_one_process_refines_them(
    scheduler: Scheduler, other: Scheduler | None, bench: Bench, one_process: OneProcess
) -> None:
    earlier = bench.run(text_to_image(scheduler=scheduler, refine=NONE), job_id="earlier")
    job = refine_kept(bench, earlier, of_latents(scheduler=other, refine=SHORT))
    latents = one_process.base_latents(PROMPT, seed=7, scheduler=scheduler, num_inference_steps=5)
    one_process.schedule(other or scheduler)
    expected = one_process.refiner(
        PROMPT, image=torch.from_numpy(latents), generator=generator(3), **SHORT_ARGUMENTS
    ).images[0]
    assert np.array_equal(bench.picture(job), np.asarray(expected))


def test_the_base_is_not_paid_for_again(bench: Bench) -> None:
    earlier = bench.run(text_to_image(), job_id="earlier")
    refine_kept(bench, earlier, of_latents())
    assert {artifact.stage for artifact in bench.report.artifacts} == {StageName.SDXL_REFINER}
    assert bench.report.steps == [(1, 1)]
    assert bench.report.phases[Phase.DENOISE] == 1


@pytest.mark.parametrize(
    ("base", "asked", "sentence"),
    [
        (Refine(), {"refine": Continue(switch_at=0.7)}, "switch_at 0.8, but refine has 0.7"),
        (Refine(), {"scheduler": Scheduler.DDIM}, "scheduler euler, but the request has ddim"),
        (Refine(), {"refine": Continue(mode=RefineMode.IMG2IMG)}, "refine.mode must be ensemble, not img2img"),
        (NONE, {"refine": Continue(mode=RefineMode.ENSEMBLE)}, "refine.mode must be img2img, not ensemble"),
        (NONE, {"refine": Continue(switch_at=0.7)}, "switch_at None, but refine has 0.7"),
    ],
)
def test_a_refinement_that_contradicts_its_latents_is_refused(
    base: Refine, asked: dict[str, Any], sentence: str, bench: Bench
) -> None:
    earlier = bench.run(text_to_image(refine=base), job_id="earlier")
    with pytest.raises(LatentsMismatch, match=sentence):
        refine_kept(bench, earlier, of_latents(**asked))


def test_a_strength_that_half_done_latents_would_ignore_is_refused(bench: Bench) -> None:
    earlier = bench.run(text_to_image(), job_id="earlier")
    with pytest.raises(InvalidRequest, match=r"refine\.strength: has no effect"):
        refine_kept(bench, earlier, of_latents(refine=Continue(strength=0.5)))
