"""Workers that are told to end, or that are replaced, in the midst of work: nothing is lost, doubled or counted."""

import os
import signal
from collections.abc import Callable

import pytest

from latentrelay import Job, JobStatus, Refine, RefineMode, StageName, TextToImage
from latentrelay.client import Client
from latentrelay.contracts import WorkerState
from latentrelay.events import EventType
from latentrelay.jobs import connect, keys
from latentrelay.settings import Settings
from tests.processes import START_SECONDS, Start, Worker, WorkerProcesses, until

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER


@pytest.fixture
def start(processes: WorkerProcesses) -> Start:
    """Starts an echo worker of a stage; with it, a single attempt is all a job has."""

    def begin(stage: StageName, **environment: str) -> Worker:
        told = {"ECHO_STAGE": stage, "LATENTRELAY_MAX_ATTEMPTS": "1", **environment}
        return processes.start("tests.echo.worker", stage, **told)

    return begin


def submit(client: Client, steps: int = 2, mode: RefineMode = RefineMode.NONE) -> Job:
    metadata = {"steps": str(steps), "step_seconds": "0.1"}
    return client.submit(TextToImage(prompt="x", refine=Refine(mode=mode), metadata=metadata))


def running(client: Client, steps: int) -> Job:
    job = submit(client, steps)
    until(lambda: client.get(job.id).progress is not None, "it runs")
    return job


def attempts(client: Client, job: Job) -> list[int]:
    """Those that made what the job has; it must have succeeded, once."""
    done = client.wait(job.id, timeout=START_SECONDS)
    assert done.status is JobStatus.SUCCEEDED, done.error
    assert [event.type for event in client.events(job.id)].count(EventType.SUCCEEDED) == 1
    return [timing.attempt for timing in done.metrics.stages]


def states(client: Client) -> list[WorkerState]:
    return [info.state for info in client.workers()]


def until_it_drains(client: Client) -> None:
    until(lambda: states(client) == [WorkerState.DRAINING], "it drains")


def test_sigterm_lets_the_running_job_end_and_no_new_one_begin(client: Client, start: Start) -> None:
    worker = start(BASE)
    first, second = running(client, 40), submit(client)
    worker.send_signal(signal.SIGTERM)
    until_it_drains(client)
    assert worker.wait(START_SECONDS) == 0
    assert attempts(client, first) == [1]
    assert client.get(second.id).status is JobStatus.QUEUED
    start(BASE)
    assert attempts(client, second) == [1]


def test_a_hint_that_an_ending_worker_holds_goes_back_to_its_queue(
    client: Client, start: Start, settings: Settings
) -> None:
    redis = connect(settings)
    redis.set(keys.REAPER, "this test")  # no worker's turn: a hint that the reaper sent would be one more
    worker = start(BASE)
    assert attempts(client, submit(client)) == [1]
    until(lambda: states(client) == [WorkerState.READY], "it is ready for another")
    worker.send_signal(signal.SIGSTOP)
    os.kill(client.workers()[0].pid, signal.SIGTERM)
    until_it_drains(client)
    job = submit(client)  # its hint goes to the one who waits for it
    worker.send_signal(signal.SIGCONT)
    assert worker.wait(START_SECONDS) == 0
    assert redis.llen(BASE) == 1
    assert client.get(job.id).status is JobStatus.QUEUED


def test_a_second_sigterm_hands_the_job_back_at_its_next_step_and_another_worker_ends_it(
    client: Client, start: Start
) -> None:
    worker = start(BASE)
    job = running(client, 50)
    worker.send_signal(signal.SIGTERM)
    until_it_drains(client)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(START_SECONDS) == 0
    assert client.get(job.id).status is JobStatus.QUEUED
    start(BASE)
    assert attempts(client, job) == [2]


def test_a_job_that_takes_longer_than_the_drain_may_is_handed_back(client: Client, start: Start) -> None:
    worker = start(BASE, LATENTRELAY_DRAIN_SECONDS="0.2")
    job = running(client, 50)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(START_SECONDS) == 0
    assert client.get(job.id).status is JobStatus.QUEUED
    start(BASE)
    assert attempts(client, job) == [2]


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_process_group_lets_the_running_job_end(
    client: Client, start: Start, asked: signal.Signals
) -> None:
    worker = start(BASE)
    job = running(client, 30)
    os.killpg(worker.pid, asked)
    assert worker.wait(START_SECONDS) == 0
    assert attempts(client, job) == [1]


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_to_the_process_group_hands_the_job_back(
    client: Client, start: Start, asked: signal.Signals
) -> None:
    worker = start(BASE)
    job = running(client, 50)
    os.killpg(worker.pid, asked)
    until_it_drains(client)
    os.killpg(worker.pid, asked)
    assert worker.wait(START_SECONDS) == 0
    assert client.get(job.id).status is JobStatus.QUEUED


