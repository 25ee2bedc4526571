"""Starting `up`; what was started is ended."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from latentrelay.settings import Settings
from tests.integration.up_process import WORKS, Starter, Up, unconfigured
from tests.integration.webhook_bench import KEY, Bench


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Starter]:
    """Start `up` with servers of its own."""
    started: list[Up] = []

    def start(stages: str = "sdxl_base", worker: str = WORKS, grace: float = 60, **changes: str) -> Up:
        started.append(Up(tmp_path / "data", unconfigured() | changes, stages, worker, grace))
        return started[-1]

    yield start
    for up in started:
        up.process.terminate()
        up.ends()


@pytest.fixture
def connected(settings: Settings, tmp_path: Path) -> Iterator[Starter]:
    """Start `up` on configured servers."""
    assert settings.redis_url is not None
    environment = os.environ | {
        "LATENTRELAY_REDIS_URL": settings.redis_url.get_secret_value(),
        "LATENTRELAY_S3_ENDPOINT": str(settings.s3_endpoint),
        "LATENTRELAY_S3_ACCESS_KEY": settings.s3_access_key,
        "LATENTRELAY_S3_SECRET_KEY": settings.s3_secret_key.get_secret_value(),
        "LATENTRELAY_S3_BUCKET": settings.s3_bucket,
    }
    started: list[Up] = []

    def start(stages: str = "sdxl_base", worker: str = WORKS, grace: float = 60, **changes: str) -> Up:
        started.append(Up(tmp_path / "data", environment | changes, stages, worker, grace))
        return started[-1]

    yield start
    for up in started:
        up.process.terminate()
        up.ends()


@pytest.fixture
def bench(settings: Settings) -> Bench:
    """Webhooks without a process that sends them."""
    return Bench.of(settings.model_copy(update={"webhook_key": KEY}))
