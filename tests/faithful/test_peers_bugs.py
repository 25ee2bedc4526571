"""What others got wrong at the handoff: each wrong picture is drawn here too, to show that ours is not it."""

import numpy as np
import torch

from latentrelay.contracts import Refine, RefineMode, Scheduler
from tests.faithful.one_process import OneProcess, generator
from tests.faithful.running import PROMPT, Bench, text_to_image

SWITCH = {"seed": 7, "steps": 5, "switch_at": 0.8}


def test_the_refiner_does_not_add_noise_to_half_done_latents(bench: Bench, one_process: OneProcess) -> None:
    picture = bench.picture(bench.run(text_to_image()))
    one_process.schedule(Scheduler.EULER)
    half_done = one_process.base_latents(PROMPT, seed=7, num_inference_steps=5, denoising_end=0.8)
    noised_again = one_process.refiner(
        PROMPT, image=torch.from_numpy(half_done), num_inference_steps=5, generator=generator(7)
    ).images[0]
    assert np.array_equal(picture, one_process.ensemble(PROMPT, **SWITCH))
    assert not np.array_equal(picture, np.asarray(noised_again))


def test_the_negative_prompt_of_the_job_reaches_the_refiner(bench: Bench, one_process: OneProcess) -> None:
    picture = bench.picture(bench.run(text_to_image(negative_prompt="blue")))
    negative = {"negative_prompt": "blue"}
    assert np.array_equal(picture, one_process.ensemble(PROMPT, **SWITCH, base=negative, refiner=negative))
    assert not np.array_equal(picture, one_process.ensemble(PROMPT, **SWITCH, base=negative))


def test_the_guidance_of_the_job_reaches_the_refiner(bench: Bench, one_process: OneProcess) -> None:
    picture = bench.picture(bench.run(text_to_image(guidance_scale=9.0)))
    guidance = {"guidance_scale": 9.0}
    assert np.array_equal(picture, one_process.ensemble(PROMPT, **SWITCH, base=guidance, refiner=guidance))
    assert not np.array_equal(picture, one_process.ensemble(PROMPT, **SWITCH, base=guidance))


def test_the_scheduler_of_the_job_reaches_the_refiner(bench: Bench, one_process: OneProcess) -> None:
    refine = Refine(mode=RefineMode.IMG2IMG, strength=0.7, num_inference_steps=6)
    picture = bench.picture(bench.run(text_to_image(scheduler=Scheduler.DDIM, refine=refine)))
    again = {"strength": 0.7, "num_inference_steps": 6}
    base = {"num_inference_steps": 5}
    right = one_process.img2img(PROMPT, seed=7, scheduler=Scheduler.DDIM, base=base, refiner=again)
    latents = one_process.base_latents(PROMPT, seed=7, scheduler=Scheduler.DDIM, num_inference_steps=5)
    one_process.schedule(None)
    wrong = one_process.refiner(PROMPT, image=torch.from_numpy(latents), generator=generator(7), **again).images[0]
    assert np.array_equal(picture, right)
    assert not np.array_equal(picture, np.asarray(wrong))


def test_one_generator_does_not_run_through_both_stages_of_an_img2img_relay(
    bench: Bench, one_process: OneProcess
) -> None:
    refine = Refine(mode=RefineMode.IMG2IMG, strength=0.7, num_inference_steps=6)
    picture = bench.picture(bench.run(text_to_image(refine=refine)))
    again = {"strength": 0.7, "num_inference_steps": 6}
    one_process.schedule(Scheduler.EULER)
    one = generator(7)
    latents = one_process.base(PROMPT, num_inference_steps=5, output_type="latent", generator=one).images
    wrong = one_process.refiner(PROMPT, image=latents, generator=one, **again).images[0]
    right = one_process.img2img(PROMPT, seed=7, base={"num_inference_steps": 5}, refiner=again)
    assert np.array_equal(picture, right)
    assert not np.array_equal(picture, np.asarray(wrong))


def test_the_refiners_size_conditioning_follows_the_picture(bench: Bench, one_process: OneProcess) -> None:
    size = {"width": 160, "height": 96}
    picture = bench.picture(bench.run(text_to_image(**size)))
    stuck = {"original_size": (1024, 1024), "target_size": (1024, 1024)}
    assert np.array_equal(picture, one_process.ensemble(PROMPT, **SWITCH, base=size))
    assert not np.array_equal(picture, one_process.ensemble(PROMPT, **SWITCH, base=size, refiner=stuck))


def test_seeds_are_drawn_and_used_beyond_16_bits(bench: Bench, one_process: OneProcess) -> None:
    none = Refine(mode=RefineMode.NONE)
    drawn = [text_to_image(seed=None).with_seed().seed_of(0) for _ in range(32)]
    assert max(drawn) > 2**40
    large = 7 + 2**16
    picture = bench.picture(bench.run(text_to_image(seed=large, refine=none)))
    assert np.array_equal(picture, one_process.base_image(PROMPT, seed=large, num_inference_steps=5))
    assert not np.array_equal(picture, one_process.base_image(PROMPT, seed=7, num_inference_steps=5))
