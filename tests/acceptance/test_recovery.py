"""Workers die, stop and come back, Redis forgets, the store loses: every job ends once, and nothing is drawn twice."""

import os
import signal
from pathlib import Path

import pytest

from latentrelay import Job, JobStatus, Refine, RefineMode, StageName, TextToImage
from latentrelay.client import Client
from latentrelay.contracts import ArtifactKind
from latentrelay.events import EventType
from latentrelay.jobs import Jobs, connect
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.processes import START_SECONDS, Start, WorkerProcesses, until

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER
ALONE = Refine(mode=RefineMode.NONE)


def slow(steps: int = 40, **more: str) -> dict[str, str]:
    return {"steps": str(steps), "step_seconds": "0.1", **more}


def succeeded(client: Client, job: Job) -> Job:
    done = client.wait(job.id, timeout=START_SECONDS)
    assert done.status is JobStatus.SUCCEEDED, done.error
    assert types(client, job).count(EventType.SUCCEEDED) == 1
    return done


def types(client: Client, job: Job) -> list[EventType]:
    return [event.type for event in client.events(job.id)]


def attempts(job: Job) -> list[tuple[StageName, int]]:
    """The attempt of each stage that counted."""
    return [(timing.stage, timing.attempt) for timing in job.metrics.stages]


def runs(client: Client, job: Job) -> int:
    """How often a worker took the job."""
    return sum(told in (EventType.STARTED, EventType.STAGE_STARTED) for told in types(client, job))


def until_it_runs(client: Client, job: Job) -> None:
    until(lambda: client.get(job.id).progress is not None, "it runs")


def test_a_job_whose_worker_is_killed_is_done_by_another_and_counts_once(client: Client, start: Start) -> None:
    first = start(BASE)
    job = client.submit(TextToImage(prompt="x", refine=ALONE, metadata=slow()))
    until_it_runs(client, job)
    start(BASE)
    os.killpg(first.pid, signal.SIGKILL)
    assert attempts(succeeded(client, job)) == [(BASE, 2)]


def test_a_stage_that_outlasts_the_visibility_timeout_runs_once(
    client: Client, start: Start, processes: WorkerProcesses
) -> None:
    for _ in range(2):
        start(BASE, ECHO_VISIBILITY_SECONDS="1")
    job = client.submit(TextToImage(prompt="x", refine=ALONE, metadata=slow(80)))
    until_it_runs(client, job)
    until(lambda: processes.logs().count("received") > 1, "its message is delivered again")
    assert attempts(succeeded(client, job)) == [(BASE, 1)]
    assert runs(client, job) == 1


def test_a_worker_that_was_stopped_past_its_lease_changes_nothing_when_it_goes_on(
    client: Client, start: Start, processes: WorkerProcesses
) -> None:
    stopped = start(BASE)
    job = client.submit(TextToImage(prompt="x", refine=ALONE, metadata=slow(50)))
    until_it_runs(client, job)
    os.killpg(stopped.pid, signal.SIGSTOP)
    start(BASE)
    done = succeeded(client, job)
    os.killpg(stopped.pid, signal.SIGCONT)
    until(lambda: "Another attempt holds this job" in processes.logs(), "the stopped one has learned of it")
    assert attempts(done) == [(BASE, 2)]
    assert client.get(job.id) == done


@pytest.mark.parametrize("point", ["committed", "sent", "settled"])
def test_a_worker_killed_between_commit_message_and_acknowledgement_leaves_one_correct_image(
    client: Client, start: Start, tmp_path: Path, point: str
) -> None:
    dying = start(BASE, ECHO_DIE_AT=point, ECHO_DIED=str(tmp_path / "died"))
    job = client.submit(TextToImage(prompt="x"))
    assert dying.wait(START_SECONDS) == -signal.SIGKILL
    start(REFINER)
    done = succeeded(client, job)
    assert attempts(done) == [(BASE, 1), (REFINER, 1)]
    assert client.download(job.id).decode() == f"{job.id} sdxl_refiner 0 [<StageName.SDXL_BASE: 'sdxl_base'>]"


