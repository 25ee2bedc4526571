"""Where Redis is, and how everybody comes back to it."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from latentrelay import JobStatus, Refine, RefineMode, StageName, TextToImage
from latentrelay.celery_app import make_app
from latentrelay.client import Client
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.errors import StackUnavailable
from latentrelay.jobs import connect
from latentrelay.jobs.sentinel_url import SentinelUrl, read_sentinel_url
from latentrelay.settings import Settings
from latentrelay.stack import locate
from latentrelay.storage import S3Store
from tests.conftest import connected
from tests.processes import START_SECONDS, WorkerProcesses, until
from tests.sentinels import Sentinels

BASE = StageName.SDXL_BASE


@pytest.fixture(scope="module")
def sentinels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sentinels]:
    servers = Sentinels(tmp_path_factory.mktemp("sentinels"))
    servers.start()
    yield servers
    servers.stop()


@pytest.fixture
def failing_over(sentinels: Sentinels, seaweed: Seaweed) -> Settings:
    """Connected to a Redis with sentinels, emptied."""
    sentinels.primary.client().flushall()
    settings = connected(sentinels, seaweed)
    S3Store.connect(settings).ensure_bucket()
    return settings


def done(client: Client) -> JobStatus:
    job = client.submit(TextToImage(prompt="x", refine=Refine(mode=RefineMode.NONE)))
    return client.wait(job.id, timeout=START_SECONDS).status


def test_a_url_of_sentinels_names_them_the_primary_and_both_logins() -> None:
    assert read_sentinel_url("sentinel://a/relay") == SentinelUrl(name="relay", sentinels=(("a", 26379),))
    whole = "sentinel://me:p%40ss@a.b:1,[::1]:2,c/relay/3?sentinel_username=you&sentinel_password=s%26cret"
    assert read_sentinel_url(whole) == SentinelUrl(
        name="relay",
        sentinels=(("a.b", 1), ("::1", 2), ("c", 26379)),
        db=3,
        username="me",
        password="p@ss",
        sentinel_username="you",
        sentinel_password="s&cret",
    )
    assert "s" not in {read_sentinel_url(whole).password, read_sentinel_url(whole).sentinel_password}
    assert "cret" not in repr(read_sentinel_url(whole))
    assert "p@ss" not in repr(read_sentinel_url(whole))


@pytest.mark.parametrize(
    "url",
    [
        "sentinel://:secret@",
        "sentinel://:secret@a",
        "sentinel://:secret@a/",
        "sentinel://:secret@a:port/name",
        "sentinel://:secret@a:0/name",
        "sentinel://:secret@a:65536/name",
        "sentinel://:secret@a,,b/name",
        "sentinel://:secret@[a/name",
        "sentinel://:secret@a/name/db",
        "sentinel://:secret@a/name?password=secret",
        "sentinel://:secret@a/name?secret",
        "sentinel://:sec/ret@a/name",
        "sentinel://:sec#ret@a/name",
        "redis://:secret@a:port/0",
        "secret",
    ],
)
def test_an_address_that_cannot_be_read_is_told_without_repeating_it(url: str) -> None:
    settings = Settings(redis_url=SecretStr(url), s3_endpoint="http://x")
    for door in (connect, locate):
        with pytest.raises(StackUnavailable, match="LATENTRELAY_REDIS_URL is no URL of") as told:
            door(settings)
        assert "sec" not in str(told.value)
        assert told.value.__cause__ is None


def test_a_client_of_sentinels_writes_to_the_primary_and_again_after_a_failover(
    sentinels: Sentinels, failing_over: Settings
) -> None:
    redis, first = connect(failing_over), sentinels.primary
    redis.set("x", "before")
    assert first.client().get("x") == "before"
    first.pause()
    until(lambda: sentinels.primary is not first, "the replica is the primary")
    redis.set("x", "after")  # on a connection to the old one, which must not be made again to where it led
    assert sentinels.primary.client().get("x") == "after"
    first.resume()


def test_sentinels_that_do_not_answer_are_told_as_a_redis_that_does_not(failing_over: Settings) -> None:
    nobody = SecretStr("sentinel://:secret@127.0.0.1:1,127.0.0.1:2/relay")
    with pytest.raises(StackUnavailable, match="Redis does not answer"):
        Client.connect(failing_over.model_copy(update={"redis_url": nobody}))


def test_a_worker_reads_its_queue_through_sentinels_and_buries_what_nobody_can_read(
    failing_over: Settings, processes_there: WorkerProcesses
) -> None:
    processes_there.start("tests.echo.worker", BASE, ECHO_STAGE=BASE)
    client, redis = Client.connect(failing_over), connect(failing_over)
    redis.lpush(BASE, "no JSON", '{"body": 1}')
    assert done(client) is JobStatus.SUCCEEDED
    until(lambda: len(client.dead_letters()) == 2, "both are buried")


@pytest.mark.parametrize("kind", ["pubsub", "normal"])
def test_a_worker_whose_connections_are_dropped_reads_its_queue_again(
    kind: str, client: Client, settings: Settings, processes: WorkerProcesses
) -> None:
    """The subscriptions' alone were enough to stop kombu's consumer for ever."""
    processes.start("tests.echo.worker", BASE, ECHO_STAGE=BASE)
    assert done(client) is JobStatus.SUCCEEDED
    assert connect(settings).execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
    assert done(client) is JobStatus.SUCCEEDED


def test_a_worker_tries_to_connect_again_every_few_seconds_with_jitter(settings: Settings) -> None:
    class EnoughError(Exception):
        """Seen enough."""

    def waits() -> list[float]:
        seen: list[float] = []

        def note(_: Exception, seconds: float) -> None:
            seen.append(seconds)
            if len(seen) == 2:
                raise EnoughError

        nobody = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
        with pytest.raises(EnoughError):
            make_app(nobody).connection_for_read().ensure_connection(note)
        return seen

    first, second = waits(), waits()
    assert 0 < max(*first, *second) <= 2
    assert first != second


@pytest.fixture
def processes_there(failing_over: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcesses]:
    """Workers of the Redis with sentinels."""
    processes = WorkerProcesses(failing_over, tmp_path_factory.mktemp("workers"))
    yield processes
    processes.kill()
