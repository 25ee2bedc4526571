"""The real servers that tests run on, and the small models. One of each per session, started when first asked for."""

import fcntl
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.settings import Settings

ROOT = Path(__file__).parent.parent


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
def settings(valkey: Valkey, seaweed: Seaweed, tmp_path: Path) -> Settings:
    """Connected to both servers: an empty database, and a bucket of this test's own (made by whoever needs it)."""
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    return Settings(
        redis_url=SecretStr(valkey.url),
        s3_endpoint=seaweed.endpoint,
        s3_access_key=seaweed.access_key,
        s3_secret_key=SecretStr(seaweed.secret_key),
        s3_bucket=f"test-{uuid.uuid4().hex[:12]}",
        data_dir=tmp_path / "data",
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
