"""Text to image through base and refiner equals one process with diffusers, byte for byte."""

import numpy as np
import pytest

from latentrelay.contracts import Refine, RefineMode, RelayOutput, Role, Scheduler
from latentrelay.settings import Settings
from tests.faithful.one_process import OneProcess
from tests.faithful.running import PROMPT, Bench, Pipelines, relative_l2, text_to_image

IMG2IMG = Refine(mode=RefineMode.IMG2IMG, strength=0.7, num_inference_steps=6)
NONE = Refine(mode=RefineMode.NONE)


@pytest.mark.parametrize("scheduler", Scheduler)
def test_the_base_alone_draws_what_one_process_draws(
    scheduler: Scheduler, bench: Bench, one_process: OneProcess
) -> None:
    job = bench.run(text_to_image(scheduler=scheduler, refine=NONE))
    expected = one_process.base_image(PROMPT, seed=7, scheduler=scheduler, num_inference_steps=5)
    assert np.array_equal(bench.picture(job), expected)


@pytest.mark.parametrize("scheduler", Scheduler)
def test_an_ensemble_draws_what_one_process_draws(scheduler: Scheduler, bench: Bench, one_process: OneProcess) -> None:
    job = bench.run(text_to_image(scheduler=scheduler, num_inference_steps=8, refine=Refine(switch_at=0.5)))
    expected = one_process.ensemble(PROMPT, seed=7, steps=8, switch_at=0.5, scheduler=scheduler)
    assert np.array_equal(bench.picture(job), expected)


@pytest.mark.parametrize("scheduler", Scheduler)
def test_an_img2img_relay_draws_what_one_process_draws(
    scheduler: Scheduler, bench: Bench, one_process: OneProcess
) -> None:
    job = bench.run(text_to_image(scheduler=scheduler, refine=IMG2IMG))
    expected = one_process.img2img(
        PROMPT,
        seed=7,
        scheduler=scheduler,
        base={"num_inference_steps": 5},
        refiner={"num_inference_steps": 6, "strength": 0.7},
    )
    assert np.array_equal(bench.picture(job), expected)


@pytest.mark.parametrize("scheduler", Scheduler)
def test_keeping_the_base_image_changes_neither_the_handoff_nor_the_result(
    scheduler: Scheduler, bench: Bench, one_process: OneProcess
) -> None:
    request = text_to_image(scheduler=scheduler, refine=Refine(switch_at=0.7), output=RelayOutput(keep_base=True))
    job = bench.run(request)
    handed_over = one_process.base_latents(
        PROMPT, seed=7, scheduler=scheduler, num_inference_steps=5, denoising_end=0.7
    )
    own = one_process.base_image(PROMPT, seed=7, scheduler=scheduler, num_inference_steps=5)
    refined = one_process.ensemble(PROMPT, seed=7, steps=5, switch_at=0.7, scheduler=scheduler)
    assert np.array_equal(bench.latents(job).array, handed_over)
    assert np.array_equal(bench.picture(job, role=Role.BASE), own)
    assert np.array_equal(bench.picture(job), refined)


def test_keeping_the_base_image_of_an_img2img_relay_decodes_the_latents_it_hands_over(
    bench: Bench, one_process: OneProcess
) -> None:
    job = bench.run(text_to_image(refine=IMG2IMG, output=RelayOutput(keep_base=True)))
    own = one_process.base_image(PROMPT, seed=7, num_inference_steps=5)
    assert np.array_equal(bench.picture(job, role=Role.BASE), own)
    assert not np.array_equal(bench.picture(job), own)


@pytest.mark.parametrize("refine", [NONE, Refine(), IMG2IMG], ids=lambda refine: refine.mode)
@pytest.mark.parametrize("scheduler", [Scheduler.EULER, Scheduler.EULER_ANCESTRAL])
def test_image_i_of_a_job_is_the_single_image_of_seed_plus_i(
    refine: Refine, scheduler: Scheduler, bench: Bench
) -> None:
    job = bench.run(text_to_image(refine=refine, scheduler=scheduler, num_images_per_prompt=2))
    for index in range(2):
        single = bench.run(text_to_image(refine=refine, scheduler=scheduler, seed=7 + index), job_id=f"single{index}")
        assert np.array_equal(bench.picture(job, index), bench.picture(single))
        assert job.images[index].seed == 7 + index


@pytest.mark.parametrize("refine", [NONE, Refine(), IMG2IMG], ids=lambda refine: refine.mode)
@pytest.mark.parametrize("scheduler", [Scheduler.EULER_ANCESTRAL, Scheduler.DPMPP_2M])
def test_images_drawn_in_one_batch_stay_close_to_their_single_images(
    refine: Refine, scheduler: Scheduler, bench: Bench, pipelines: Pipelines
) -> None:
    together = Bench(pipelines, Settings(max_batch_size=2))
    request = text_to_image(refine=refine, scheduler=scheduler, num_images_per_prompt=3)
    job, single = together.run(request), bench.run(request)
    for index in range(3):
        assert relative_l2(together.latents(job, index).array, bench.latents(single, index).array) < 1e-5
        assert np.abs(together.picture(job, index).astype(int) - bench.picture(single, index)).max() <= 1


