"""Workers that are not fit to go on take themselves out; the others do all the jobs."""

import signal

import pytest

from latentrelay import Job, JobStatus, Refine, RefineMode, StageName, TextToImage
from latentrelay.celery_app import make_app
from latentrelay.client import Client
from latentrelay.contracts import WorkerState
from latentrelay.settings import Settings
from tests.processes import START_SECONDS, Start, Worker, WorkerProcesses, until

BASE = StageName.SDXL_BASE


@pytest.fixture
def start(processes: WorkerProcesses) -> Start:
    """Starts an echo worker of the base."""

    def begin(**environment: str) -> Worker:
        return processes.start("tests.echo.worker", BASE, ECHO_STAGE=BASE, **environment)

    return begin


def submit(client: Client, **wish: str) -> Job:
    return client.submit(TextToImage(prompt="x", refine=Refine(mode=RefineMode.NONE), metadata=wish))


def status(client: Client, job: Job) -> JobStatus:
    return client.wait(job.id, timeout=START_SECONDS).status


def until_ready(client: Client, count: int = 1) -> None:
    until(lambda: [info.state for info in client.workers()].count(WorkerState.READY) == count, "they are ready")


def test_a_worker_whose_device_is_broken_gives_its_job_to_others_and_takes_itself_out(
    client: Client, start: Start
) -> None:
    broken = start(ECHO_BROKEN="device")
    until_ready(client)
    job = submit(client)
    assert broken.wait(START_SECONDS) == 70
    assert client.get(job.id).status is JobStatus.QUEUED
    assert [(info.state, info.detail) for info in client.workers()] == [
        (WorkerState.FAILED, "The device of this worker no longer computes.")
    ]
    start()
    assert status(client, job) is JobStatus.SUCCEEDED


def test_a_job_that_breaks_every_device_is_buried_after_three_attempts(client: Client, start: Start) -> None:
    job = submit(client)
    for _ in range(3):
        assert start(ECHO_BROKEN="device").wait(START_SECONDS) == 70
    assert status(client, job) is JobStatus.FAILED
    assert client.dead_letters()[0].job_id == job.id


def test_a_process_whose_stage_hangs_is_replaced_and_its_job_tried_again(client: Client, start: Start) -> None:
    start(LATENTRELAY_STALL_SECONDS="5")
    job = submit(client, hang=StageName.SDXL_BASE)
    assert status(client, job) is JobStatus.SUCCEEDED
    assert client.get(job.id).attempt == 2


def test_a_worker_that_fails_jobs_in_a_row_while_others_succeed_takes_itself_out(client: Client, start: Start) -> None:
    bad, _ = start(ECHO_BROKEN="always", LATENTRELAY_MAX_FAILURES_IN_A_ROW="2"), start()
    until_ready(client, 2)
    jobs: list[Job] = []

    def is_out() -> bool:
        jobs.append(submit(client, step_seconds="0.1"))
        return bad.poll() is not None

    until(is_out, "it is out")
    assert bad.returncode == 70
    assert {status(client, job) for job in jobs} == {JobStatus.SUCCEEDED}


def test_a_worker_that_fails_every_job_goes_on_where_it_is_alone(client: Client, start: Start) -> None:
    alone = start(ECHO_BROKEN="always", LATENTRELAY_MAX_FAILURES_IN_A_ROW="1", LATENTRELAY_MAX_ATTEMPTS="1")
    jobs = [submit(client) for _ in range(3)]
    assert {status(client, job) for job in jobs} == {JobStatus.FAILED}
    assert alone.poll() is None
    until_ready(client)


def test_a_worker_that_is_idle_while_hints_wait_ends_with_75_to_be_started_again(
    client: Client, start: Start, settings: Settings
) -> None:
    worker = start(ECHO_STUCK_SECONDS="1")
    control = make_app(settings).control
    until(lambda: control.cancel_consumer(BASE, reply=True), "it reads its queue no longer")
    job = submit(client)
    assert worker.wait(START_SECONDS) == 75
    start()
    assert status(client, job) is JobStatus.SUCCEEDED


def test_a_worker_that_stands_still_is_killed_by_its_own_process(client: Client, start: Start) -> None:
    worker = start(ECHO_STUCK_SECONDS="1")
    until_ready(client)
    submit(client)
    worker.send_signal(signal.SIGSTOP)
    submit(client)
    assert worker.wait(START_SECONDS) == -signal.SIGKILL


def test_a_busy_worker_is_not_taken_for_a_stuck_one(client: Client, start: Start) -> None:
    worker = start(ECHO_STUCK_SECONDS="3")
    jobs = [submit(client, steps="50", step_seconds="0.1") for _ in range(2)]
    assert {status(client, job) for job in jobs} == {JobStatus.SUCCEEDED}
    assert worker.poll() is None
