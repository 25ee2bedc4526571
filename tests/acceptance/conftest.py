"""Workers shared by a module's tests, since each loads torch for seconds; and workers of a test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import torch

from latentrelay.client import Client
from latentrelay.contracts import StageName
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.acceptance.stack import Stack
from tests.conftest import connected
from tests.faithful.one_process import OneProcess
from tests.processes import WorkerProcesses
from tests.receivers import Receiver, receiving
from tests.senders import Senders


@pytest.fixture(scope="module")
def one_process(small_models: Path) -> OneProcess:
    torch.set_num_threads(1)  # as the workers
    return OneProcess(small_models)


@pytest.fixture(scope="module")
def stack(
    valkey: Valkey, seaweed: Seaweed, small_models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """All three workers."""
    with redis.Redis.from_url(valkey.url) as server:
        server.flushall()
    settings = connected(valkey, seaweed)
    S3Store.connect(settings).ensure_bucket()
    processes = WorkerProcesses(settings, tmp_path_factory.mktemp("workers"))
    stack = Stack(settings, processes, Client.connect(settings), small_models)
    for stage in StageName:
        stack.start(stage)
    yield stack
    stack.client.close()
    processes.kill()


@pytest.fixture
def bare_stack(settings: Settings, processes: WorkerProcesses, client: Client, small_models: Path) -> Stack:
    """No worker yet: the test starts and stops its own."""
    return Stack(settings, processes, client, small_models)


@pytest.fixture
def senders(settings: Settings, tmp_path: Path) -> Iterator[Senders]:
    senders = Senders(settings, tmp_path)
    yield senders
    senders.kill()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