def test_latents_of_a_batch_are_refined_within_1e_5_of_their_single_refinement(
    bench: Bench, pipelines: Pipelines
) -> None:
    job = bench.run(text_to_image(refine=IMG2IMG, num_images_per_prompt=2))
    latents = np.concatenate([bench.latents(job, index).array for index in range(2)])
    call = {"prompt": PROMPT, "num_inference_steps": 6, "strength": 0.7}

    def refined(image: np.ndarray, seeds: list[int]) -> np.ndarray:
        return pipelines.refiner.denoise(
            call,
            image=image,
            scheduler=Scheduler.EULER,
            seeds=seeds,
            generator_states=None,
            on_step=lambda *_: None,
        )

    together = refined(latents, [7, 8])
    for index in range(2):
        assert relative_l2(together[index : index + 1], refined(latents[index : index + 1], [7 + index])) < 1e-5


@pytest.mark.parametrize("refine", [NONE, Refine(), IMG2IMG], ids=lambda refine: refine.mode)
def test_an_absent_negative_prompt_is_not_an_empty_one(refine: Refine, bench: Bench, one_process: OneProcess) -> None:
    pictures = []
    for given in ({}, {"negative_prompt": ""}, {"negative_prompt": "blue, blurred"}):
        job = bench.run(text_to_image(refine=refine, **given))
        base = {"num_inference_steps": 5, **given}
        match refine.mode:
            case RefineMode.NONE:
                expected = one_process.base_image(PROMPT, seed=7, **base)
            case RefineMode.ENSEMBLE:
                expected = one_process.ensemble(PROMPT, seed=7, steps=5, switch_at=0.8, base=given, refiner=given)
            case RefineMode.IMG2IMG:
                again = {"num_inference_steps": 6, "strength": 0.7, **given}
                expected = one_process.img2img(PROMPT, seed=7, base=base, refiner=again)
        assert np.array_equal(bench.picture(job), expected)
        pictures.append(expected)
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[1], pictures[2])


@pytest.mark.parametrize("mode", [RefineMode.ENSEMBLE, RefineMode.IMG2IMG])
def test_the_refiners_own_values_go_to_the_refiner_alone(
    mode: RefineMode, bench: Bench, one_process: OneProcess
) -> None:
    own = {
        "guidance_scale": 9.0,
        "negative_prompt": "green",
        "aesthetic_score": 8.0,
        "negative_aesthetic_score": 1.0,
    }
    base = {"guidance_scale": 3.0, "negative_prompt": "blue", "guidance_rescale": 0.6}
    again = own | {"guidance_rescale": 0.6}
    job = bench.run(text_to_image(refine=Refine(mode=mode, **own), **base))
    if mode is RefineMode.ENSEMBLE:
        expected = one_process.ensemble(PROMPT, seed=7, steps=5, switch_at=0.8, base=base, refiner=again)
    else:
        base |= {"num_inference_steps": 5}
        expected = one_process.img2img(
            PROMPT, seed=7, base=base, refiner=again | {"num_inference_steps": 50, "strength": 0.3}
        )
    assert np.array_equal(bench.picture(job), expected)


def test_a_refiner_without_guidance_draws_without_guidance(bench: Bench, one_process: OneProcess) -> None:
    job = bench.run(text_to_image(refine=Refine(guidance_scale=0.0)))
    expected = one_process.ensemble(PROMPT, seed=7, steps=5, switch_at=0.8, refiner={"guidance_scale": 0.0})
    assert np.array_equal(bench.picture(job), expected)


def test_all_conditioning_of_a_wide_picture_reaches_base_and_refiner(bench: Bench, one_process: OneProcess) -> None:
    size = {"width": 160, "height": 96}
    conditioning = {
        "prompt_2": "an oil painting",
        "negative_prompt": "blue",
        "negative_prompt_2": "a photograph",
        "original_size": (512, 640),
        "crops_coords_top_left": (16, 32),
        "target_size": (256, 384),
        "negative_original_size": (64, 64),
        "negative_crops_coords_top_left": (8, 0),
        "negative_target_size": (128, 64),
        "guidance_scale": 6.5,
        "guidance_rescale": 0.4,
    }
    job = bench.run(text_to_image(**size, **conditioning))
    expected = one_process.ensemble(
        PROMPT, seed=7, steps=5, switch_at=0.8, base=size | conditioning, refiner=conditioning
    )
    assert expected.shape == (96, 160, 3)
    assert np.array_equal(bench.picture(job), expected)


@pytest.mark.parametrize("field", ["original_size", "crops_coords_top_left", "target_size"])
def test_each_size_condition_alone_reaches_the_base(field: str, bench: Bench, one_process: OneProcess) -> None:
    job = bench.run(text_to_image(refine=NONE, **{field: (512, 256)}))
    expected = one_process.base_image(PROMPT, seed=7, num_inference_steps=5, **{field: (512, 256)})
    assert np.array_equal(bench.picture(job), expected)
    assert not np.array_equal(expected, one_process.base_image(PROMPT, seed=7, num_inference_steps=5))