def test_sigterm_to_the_pool_process_alone_ends_the_worker_after_its_job(client: Client, start: Start) -> None:
    worker = start(BASE)
    job = running(client, 30)
    os.kill(client.workers()[0].pid, signal.SIGTERM)
    assert worker.wait(START_SECONDS) == 0
    assert attempts(client, job) == [1]


@pytest.mark.parametrize("tell", [os.kill, os.killpg])
def test_a_worker_that_loads_its_model_ends_at_once(
    client: Client, start: Start, tell: Callable[[int, signal.Signals], None]
) -> None:
    worker = start(BASE, ECHO_SETUP_SECONDS="1000")
    until(lambda: states(client) == [WorkerState.LOADING], "it loads")
    tell(worker.pid, signal.SIGTERM)
    assert worker.wait(START_SECONDS) == 0


@pytest.mark.parametrize("steps", [0, 10_000])
def test_sigquit_ends_a_worker_at_once_with_or_without_a_job(client: Client, start: Start, steps: int) -> None:
    worker = start(BASE)
    until(lambda: states(client) == [WorkerState.READY], "it is ready")
    if steps:
        running(client, steps)
    worker.send_signal(signal.SIGQUIT)
    worker.wait(START_SECONDS)


def test_a_rolling_restart_of_all_workers_under_load_loses_and_doubles_nothing(client: Client, start: Start) -> None:
    stages = (BASE, BASE, REFINER)
    jobs: list[Job] = []
    for stage, worker in [(stage, start(stage)) for stage in stages]:
        until(lambda: states(client).count(WorkerState.LOADING) == 0 and len(states(client)) >= 3, "all are ready")
        jobs.extend(submit(client, mode=RefineMode.ENSEMBLE) for _ in range(10))
        until(lambda: has_begun(client, jobs[-10]), "they work")
        worker.send_signal(signal.SIGTERM)
        start(stage)
        assert worker.wait(START_SECONDS) == 0
    for job in jobs:
        assert attempts(client, job) == [1, 1]
        told = [event.type for event in client.events(job.id)]
        assert (told.count(EventType.STARTED), told.count(EventType.STAGE_STARTED)) == (1, 1)


def has_begun(client: Client, job: Job) -> bool:
    return client.get(job.id).status is not JobStatus.QUEUED


def test_a_process_is_replaced_after_its_jobs_though_its_model_takes_long_to_load(
    client: Client, start: Start, processes: WorkerProcesses
) -> None:
    longer_than_celery_waits = "5"
    worker = start(BASE, LATENTRELAY_RECYCLE_AFTER_JOBS="2", ECHO_SETUP_SECONDS=longer_than_celery_waits)
    jobs = [submit(client) for _ in range(6)]
    assert [attempts(client, job) for job in jobs] == [[1]] * 6
    assert loads(processes) >= 2
    assert worker.poll() is None
    assert "WorkerLost" not in processes.logs()


def test_a_process_that_has_grown_is_replaced(client: Client, start: Start, processes: WorkerProcesses) -> None:
    worker = start(BASE, LATENTRELAY_RECYCLE_AFTER_GROWTH_MB="100", ECHO_LEAK_MB="60")
    jobs = [submit(client) for _ in range(3)]
    assert [attempts(client, job) for job in jobs] == [[1]] * 3
    until(lambda: loads(processes) >= 2, "it is replaced")
    assert worker.poll() is None


def test_a_worker_whose_process_is_being_replaced_ends_without_waiting_for_the_model(
    client: Client, start: Start, processes: WorkerProcesses
) -> None:
    worker = start(BASE, LATENTRELAY_RECYCLE_AFTER_JOBS="1", ECHO_SETUP_SECONDS="5")
    assert attempts(client, submit(client)) == [1]
    until(lambda: WorkerState.LOADING in states(client), "the next process loads")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(START_SECONDS) == 0
    assert loads(processes) == 1


def loads(processes: WorkerProcesses) -> int:
    """How often a model was loaded."""
    return processes.logs().count('"message": "ready"')


def test_a_worker_that_was_stopped_for_a_while_goes_on_and_does_not_end(client: Client, start: Start) -> None:
    worker = start(BASE)
    job = running(client, steps=20)
    os.killpg(worker.pid, signal.SIGSTOP)
    told = client.get(job.id).progress
    os.killpg(worker.pid, signal.SIGCONT)
    until(lambda: client.get(job.id).progress != told, "it goes on")
    assert attempts(client, job) == [1]
    assert attempts(client, submit(client)) == [1]
    assert worker.poll() is None
