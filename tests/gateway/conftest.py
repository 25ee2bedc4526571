"""A gateway in front of the test's own stack, a plain HTTP client of it, and callers with keys."""

from collections.abc import Iterator

import httpx2
import pytest

from latentrelay.access import Keys
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.gateway.asking import Enter, entering
from tests.gateway.serving import served


@pytest.fixture
def url(settings: Settings, store: S3Store) -> Iterator[str]:  # noqa: ARG001  # the bucket must be there
    with served(settings) as url:
        yield url


@pytest.fixture
def http(url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture
def keys(settings: Settings) -> Iterator[Keys]:
    keys = Keys.of(settings)
    yield keys
    keys.close()


@pytest.fixture
def enter(url: str, keys: Keys) -> Iterator[Enter]:
    with entering(url, keys) as enter:
        yield enter