def test_a_worker_killed_when_its_latents_are_stored_and_not_told_leaves_one_correct_image(
    client: Client, start: Start
) -> None:
    start(BASE)
    start(REFINER)
    done = succeeded(client, client.submit(TextToImage(prompt="x", metadata={"die": BASE, "die_at": "stored"})))
    assert attempts(done) == [(BASE, 2), (REFINER, 1)]
    assert len(done.made(ArtifactKind.LATENTS)) == len(done.made(ArtifactKind.IMAGE)) == 1


def test_a_refiners_death_never_runs_the_base_again(client: Client, start: Start) -> None:
    start(BASE)
    start(REFINER)
    done = succeeded(client, client.submit(TextToImage(prompt="x", metadata={"die": REFINER})))
    assert attempts(done) == [(BASE, 1), (REFINER, 2)]


def test_an_attempt_goes_on_from_the_images_that_an_earlier_one_stored(client: Client, start: Start) -> None:
    first = start(BASE)
    request = TextToImage(prompt="x", num_images_per_prompt=3, refine=ALONE, metadata=slow(50))
    job = client.submit(request)
    until(lambda: client.get(job.id).image(0) is not None, "the first image is there")
    os.killpg(first.pid, signal.SIGKILL)
    start(BASE)
    done = succeeded(client, job)
    assert [made.attempt for made in done.made(ArtifactKind.IMAGE)] == [1, 2, 2]


def test_a_stage_whose_artifacts_are_all_there_is_committed_without_drawing(client: Client, start: Start) -> None:
    start(BASE)
    start(REFINER)
    job = client.submit(TextToImage(prompt="x", metadata={"die": BASE, "die_at": "told"}))
    done = succeeded(client, job)
    assert [made.attempt for made in done.made(ArtifactKind.LATENTS)] == [1]
    assert attempts(done) == [(BASE, 2), (REFINER, 1)]


def test_jobs_run_although_redis_kept_nothing_but_their_records(
    client: Client, start: Start, settings: Settings
) -> None:
    redis = connect(settings)
    start(BASE)
    between = client.submit(TextToImage(prompt="x"))
    until(lambda: client.get(between.id).stage is REFINER, "the base has done its part")
    start(REFINER, ECHO_SETUP_SECONDS="1")
    queued = client.submit(TextToImage(prompt="x", metadata=slow(5)))
    for key in redis.scan_iter("*"):
        if not key.startswith(("latentrelay:job:", "latentrelay:events:")):
            redis.delete(key)
    for job in (between, queued):
        succeeded(client, job)


def test_a_job_whose_producer_died_before_it_sent_the_message_runs(
    client: Client, start: Start, settings: Settings
) -> None:
    request = TextToImage(prompt="x", refine=ALONE)
    job = Jobs.of(connect(settings), settings).submit("orphan", request, request.with_seed())
    start(BASE)
    assert runs(client, succeeded(client, job)) == 1


def test_latents_that_the_store_lost_are_drawn_again_once(client: Client, start: Start, store: S3Store) -> None:
    start(BASE)
    job = client.submit(TextToImage(prompt="x", num_images_per_prompt=2))
    until(lambda: client.get(job.id).stage is REFINER, "the base has done its part")
    store.delete([client.get(job.id).made(ArtifactKind.LATENTS)[1].key])
    start(REFINER)
    done = succeeded(client, job)
    assert [made.attempt for made in done.made(ArtifactKind.LATENTS)] == [1, 2]
    assert attempts(done) == [(BASE, 1), (BASE, 2), (REFINER, 2)]


def test_a_job_that_kills_every_process_is_buried_and_holds_nobody_up(client: Client, start: Start) -> None:
    start(BASE)
    poison = client.submit(TextToImage(prompt="x", refine=ALONE, metadata={"deadly": BASE}))
    good = client.submit(TextToImage(prompt="x", refine=ALONE))
    succeeded(client, good)
    done = client.wait(poison.id, timeout=START_SECONDS)
    assert (done.status, done.attempt) == (JobStatus.FAILED, 3)
    assert done.error is not None
    assert types(client, poison).count(EventType.FAILED) == 1
