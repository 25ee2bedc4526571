"""Where a gateway is, and who asks it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from latentrelay.errors import InvalidRequest, Unauthorized
from latentrelay.http import HttpClient
from latentrelay.http.address import Address


def test_what_is_not_given_is_read_from_the_environment(tmp_path: Path) -> None:
    code = (
        "from latentrelay.http.address import Address;"
        "told = [Address.configured(*given) for given in ((None, None), ('http://x', None), (None, ''))];"
        "print([(address.url, address.api_key) for address in told])"
    )
    environment = {**os.environ, "LATENTRELAY_URL": "http://gateway:1", "LATENTRELAY_API_KEY": "lr_a_b"}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    expected = [("http://gateway:1", "lr_a_b"), ("http://x", "lr_a_b"), ("http://gateway:1", None)]
    assert told.stdout.strip() == str(expected)


@pytest.mark.parametrize("url", ["", "localhost:8000", "redis://localhost", "gateway"])
def test_a_url_that_leads_to_no_gateway_is_refused_at_once(url: str) -> None:
    with pytest.raises(InvalidRequest, match="base_url: must be like"):
        Address.configured(url, "")


def test_the_end_of_a_line_is_no_part_of_a_key() -> None:
    assert Address.configured("http://x", "lr_a_b\n").api_key == "lr_a_b"


@pytest.mark.parametrize("key", ["lr_a_sécret", "lr_a\nsecret", "lr_a\0secret"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(Unauthorized) as raised:
        HttpClient("http://127.0.0.1:1", key)
    assert "cret" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://gateway", "http://gateway/", "http://gateway/v1", "http://gateway/v1/"])
def test_the_url_that_other_clients_want_leads_here_too(url: str) -> None:
    assert Address.configured(url, "").url == "http://gateway"
