"""Bodies: how much, how fast, and that what is refused is told to who still sends. Whatever the route."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx2
import pytest

from latentrelay.client import Client
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from services.gateway.body import MAX_JSON
from tests.gateway.serving import served

ASK = {"kind": "text_to_image", "prompt": "fnord-7316"}
JSON = {"Content-Type": "application/json"}


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=30) as connection:
        yield connection


def head(length: int, *more: str) -> bytes:
    lines = ["POST /v1/jobs HTTP/1.1", "Host: localhost", "Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *more, "", ""]).encode()


def answer_of(connection: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.fixture
def hasty(settings: Settings, store: S3Store) -> Iterator[str]:  # noqa: ARG001  # the bucket must be there
    """A gateway that gives up soon on what does not come."""
    with served(settings.model_copy(update={"body_idle_seconds": 0.3, "body_seconds": 1.0})) as url:
        yield url


def test_a_body_that_stops_is_told_so_and_the_connection_ends(hasty: str) -> None:
    with connected(hasty) as sending:
        sending.sendall(head(1000) + b'{"kind":')
        answer = answer_of(sending)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer.lower()


def test_a_body_that_drips_is_given_up_though_it_never_stops(hasty: str) -> None:
    with connected(hasty) as sending:
        sending.sendall(head(1000))
        sending.settimeout(0.05)
        answer = b""
        while not answer:
            sending.sendall(b" ")
            try:
                answer = sending.recv(4096)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_who_drips_holds_nobody_else(hasty: str, client: Client) -> None:
    with connected(hasty) as one, connected(hasty) as two:
        for sending in (one, two):
            sending.sendall(head(1000) + b"{")
        job = httpx2.post(f"{hasty}/v1/jobs", json=ASK).json()
    assert client.get(job["id"])


def test_a_refusal_reaches_who_still_sends(url: str) -> None:
    """A connection that is cut while it sends hears nothing."""
    whole = b" " * (MAX_JSON + 1)
    with connected(url) as sending:
        sending.sendall(head(len(whole)) + whole)
        answer = answer_of(sending)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"input_too_large"' in answer


def test_who_asks_before_it_sends_too_much_is_not_invited(url: str) -> None:
    with connected(url) as sending:
        sending.sendall(head(MAX_JSON + 1, "Expect: 100-continue"))
        assert answer_of(sending).startswith(b"HTTP/1.1 413 ")


def test_who_asks_before_it_sends_is_invited(url: str) -> None:
    body = b'{"kind": "text_to_image", "prompt": "x"}'
    with connected(url) as sending:
        sending.sendall(head(len(body), "Expect: 100-continue", "Connection: close"))
        assert sending.recv(4096).startswith(b"HTTP/1.1 100 ")
        sending.sendall(body)
        assert answer_of(sending).startswith(b"HTTP/1.1 202 ")


def test_an_answer_before_the_body_was_read_ends_the_connection_and_one_after_it_does_not(http: httpx2.Client) -> None:
    unread = http.post("/v1/nothing", content=b" " * 1_000_000)
    assert (unread.status_code, unread.headers["Connection"]) == (404, "close")
    assert "Connection" not in http.post("/v1/jobs", json=ASK).headers
    assert "Connection" not in http.get("/v1/jobs").headers


def test_a_body_of_very_many_unknown_fields_is_told_of_some_of_them(http: httpx2.Client) -> None:
    unknown = {f"unknown{number}": 1 for number in range(20_000)}
    answer = http.post("/v1/jobs", json={"kind": "text_to_image", "prompt": "a lighthouse", **unknown})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/unknown0"
    assert answer.json()["errors"][-1] == {"pointer": "", "detail": "has 19980 more problems"}
    assert len(answer.content) < 10_000


def test_a_body_of_very_many_values_is_refused_before_they_are_made(http: httpx2.Client) -> None:
    for many in (b"[" + b"[]," * 2_000_000 + b"[]]", b'{"a":' * 1_000_000, b"[" + b"1," * 5_000_000 + b"1]"):
        answer = http.post("/v1/jobs", content=many, headers=JSON)
        assert (answer.status_code, answer.json()["detail"]) == (400, "request: The body has too many values.")


def test_a_data_uri_of_ten_megabytes_is_taken(http: httpx2.Client, client: Client) -> None:
    uri = "data:image/png;base64," + "A" * (10 * 1024 * 1024 // 3 * 4)
    answer = http.post("/v1/jobs", json={"kind": "variation", "image": {"data_uri": uri}})
    assert answer.status_code == 202, answer.text
    assert client.get(answer.json()["id"]).inputs[0].bytes == 10 * 1024 * 1024 // 3 * 3
    assert "AAAA" not in answer.text


def test_a_request_is_logged_by_its_route_and_without_what_it_brought(
    http: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # the test's own client tells whole URLs
    job = http.post("/v1/jobs?dry_run=false&x=fnord-7316", json=ASK).json()
    http.get(job["href"])
    http.get("/v1/fnord-7316")
    lines = [line for line in caplog.records if line.name == "services.gateway.request_log"]
    told = [(line.method, line.path, line.status) for line in lines]  # type: ignore[attr-defined]  # `extra` puts them there
    assert told == [("POST", "/v1/jobs", 202), ("GET", "/v1/jobs/{job_id}", 200), ("GET", "-", 404)]
    assert all(line.ms >= 0 for line in lines)  # type: ignore[attr-defined]  # as above
    assert "fnord" not in caplog.text
