"""OpenAI's own client of a gateway, in front of a stack with an echo worker of each stage; a module shares it all."""

from collections.abc import Iterator

import pytest
import redis
from openai import OpenAI

from latentrelay.client import Client
from latentrelay.contracts import StageName
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.conftest import connected
from tests.gateway.serving import served
from tests.processes import WorkerProcesses


@pytest.fixture(scope="module")
def settings(valkey: Valkey, seaweed: Seaweed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Of a stack with an echo worker of each stage."""
    with redis.Redis.from_url(valkey.url) as server:
        server.flushall()
    settings = connected(valkey, seaweed)
    S3Store.connect(settings).ensure_bucket()
    processes = WorkerProcesses(settings, tmp_path_factory.mktemp("workers"))
    for stage in StageName:
        processes.start("tests.echo.worker", stage, ECHO_STAGE=stage)
    yield settings
    processes.kill()


@pytest.fixture(scope="module")
def store(settings: Settings) -> S3Store:
    return S3Store.connect(settings)


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[Client]:
    client = Client.connect(settings)
    yield client
    client.close()


@pytest.fixture(scope="module")
def url(settings: Settings) -> Iterator[str]:
    with served(settings) as url:
        yield url


@pytest.fixture(scope="module")
def ai(url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as ai:
        yield ai
