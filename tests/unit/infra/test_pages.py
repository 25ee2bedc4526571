"""What is generated from the code is current."""

from pathlib import Path

import pytest

from infra.pages.__main__ import PAGES

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_generated_page_is_current(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "run `make pages`"
