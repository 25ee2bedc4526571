"""The real servers that tests run on, and the small models. One of each per session, started when first asked for."""

import fcntl
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import settings as hypothesis_settings
from pydantic import SecretStr

from latentrelay.client import Client
from latentrelay.contracts import StageName
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.processes import Start, Worker, WorkerProcesses
from tests.sentinels import Sentinels

ROOT = Path(__file__).parent.parent

hypothesis_settings.register_profile("untimed", deadline=None)  # no test asserts an absolute time
hypothesis_settings.load_profile("untimed")

# what a .env beside the code says is for who runs the stack here, not for its tests
Settings.model_config["env_file"] = None

# whoever runs the tests in the background has these ignored, by the processes that they start too
for _asked, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_asked) is signal.SIG_IGN:
        signal.signal(_asked, _usual)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    server = Seaweed(tmp_path_factory.mktemp("seaweed"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def settings(valkey: Valkey, seaweed: Seaweed) -> Settings:
    """Connected to both servers: an empty database, and a bucket of this test's own (made by whoever needs it)."""
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    return connected(valkey, seaweed)


def connected(valkey: Valkey | Sentinels, seaweed: Seaweed) -> Settings:
    """Settings that lead to both servers, with a bucket of their own."""
    return Settings(
        redis_url=SecretStr(valkey.url),
        s3_endpoint=seaweed.endpoint,
        s3_access_key=seaweed.access_key,
        s3_secret_key=SecretStr(seaweed.secret_key),
        s3_bucket=f"test-{uuid.uuid4().hex[:12]}",
    )


@pytest.fixture(scope="session")
def small_models() -> Path:
    """The folder that holds sdxl_base, sdxl_refiner and unclip; made once per clone, a few seconds."""
    folder = ROOT / "models" / "small"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:  # two test runs may begin at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([sys.executable, "-m", "infra.models", str(folder)], cwd=ROOT, check=True)
    return folder


@pytest.fixture
def store(settings: Settings) -> S3Store:
    store = S3Store.connect(settings)
    store.ensure_bucket()
    return store


@pytest.fixture
def client(settings: Settings, store: S3Store) -> Iterator[Client]:  # noqa: ARG001  # the bucket must be there
    client = Client.connect(settings)
    yield client
    client.close()


@pytest.fixture
def processes(settings: Settings, tmp_path: Path) -> Iterator[WorkerProcesses]:
    processes = WorkerProcesses(settings, tmp_path)
    yield processes
    processes.kill()


@pytest.fixture
def start(processes: WorkerProcesses) -> Start:
    """Starts an echo worker of a stage."""

    def begin(stage: StageName, **environment: str) -> Worker:
        return processes.start("tests.echo.worker", stage, ECHO_STAGE=stage, **environment)

    return begin
