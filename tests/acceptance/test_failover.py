"""A Redis with sentinels loses its primary under load: nothing that was accepted is lost, and nobody is restarted."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from latentrelay import Job, JobStatus, StageName, TextToImage
from latentrelay.client import Client
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.errors import StackUnavailable
from latentrelay.events import EventType
from latentrelay.settings import Settings
from tests.conftest import connected
from tests.processes import START_SECONDS, WorkerProcesses, until
from tests.sentinels import Sentinels, Server

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER


@pytest.fixture(scope="module")
def sentinels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sentinels]:
    servers = Sentinels(tmp_path_factory.mktemp("sentinels"))
    servers.start()
    yield servers
    servers.stop()


@pytest.fixture
def settings(sentinels: Sentinels, seaweed: Seaweed) -> Settings:
    """Connected to an empty Redis with a replica, which must confirm what is answered."""
    for server in sentinels.servers:  # whatever an earlier test left paused
        server.resume()
    sentinels.await_replica()
    sentinels.primary.client().flushall()
    return connected(sentinels, seaweed).model_copy(update={"redis_replicas": 1})


def ask(key: str, **wish: str) -> TextToImage:
    return TextToImage(prompt="x", idempotency_key=key, metadata=wish)


def accepted(client: Client, key: str, **more: str) -> Job:
    """The job of `key`, asked for until it is accepted."""
    answers: list[Job] = []

    def asked() -> bool:
        try:
            answers.append(client.submit(ask(key, step_seconds="0.1", **more)))
        except StackUnavailable:
            return False
        return True

    until(asked, f"{key} is accepted")
    return answers[0]


def killed(sentinels: Sentinels, primary: Server) -> Callable[[], None]:
    primary.child.kill()
    return lambda: sentinels.rejoin(primary)


def hung(_: Sentinels, primary: Server) -> Callable[[], None]:
    primary.pause()
    return primary.resume  # as a primary, until the sentinels tell it otherwise


@pytest.mark.parametrize("lost", [killed, hung])
def test_a_primary_lost_under_load_loses_no_accepted_job_and_everybody_goes_on(
    lost: Callable[[Sentinels, Server], Callable[[], None]],
    sentinels: Sentinels,
    client: Client,
    processes: WorkerProcesses,
) -> None:
    for stage in (BASE, BASE, REFINER):
        processes.start("tests.echo.worker", stage, ECHO_STAGE=stage, LATENTRELAY_REDIS_REPLICAS="1")
    jobs = [accepted(client, f"before-{number}") for number in range(12)]
    until(lambda: client.get(jobs[1].id).status is JobStatus.SUCCEEDED, "the workers are at work")
    with ThreadPoolExecutor() as watchers:
        watched = [watchers.submit(client.wait, job.id, START_SECONDS) for job in jobs[-3:]]
        first = sentinels.primary
        come_back = lost(sentinels, first)
        until(lambda: sentinels.primary is not first, "the replica is the primary")
        come_back()
        jobs += [accepted(client, f"after-{number}") for number in range(4)]
        assert {watching.result().status for watching in watched} == {JobStatus.SUCCEEDED}
    for job in jobs:
        done = client.wait(job.id, timeout=START_SECONDS)
        assert done.status is JobStatus.SUCCEEDED, done.error
        assert [event.type for event in client.events(job.id)].count(EventType.SUCCEEDED) == 1
        assert client.download(job.id)
    assert len(client.list(limit=250).jobs) == len(jobs)


def test_what_no_replica_confirms_is_not_answered_as_done_and_repeated_it_is_not_doubled(
    sentinels: Sentinels, settings: Settings, client: Client
) -> None:
    sentinels.replica.pause()
    request = ask("once")
    for someone in (client, Client.connect(settings)):  # the second finds the record: to read it is not to have it
        with pytest.raises(StackUnavailable, match="0 of 1 replicas confirmed"):
            someone.submit(request)
    sentinels.replica.resume()
    job = accepted(client, "other")
    sentinels.replica.pause()
    with pytest.raises(StackUnavailable, match="0 of 1 replicas confirmed"):
        client.cancel(job.id)
    sentinels.replica.resume()
    sentinels.await_replica()
    assert client.cancel(job.id).status is JobStatus.CANCELED
    assert client.submit(request).id == client.submit(request).id
    assert len(client.list().jobs) == 2


def test_a_worker_waits_for_a_replica_to_confirm_its_commit_until_it_is_told_to_end(
    sentinels: Sentinels, client: Client, processes: WorkerProcesses
) -> None:
    settings = {"ECHO_STAGE": BASE, "LATENTRELAY_REDIS_REPLICAS": "1", "LATENTRELAY_DRAIN_SECONDS": "1"}
    worker = processes.start("tests.echo.worker", BASE, **settings)
    jobs = [accepted(client, str(number), steps="50") for number in range(2)]
    until(lambda: client.get(jobs[0].id).progress is not None, "it runs: its claim is confirmed")
    sentinels.replica.pause()
    until(lambda: client.get(jobs[0].id).stage is REFINER, "its commit reached the primary")
    until(lambda: "0 of 1 replicas confirmed" in processes.logs(), "it waits")
    assert client.get(jobs[1].id).status is JobStatus.QUEUED
    worker.terminate()
    assert worker.wait(START_SECONDS) == 0
