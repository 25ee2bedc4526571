"""Redis or the store away while jobs run, in real processes: what was computed is held, and every job ends once."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.faults.proxy import Proxy
from latentrelay import Job, JobStatus, Refine, StageName, TextToImage
from latentrelay.client import Client
from latentrelay.contracts import WorkerState
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.jobs import connect
from latentrelay.settings import Settings
from tests.conftest import connected
from tests.processes import START_SECONDS, Worker, WorkerProcesses, until

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER
LEASE_SECONDS = 3  # of `processes.address`
LONGER_THAN_A_LEASE = 8.0
CELERY_HEARTBEAT_SECONDS = 2

Break = Callable[[Proxy], None]
STORE_OUTAGES: dict[str, Break] = {
    "refuses": Proxy.refuse,
    "hangs": Proxy.hang,
    "answers 500": lambda proxy: proxy.answer(500),
    "answers 503": lambda proxy: proxy.answer(503),
    "is full": lambda proxy: proxy.answer(507),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    """A Redis of this test's own, to be killed and started again."""
    server = Valkey(tmp_path / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def settings(server: Valkey, seaweed: Seaweed) -> Settings:
    return connected(server, seaweed)


@pytest.fixture
def store_proxy(seaweed: Seaweed) -> Iterator[Proxy]:
    with Proxy(seaweed.ports["s3"]) as proxy:
        yield proxy


@pytest.fixture
def redis_proxy(server: Valkey) -> Iterator[Proxy]:
    with Proxy(server.port) as proxy:
        yield proxy


class Lineup:
    """Echo workers, and what the test asks of them; the client is disturbed by no proxy."""

    def __init__(self, client: Client, processes: WorkerProcesses) -> None:
        self.client = client
        self.processes = processes

    def start(self, stage: StageName = BASE, **environment: str) -> Worker:
        """A worker, when it is ready."""
        others = {info.id for info in self.client.workers()}
        environment = {"ECHO_STAGE": stage, "LATENTRELAY_SWEEP_SECONDS": "60"} | environment
        worker = self.processes.start("tests.echo.worker", stage, **environment)
        until(lambda: self.ready() - others != set(), "it is ready")
        return worker

    def ready(self) -> set[str]:
        return {info.id for info in self.client.workers() if info.state is WorkerState.READY}

    def states(self) -> list[WorkerState]:
        return [info.state for info in self.client.workers()]

    def submit(self, seconds: float = 0.0, **wish: str) -> Job:
        """A job whose base takes `seconds`."""
        last = {"steps": "20", "step_seconds": str(seconds / 20)}
        return self.client.submit(TextToImage(prompt="x", refine=Refine(mode="none"), metadata=last | wish))

    def runs(self, job: Job) -> bool:
        return self.client.get(job.id).progress is not None

    def ended(self, job: Job) -> Job:
        return self.client.wait(job.id, timeout=START_SECONDS)

    def logged(self, message: str) -> int:
        return self.processes.logs().count(json.dumps({"message": message})[1:-1])


@pytest.fixture
def lineup(client: Client, processes: WorkerProcesses) -> Lineup:
    return Lineup(client, processes)


def assert_ended_once(lineup: Lineup, jobs: list[Job]) -> None:
    """All succeeded in their first attempt, each with one end and its image."""
    for job in jobs:
        done, told = lineup.ended(job), [event.type for event in lineup.client.events(job.id)]
        assert (done.status, [timing.attempt for timing in done.metrics.stages]) == (JobStatus.SUCCEEDED, [1])
        assert sum(event.is_terminal for event in told) == 1
        assert lineup.client.download(job.id)
    assert lineup.logged("stage started") == len(jobs)


@pytest.mark.parametrize("outage", STORE_OUTAGES)
def test_what_was_drawn_is_held_while_the_store_is_away_and_stored_when_it_is_back(
    lineup: Lineup, store_proxy: Proxy, outage: str
) -> None:
    lineup.start(LATENTRELAY_S3_ENDPOINT=f"http://127.0.0.1:{store_proxy.port}")
    STORE_OUTAGES[outage](store_proxy)
    job = lineup.submit()
    until(lambda: lineup.states() == [WorkerState.WAITING], "the worker says that it waits")
    assert lineup.client.workers()[0].detail
    assert lineup.logged("waiting") > 0
    assert lineup.client.get(job.id).status is JobStatus.RUNNING
    store_proxy.mend()
    assert_ended_once(lineup, [job])
    until(lambda: lineup.states() == [WorkerState.READY], "it is ready for another")


def test_latents_that_cannot_be_read_for_a_while_are_waited_for(lineup: Lineup, store_proxy: Proxy) -> None:
    lineup.start(BASE)
    lineup.start(REFINER, LATENTRELAY_S3_ENDPOINT=f"http://127.0.0.1:{store_proxy.port}")
    store_proxy.answer(503)
    job = lineup.client.submit(TextToImage(prompt="x"))
    until(lambda: WorkerState.WAITING in lineup.states(), "the refiner waits")
    store_proxy.mend()
    done = lineup.ended(job)
    assert (done.status, [timing.attempt for timing in done.metrics.stages]) == (JobStatus.SUCCEEDED, [1, 1])


def test_a_job_that_waits_for_the_store_can_be_canceled(lineup: Lineup, store_proxy: Proxy) -> None:
    lineup.start(LATENTRELAY_S3_ENDPOINT=f"http://127.0.0.1:{store_proxy.port}")
    store_proxy.refuse()
    job = lineup.submit()
    until(lambda: lineup.states() == [WorkerState.WAITING], "the worker waits")
    lineup.client.cancel(job.id)
    assert lineup.ended(job).status is JobStatus.CANCELED
    store_proxy.mend()
    assert lineup.ended(lineup.submit()).status is JobStatus.SUCCEEDED


def test_nobody_knocks_busily_at_a_store_that_is_away(lineup: Lineup, store_proxy: Proxy) -> None:
    lineup.start(LATENTRELAY_S3_ENDPOINT=f"http://127.0.0.1:{store_proxy.port}")
    store_proxy.refuse()
    lineup.submit()
    until(lambda: lineup.states() == [WorkerState.WAITING], "the worker waits")
    assert knocks(store_proxy, seconds=6.0) < 20


def test_nobody_knocks_busily_at_a_redis_that_is_away(lineup: Lineup, redis_proxy: Proxy, server: Valkey) -> None:
    url = server.url.replace(f":{server.port}/", f":{redis_proxy.port}/")
    lineup.start(LATENTRELAY_REDIS_URL=url)
    job = lineup.submit(seconds=8.0)
    until(lambda: lineup.runs(job), "it runs")
    redis_proxy.refuse()
    # a lease, its presence, and Celery's own connection, each with the few quick retries of the Redis client
    assert knocks(redis_proxy, seconds=6.0) < 100
    redis_proxy.mend()
    assert lineup.ended(job).status is JobStatus.SUCCEEDED


def until_written(settings: Settings) -> None:
    """Until all that Redis has acknowledged is on its disk: it may lose what it wrote in its last second."""
    with connect(settings) as redis, redis.client() as alone:
        alone.set("last", "word")  # what is waited for are this connection's own writes, and what came before them
        assert alone.waitaof(1, 0, 60_000)[0] == 1


def knocks(proxy: Proxy, *, seconds: float) -> int:
    """How many connections are tried in that time; a slow machine only makes it fewer."""
    before = proxy.connections
    time.sleep(seconds)
    return proxy.connections - before


@pytest.mark.parametrize("away", [0.0, LEASE_SECONDS - 0.5, LONGER_THAN_A_LEASE])
def test_jobs_go_on_and_end_once_though_redis_was_killed_and_started_again(
    lineup: Lineup, server: Valkey, settings: Settings, away: float
) -> None:
    for _ in range(2):
        lineup.start()
    jobs = [lineup.submit(seconds=4.0) for _ in range(2)] + [lineup.submit() for _ in range(6)]
    until(lambda: all(lineup.runs(job) for job in jobs[:2]), "both workers have a job")
    until_written(settings)
    os.kill(server.child.pid or 0, signal.SIGKILL)
    server.child.wait(START_SECONDS)
    time.sleep(away)
    server.start()
    assert_ended_once(lineup, jobs)


def test_a_job_whose_worker_hears_nothing_from_redis_for_a_while_ends_once(
    lineup: Lineup, server: Valkey, redis_proxy: Proxy
) -> None:
    url = server.url.replace(f":{server.port}/", f":{redis_proxy.port}/")
    lineup.start(LATENTRELAY_REDIS_URL=url, LATENTRELAY_LEASE_SECONDS="20")
    jobs = [lineup.submit(seconds=4.0), lineup.submit()]
    until(lambda: lineup.runs(jobs[0]), "it runs")
    redis_proxy.hang()
    time.sleep(LONGER_THAN_A_LEASE)
    redis_proxy.mend()
    assert_ended_once(lineup, jobs)


def test_another_takes_the_job_of_a_worker_that_is_cut_off_whose_late_result_changes_nothing(
    lineup: Lineup, server: Valkey, redis_proxy: Proxy
) -> None:
    url = server.url.replace(f":{server.port}/", f":{redis_proxy.port}/")
    lineup.start(LATENTRELAY_REDIS_URL=url)
    job = lineup.submit(seconds=5.0)
    until(lambda: lineup.runs(job), "it runs")
    redis_proxy.hang()
    lineup.start()
    done = lineup.ended(job)
    assert (done.status, done.metrics.stages[0].attempt) == (JobStatus.SUCCEEDED, 2)
    before = lineup.client.download(job.id)
    redis_proxy.mend()
    until(lambda: len(lineup.ready()) == 2, "the one that was cut off is back")
    assert lineup.client.get(job.id) == done
    assert lineup.client.download(job.id) == before
    assert lineup.ended(lineup.submit()).status is JobStatus.SUCCEEDED


def test_an_idle_worker_that_is_told_to_end_ends_though_redis_is_away(
    lineup: Lineup, redis_proxy: Proxy, server: Valkey
) -> None:
    worker = lineup.start(LATENTRELAY_REDIS_URL=server.url.replace(f":{server.port}/", f":{redis_proxy.port}/"))
    redis_proxy.refuse()
    worker.terminate()
    assert worker.wait(START_SECONDS) == 0


def test_a_worker_tells_no_heartbeat_of_celerys_which_it_would_repeat_for_ever_to_a_redis_that_is_away(
    lineup: Lineup, settings: Settings
) -> None:
    lineup.start()
    with connect(settings).monitor() as watched:
        seen, ends = [], time.monotonic() + 3 * CELERY_HEARTBEAT_SECONDS
        while time.monotonic() < ends:  # its presence alone is told more often
            seen.append(watched.next_command()["command"])
    assert not [command for command in seen if "celeryev" in command]
