"""Where no key was ever made: this machine is let in, and nobody who may be behind a page or a proxy."""

import socket
from urllib.parse import urlsplit

import httpx2
import pytest
from pydantic import SecretStr

from latentrelay.access import Keys
from latentrelay.jobs import connect
from latentrelay.settings import Settings
from tests.gateway.asking import ASK, BOTH, asking
from tests.gateway.serving import served


def test_on_this_machine_the_door_is_open_until_a_key_was_ever_made(url: str, keys: Keys) -> None:
    assert httpx2.get(f"{url}/v1/jobs").status_code == 200
    with asking(url, "anything") as http:  # clients that cannot go without a key bring any
        assert http.post("/v1/jobs", json=ASK).status_code == 202
    key, _ = keys.create("x", scopes=BOTH)
    assert httpx2.get(f"{url}/v1/jobs").status_code == 401
    keys.revoke(key.id)
    assert httpx2.get(f"{url}/v1/jobs").status_code == 401


def test_the_door_stays_closed_when_redis_forgets_the_keys(url: str, keys: Keys, settings: Settings) -> None:
    keys.create("x", scopes=BOTH)
    assert httpx2.get(f"{url}/v1/jobs").status_code == 401
    with connect(settings) as redis:
        redis.flushall()
    assert httpx2.get(f"{url}/v1/jobs").status_code == 401


@pytest.mark.usefixtures("store")
def test_a_gateway_that_others_can_reach_is_never_open(settings: Settings) -> None:
    with served(settings, may_be_open=False) as url:
        assert httpx2.get(f"{url}/v1/jobs").status_code == 401


def test_while_redis_is_away_nobody_is_let_in(settings: Settings) -> None:
    lost = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1")})
    with served(lost) as url, asking(url, f"lr_{'0' * 16}_{'0' * 64}") as http:
        for answer in (http.get("/v1/jobs"), httpx2.get(f"{url}/v1/jobs", timeout=30)):
            assert (answer.status_code, answer.json()["retryable"]) == (503, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost:8000@evil.example"},
        {"Host": "[::1].evil.example"},
        {"Host": ""},
        {"Host": "localhost:8000", "Origin": "http://evil.example"},
        {"Host": "localhost:8000", "Origin": "http://localhost:3000"},
        {"Host": "localhost:8000", "Origin": "null"},
        {"Host": "localhost:8000", "Origin": "file://localhost:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Forwarded-For": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7"},
        {"Via": "1.1 proxy"},
    ],
)
def test_without_keys_foreign_pages_and_proxies_are_refused(url: str, keys: Keys, headers: dict[str, str]) -> None:
    for method in ("GET", "POST"):
        refused = httpx2.request(method, f"{url}/v1/jobs", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    _, text = keys.create("x", scopes=BOTH)  # who brings a key comes from wherever
    with asking(url, text) as http:
        assert http.get("/v1/jobs", headers=headers).status_code == 200


def test_without_keys_who_speaks_http_1_0_as_proxies_do_unless_told_otherwise_is_refused(url: str, keys: Keys) -> None:
    parts = urlsplit(url)

    def status(more: str = "") -> str:
        with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=30) as asking:
            asking.sendall(f"GET /v1/jobs HTTP/1.0\r\nHost: {parts.netloc}\r\n{more}\r\n".encode())
            return asking.makefile("rb").readline().decode().split()[1]

    assert status() == "403"
    _, text = keys.create("x", scopes=BOTH)
    assert status(f"Authorization: Bearer {text}\r\n") == "200"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost"},
        {"Host": "LOCALHOST:8000"},
        {"Host": "127.0.0.1:1"},
        {"Host": "[::1]:8000"},
        {"Host": "localhost:8000", "Origin": "http://localhost:8000"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_without_keys_this_machine_and_its_own_pages_are_let_in(url: str, headers: dict[str, str]) -> None:
    assert httpx2.get(f"{url}/v1/jobs", headers=headers).status_code == 200
