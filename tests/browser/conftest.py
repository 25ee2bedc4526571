"""A browser, and a gateway for it to look at."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.browser.opened import opened
from tests.gateway.serving import served


@pytest.fixture
def url(settings: Settings, store: S3Store) -> Iterator[str]:  # noqa: ARG001  # the bucket must be there
    with served(settings) as url:
        yield url


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    with opened(tmp_path) as browser:
        yield browser
