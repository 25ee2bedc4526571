"""The main job through real processes: three stage workers on small models, real Redis, real store."""

import numpy as np

from latentrelay import (
    ImageSource,
    JobImage,
    JobStatus,
    Refine,
    Refinement,
    RefineMode,
    RelayOutput,
    Role,
    StageName,
    TextToImage,
    Variation,
)
from latentrelay.contracts import Continue
from latentrelay.errors import ErrorCode
from latentrelay.jobs import connect
from tests.acceptance.stack import Stack, png
from tests.faithful.one_process import OneProcess

PROMPT = "a lighthouse on a cliff at dawn"


def test_text_becomes_the_image_that_one_process_draws_and_its_variations(
    stack: Stack, one_process: OneProcess
) -> None:
    ask = TextToImage(prompt=PROMPT, seed=7, num_inference_steps=8, output=RelayOutput(keep_base=True))
    relay = stack.succeeded(ask)
    refined, base = stack.pixels(relay), stack.pixels(relay, role=Role.BASE)
    np.testing.assert_array_equal(refined, one_process.ensemble(PROMPT, seed=7, steps=8, switch_at=0.8))
    np.testing.assert_array_equal(base, one_process.base_image(PROMPT, seed=7, num_inference_steps=8))
    assert not np.array_equal(base, refined)
    assert [timing.stage for timing in relay.metrics.stages] == [StageName.SDXL_BASE, StageName.SDXL_REFINER]

    image = ImageSource(job=JobImage(job_id=relay.id))
    varied = stack.succeeded(
        Variation(image=image, prompt=PROMPT, seed=3, num_inference_steps=4, num_images_per_prompt=2)
    )
    for index in range(2):
        expected = one_process.varied(refined, seed=3 + index, prompt=PROMPT, num_inference_steps=4)
        np.testing.assert_array_equal(stack.pixels(varied, index), expected)


def test_one_base_is_refined_many_times_and_never_drawn_again(stack: Stack) -> None:
    relay = stack.succeeded(TextToImage(prompt=PROMPT, seed=7, num_inference_steps=6))
    latents = JobImage(job_id=relay.id)
    same = stack.succeeded(Refinement(prompt=PROMPT, latents=latents, seed=7))
    other = stack.succeeded(Refinement(prompt=PROMPT, latents=latents, seed=7, refine=Continue(guidance_scale=1.5)))
    np.testing.assert_array_equal(stack.pixels(same), stack.pixels(relay))
    assert not np.array_equal(stack.pixels(other), stack.pixels(relay))
    for job in (same, other):
        assert [timing.stage for timing in job.metrics.stages] == [StageName.SDXL_REFINER]


def test_an_image_is_refined_as_one_process_does(stack: Stack, one_process: OneProcess) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    image = ImageSource(upload_id=stack.client.upload(png(picture)))
    refine = Continue(strength=0.5, num_inference_steps=6)
    job = stack.succeeded(Refinement(prompt=PROMPT, image=image, seed=1, refine=refine))
    expected = one_process.refined(PROMPT, picture, seed=1, strength=0.5, num_inference_steps=6)
    np.testing.assert_array_equal(stack.pixels(job), expected)


def test_redis_holds_no_pixels_and_no_events_with_a_prompt(stack: Stack) -> None:
    stack.succeeded(TextToImage(prompt=PROMPT, num_inference_steps=4, refine=Refine(mode=RefineMode.NONE)))
    redis = connect(stack.settings)
    assert max(redis.memory_usage(key) or 0 for key in redis.scan_iter("*")) < 20_000
    assert not any(PROMPT in str(redis.xrange(key)) for key in redis.scan_iter("latentrelay:events:*"))


def test_an_image_that_is_none_fails_its_job_with_a_clear_error_and_the_worker_goes_on(stack: Stack) -> None:
    broken = ImageSource(upload_id=stack.client.upload(b"no image at all"))
    done = stack.ended(Variation(image=broken))
    assert (done.status, done.error and done.error.code) == (JobStatus.FAILED, ErrorCode.INPUT_UNDECODABLE)
    image = ImageSource(upload_id=stack.client.upload(png(np.full((64, 64, 3), 200, np.uint8))))
    stack.succeeded(Variation(image=image, num_inference_steps=2))


def test_no_log_of_a_worker_repeats_a_prompt(stack: Stack) -> None:
    longer_than_clip_reads = PROMPT + " and" * 200
    job = stack.succeeded(TextToImage(prompt=longer_than_clip_reads, num_inference_steps=4))
    logs = stack.processes.logs()
    assert job.id in logs
    assert "and and" not in logs
    assert "lighthouse" not in logs
