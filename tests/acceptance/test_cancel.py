"""Cancel and deadline are true in every state, and touch no other job."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from latentrelay import ImageSource, Job, JobStatus, Refine, RefineMode, StageName, TextToImage, Variation
from latentrelay.client import Client
from latentrelay.contracts import ArtifactKind
from latentrelay.errors import ErrorCode
from latentrelay.events import EventType
from latentrelay.jobs import connect
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.acceptance.stack import Stack, png
from tests.processes import START_SECONDS, Start, until

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER
ALONE = Refine(mode=RefineMode.NONE)
LONG = {"steps": "2000", "step_seconds": "0.1"}


def ended(client: Client, job: Job, status: JobStatus) -> Job:
    done = client.wait(job.id, timeout=START_SECONDS)
    assert done.status is status
    told = [event.type for event in client.events(job.id)]
    assert [event for event in told if event.is_terminal] == told[-1:]
    return done


def until_it_runs(client: Client, job: Job) -> None:
    until(lambda: client.get(job.id).progress is not None, "it runs")


def until_nothing_is_stored(store: S3Store, job: Job) -> None:
    until(lambda: not any(list(store.under(f"{kind}/{job.id}/")) for kind in ArtifactKind), "all is gone")


def test_a_job_that_waits_is_canceled_at_once_and_never_starts(client: Client, start: Start) -> None:
    job = client.submit(TextToImage(prompt="x", refine=ALONE))
    assert client.cancel(job.id).status is JobStatus.CANCELED
    start(BASE)
    ended(client, client.submit(TextToImage(prompt="x", refine=ALONE)), JobStatus.SUCCEEDED)
    assert ended(client, job, JobStatus.CANCELED).started_at is None


def test_a_job_between_its_stages_is_canceled_and_its_latents_are_removed(
    client: Client, start: Start, store: S3Store
) -> None:
    start(BASE)
    job = client.submit(TextToImage(prompt="x"))
    until(lambda: client.get(job.id).stage is REFINER, "the base has done its part")
    assert list(store.under(f"latents/{job.id}/"))
    assert client.cancel(job.id).status is JobStatus.CANCELED
    until_nothing_is_stored(store, job)


def test_a_job_that_runs_is_canceled_and_what_it_stored_is_removed(
    client: Client, start: Start, store: S3Store
) -> None:
    start(BASE)
    job = client.submit(
        TextToImage(prompt="x", num_images_per_prompt=2, metadata={"steps": "50", "step_seconds": "0.1"})
    )
    until(lambda: bool(client.get(job.id).artifacts), "its first latents are stored")
    client.cancel(job.id)
    assert ended(client, job, JobStatus.CANCELED).images[1].ready is False
    until_nothing_is_stored(store, job)


def test_several_cancels_at_once_end_those_jobs_and_no_other(client: Client, start: Start) -> None:
    for _ in range(3):
        start(BASE)
    jobs = [client.submit(TextToImage(prompt="x", refine=ALONE, metadata=LONG)) for _ in range(2)]
    other = client.submit(TextToImage(prompt="x", refine=ALONE, metadata={"steps": "30", "step_seconds": "0.1"}))
    for job in (*jobs, other):
        until_it_runs(client, job)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(client.cancel, [job.id for job in jobs] * 4))
    for job in jobs:
        ended(client, job, JobStatus.CANCELED)
    ended(client, other, JobStatus.SUCCEEDED)


def test_a_job_whose_worker_was_killed_is_canceled_all_the_same(client: Client, start: Start) -> None:
    worker = start(BASE)
    job = client.submit(TextToImage(prompt="x", refine=ALONE, metadata=LONG))
    until_it_runs(client, job)
    os.killpg(worker.pid, signal.SIGKILL)
    client.cancel(job.id)
    start(BASE)
    ended(client, job, JobStatus.CANCELED)


def test_a_job_past_its_deadline_expires_before_it_starts(client: Client, start: Start, settings: Settings) -> None:
    job = client.submit(TextToImage(prompt="x", deadline=datetime.now(UTC) + timedelta(hours=1)))
    pass_deadline(settings, job)
    start(BASE)
    done = ended(client, job, JobStatus.EXPIRED)
    assert (done.started_at, done.error and done.error.code) == (None, ErrorCode.DEADLINE_EXCEEDED)


def test_a_job_that_runs_past_its_deadline_is_stopped(client: Client, start: Start, settings: Settings) -> None:
    start(BASE)
    later = datetime.now(UTC) + timedelta(hours=1)
    job = client.submit(TextToImage(prompt="x", deadline=later, metadata=LONG))
    until_it_runs(client, job)
    pass_deadline(settings, job)
    done = ended(client, job, JobStatus.FAILED)
    assert done.error is not None
    assert done.error.code is ErrorCode.DEADLINE_EXCEEDED


def pass_deadline(settings: Settings, job: Job) -> None:
    """Let the deadline lie in the past; waiting for one to come would race with the machine."""
    redis = connect(settings)
    redis.hset(f"latentrelay:job:{job.id}", "deadline", 1)
    redis.zadd("latentrelay:deadlines", {job.id: 1})


@pytest.mark.parametrize("stage", [StageName.SDXL_BASE, StageName.UNCLIP_VARIATION])
def test_a_real_pipeline_stops_within_one_denoise_step(bare_stack: Stack, stage: StageName) -> None:
    bare_stack.start(stage)
    if stage is StageName.UNCLIP_VARIATION:
        upload = bare_stack.client.upload(png(np.full((64, 64, 3), 128, np.uint8)))
        job = bare_stack.client.submit(Variation(image=ImageSource(upload_id=upload), num_inference_steps=150))
    else:
        job = bare_stack.client.submit(TextToImage(prompt="x", num_inference_steps=150, refine=ALONE))
    until_it_runs(bare_stack.client, job)
    bare_stack.client.cancel(job.id)
    ended(bare_stack.client, job, JobStatus.CANCELED)
    told = [event.type for event in bare_stack.client.events(job.id)]
    after = told[told.index(EventType.CANCEL_REQUESTED) + 1 :]
    assert after.count(EventType.PROGRESS) <= 1
    assert after[-1] is EventType.CANCELED
